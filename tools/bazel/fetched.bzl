"""A repository made from a folder that tools/fetch provides: a pinned tool or a pinned set of protos."""

def _fetched_impl(ctx):
    script = ctx.path(Label("//tools:fetch"))
    for pin in ctx.attr.pins:
        ctx.path(pin)  # A changed pin fetches again.
    result = ctx.execute([script, ctx.name], timeout = 1800)
    if result.return_code != 0:
        fail("tools/fetch %s failed:\n%s" % (ctx.name, result.stderr))
    folder = result.stdout.strip()
    for entry in ctx.path(folder).readdir():
        ctx.symlink(entry, entry.basename)
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")

    # For actions that use the folder as a whole: as inputs, folders have no sound digest. This file has, as the folder's
    # name carries its version.
    ctx.file("FOLDER", folder + "\n")

fetched = repository_rule(
    implementation = _fetched_impl,
    attrs = {
        "build_file": attr.label(mandatory = True),
        "pins": attr.label_list(doc = "Files of ours whose change asks for another fetch."),
    },
    environ = ["PENSTOCK_TOOLS", "XDG_CACHE_HOME"],
    doc = "Runs `tools/fetch NAME` and links what it provides.",
)
