"""Fuzz targets: `fuzz_target`."""

def _fuzz_corpus_impl(ctx):
    folder = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run(
        executable = ctx.executable._corpus,
        arguments = ["unpack", ctx.file.archive.path, folder.path],
        inputs = [ctx.file.archive],
        outputs = [folder],
        mnemonic = "UnpackCorpus",
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([folder]), runfiles = ctx.runfiles(files = [folder]))]

_fuzz_corpus = rule(
    implementation = _fuzz_corpus_impl,
    doc = "A folder with the inputs of a corpus's archive.",
    attrs = {
        "archive": attr.label(
            allow_single_file = [".tar"],
            mandatory = True,
        ),
        "_corpus": attr.label(
            allow_single_file = True,
            cfg = "exec",
            default = Label("//tests/fuzz:corpus.sh"),
            executable = True,
        ),
    },
)

def fuzz_target(name, deps, data = []):
    """The target NAME_fuzz.cc, as a fuzzer and as a test that replays its corpus.

    NAME, the fuzzer, is built by `./penstock fuzz NAME` alone, which needs clang. NAME_corpus_test runs in every suite.

    Args:
      name: of the fuzzer; its corpus is corpus/NAME.tar, its dictionary, where it has one, NAME.dict.
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
    _fuzz_corpus(
        name = name + "_corpus",
        testonly = True,
        archive = "corpus/" + name + ".tar",
    )
    native.cc_test(
        name = name + "_corpus_test",
        size = "small",
        srcs = ["replay_main.cc"],
        args = ["$(rootpath :%s_corpus)" % name],
        data = [":" + name + "_corpus"],
        tags = ["notsan"],  # one thread
        deps = [":" + name + "_fuzz"],
    )
