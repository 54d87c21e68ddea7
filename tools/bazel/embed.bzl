"""Embeds files in a binary: `embed`."""

def embed(name, srcs, function, root, testonly = False):
    """A cc_library that defines `absl::Span<const EmbeddedFile> penstock::http::FUNCTION()`.

    Args:
      name: the cc_library.
      srcs: labels of the files, or of filegroups.
      function: its name.
      root: the folder that the files' names are relative to, in the workspace or below bazel-bin: "web/root".
      testonly: as usual.
    """
    native.genrule(
        name = name + "_source",
        testonly = testonly,
        srcs = srcs,
        outs = [name + ".cc"],
        cmd = "$(location //tools:embed) $@ {} {}/ $(SRCS)".format(function, root),
        tools = ["//tools:embed"],
    )
    native.cc_library(
        name = name,
        testonly = testonly,
        srcs = [name + ".cc"],
        deps = [
            "//gateway/http:embedded_file",
            "@system//:absl",
        ],
    )
