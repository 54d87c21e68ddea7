"""Repositories of pinned tools and protos, from folders that tools/fetch provides: `fetched`."""

def _fetched_impl(ctx):
    script = ctx.path(Label("//tools:fetch"))
    for pin in ctx.attr.pins:
        ctx.path(pin)  # Fetch again when a pin changes.
    result = ctx.execute([script, ctx.name], timeout = 1800)
    if result.return_code != 0:
        fail("tools/fetch %s failed:\n%s" % (ctx.name, result.stderr))
    folder = result.stdout.strip()
    for entry in ctx.path(folder).readdir():
        ctx.symlink(entry, entry.basename)
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")

    # For actions that use the whole folder: Bazel's digest of a folder is unreliable as an input; this file's digest is
    # sound, because the folder's name contains its version.
    ctx.file("FOLDER", folder + "\n")

fetched = repository_rule(
    implementation = _fetched_impl,
    attrs = {
        "build_file": attr.label(mandatory = True),
        "pins": attr.label_list(doc = "Files of this workspace that trigger another fetch when they change."),
    },
    environ = ["PENSTOCK_TOOLS", "XDG_CACHE_HOME"],
    doc = "Runs `tools/fetch NAME` and links to the files in its folder.",
)
