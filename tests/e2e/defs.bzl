"""Tests that run the project's real binaries."""

def e2e_test(name, data = [], deps = [], **kwargs):
    """A cc_test of NAME.cc with the harness of //tests/support.

    Args:
      name: of the test and its source.
      data: the binaries it starts.
      deps: besides the harness, GoogleTest and Abseil.
      **kwargs: as of cc_test.
    """
    native.cc_test(
        name = name,
        srcs = [name + ".cc"],
        data = data,
        deps = deps + [
            "//tests/support:json_at",
            "//tests/support:process",
            "//tests/support:raw_client",
            "//tests/support:servers",
            "@system//:absl",
            "@system//:gtest_main",
        ],
        **kwargs
    )
