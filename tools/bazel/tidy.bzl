"""clang-tidy as an aspect: `bazel build --config=tidy PATTERN`.

One action per source file, so that Bazel checks only changed files again. Headers are checked with the sources that
include them. A finding fails the action.
"""

# Off in tests: the analyzer would spend its time in GoogleTest's macros; tests read the environment before they start
# threads; an exception before main() fails the test; and copies do not matter.
_NOT_IN_TESTS = "--checks=" + ",".join([
    "-bugprone-throwing-static-initialization",
    "-clang-analyzer-*",
    "-concurrency-mt-unsafe",
    "-performance-*",
])

# Without generated files: protoc's output and embedded files.
def _own_sources(rule):
    files = [file for src in getattr(rule.attr, "srcs", []) for file in src.files.to_list()]
    return [file for file in files if file.is_source and file.extension == "cc"]

def _tidy_impl(target, ctx):
    if ctx.rule.kind not in ["cc_binary", "cc_library", "cc_test"] or not CcInfo in target:
        return []
    context = target[CcInfo].compilation_context
    reports = []
    for source in _own_sources(ctx.rule):
        report = ctx.actions.declare_file("%s.%s.tidy" % (ctx.rule.attr.name, source.basename))
        args = ctx.actions.args()
        args.add_all([report, ctx.executable._clang_tidy, "--quiet", source])
        args.add(ctx.file._config, format = "--config-file=%s")
        if ctx.rule.attr.testonly:
            args.add(_NOT_IN_TESTS)
        args.add("--")
        args.add_all(ctx.fragments.cpp.cxxopts + ctx.fragments.cpp.copts + ctx.rule.attr.copts)
        args.add_all(context.defines, before_each = "-D")
        args.add_all(context.local_defines, before_each = "-D")
        args.add_all(context.includes, before_each = "-I")
        args.add_all(context.quote_includes, before_each = "-iquote")
        args.add_all(context.system_includes, before_each = "-isystem")
        ctx.actions.run_shell(
            arguments = [args],
            command = 'report=$1; shift; "$@" >"$report" 2>&1 || { cat "$report" >&2; exit 1; }',
            inputs = depset(
                [source, ctx.file._config],
                transitive = [context.headers, ctx.attr._headers.files],
            ),
            outputs = [report],
            tools = [ctx.executable._clang_tidy],
            mnemonic = "ClangTidy",
            progress_message = "clang-tidy %s" % source.short_path,
        )
        reports.append(report)
    return [OutputGroupInfo(tidy = depset(reports))]

tidy = aspect(
    implementation = _tidy_impl,
    attrs = {
        "_clang_tidy": attr.label(
            allow_single_file = True,
            cfg = "exec",
            default = "@clang_tidy//:bin/clang-tidy",
            executable = True,
        ),
        "_config": attr.label(
            allow_single_file = True,
            default = "//:.clang-tidy",
        ),
        "_headers": attr.label(default = "@clang_tidy//:headers"),
    },
    fragments = ["cpp"],
)
