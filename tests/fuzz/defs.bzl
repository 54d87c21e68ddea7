"""Fuzz targets: `fuzz_target`."""

def fuzz_target(name, deps, data = []):
    """The target NAME_fuzz.cc, as a fuzzer and as a test that replays its corpus.

    NAME, the fuzzer, is built by `./penstock fuzz NAME` alone, which needs clang. NAME_corpus_test runs in every suite.

    Args:
      name: of the fuzzer; its corpus is corpus/NAME, its dictionary, where it has one, NAME.dict.
      deps: of NAME_fuzz.cc, besides expect.h and input.h.
      data: files that it reads.
    """
    native.cc_library(
        name = name + "_fuzz",
        testonly = True,
        srcs = [name + "_fuzz.cc"],
        alwayslink = True,
        data = data,
        deps = deps + [
            ":expect",
            ":input",
        ],
    )
    native.cc_binary(
        name = name,
        testonly = True,
        srcs = ["options.cc"],
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = [":" + name + "_fuzz"],
    )
    native.cc_test(
        name = name + "_corpus_test",
        size = "small",
        srcs = ["replay_main.cc"],
        args = ["tests/fuzz/corpus/" + name],
        data = native.glob(["corpus/" + name + "/**"]),
        tags = ["notsan"],  # one thread
        deps = [":" + name + "_fuzz"],
    )
