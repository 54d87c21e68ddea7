"""A gateway generated and compiled by grpc-gateway v2: `go_gateway`."""

def go_gateway(name, main, protos, srcs, testonly = False, visibility = None):
    """The binary NAME: protos through protoc's Go plugins, compiled with main and gateway/reference/serve.

    Offline: toolchain, modules and plugins are what tools/fetch provides.

    Args:
      name: the binary.
      main: the .go file of package main. It imports the generated packages as penstock/reference/PACKAGE.
      protos: Go package → "ROOT:FILE", each a .proto file named relative to its import root.
      srcs: labels of these files.
      testonly: as usual.
      visibility: as usual.
    """
    native.genrule(
        name = name + "_build",
        testonly = testonly,
        srcs = [
            main,
            "//gateway/reference:module",
            "@go//:FOLDER",
            "@go_modules//:FOLDER",
            "@googleapis//:protos",
        ] + srcs,
        outs = [name],
        cmd = "$(location //tools:build_go_gateway) $@ $(location {main}) {protos}".format(
            main = main,
            protos = " ".join([package + ":" + proto for package, files in protos.items() for proto in files]),
        ),
        executable = True,
        tools = ["//tools:build_go_gateway"],
        visibility = visibility,
    )
