"""Rules that run the system's protoc: `cc_proto` (messages), `cc_grpc` (with services), `descriptor_set`."""

# The import path after the package's own folder: google/api and google/rpc from the pinned package, google/protobuf
# from the system.
_IMPORT_PATH = "-Iexternal/googleapis -I/usr/include"

def _own_root():
    """The import root of this package's proto files."""
    workspace = native.repository_name().lstrip("@")
    return "/".join([part for part in ["external/" + workspace if workspace and workspace != "penstock" else "", native.package_name()] if part]) or "."

def _protoc(name, srcs, imports, outs, args, visibility = None):
    native.genrule(
        name = name,
        srcs = srcs + imports + ["@googleapis//:protos"],
        outs = outs,
        cmd = "protoc -I{root} {path} {args} {files}".format(
            root = _own_root(),
            path = _IMPORT_PATH,
            args = args,
            files = " ".join([_own_root() + "/" + src for src in srcs]),
        ),
        visibility = visibility,
    )

def _outs(srcs, suffixes):
    return [src[:-len(".proto")] + suffix for src in srcs for suffix in suffixes]

def cc_proto(name, srcs, deps = [], imports = [], visibility = None):
    """Messages only.

    Args:
      name: the cc_library.
      srcs: .proto files, named relative to this package's folder, which is their import root.
      deps: cc_proto targets whose headers the generated ones include.
      imports: filegroups of .proto files that srcs import, from other packages of this workspace.
      visibility: as usual.
    """
    _generate(name, srcs, deps, imports, visibility, services = False)

def cc_grpc(name, srcs, deps = [], imports = [], visibility = None):
    """Messages and gRPC services, for the tick service and the tests. The gateway must not depend on it."""
    _generate(name, srcs, deps, imports, visibility, services = True)

def _generate(name, srcs, deps, imports, visibility, services):
    suffixes = [".pb.h", ".pb.cc"] + ([".grpc.pb.h", ".grpc.pb.cc"] if services else [])
    outs = _outs(srcs, suffixes)
    out_dir = "$(RULEDIR)"
    args = "--cpp_out={}".format(out_dir)
    if services:
        args += " --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin --grpc_out={}".format(out_dir)
    _protoc(name + "_protoc", srcs, imports, outs, args)
    native.cc_library(
        name = name,
        srcs = [out for out in outs if out.endswith(".cc")],
        hdrs = [out for out in outs if out.endswith(".h")],
        includes = ["."],
        visibility = visibility,
        deps = deps + ["@system//:protobuf"] + (["@system//:grpc++"] if services else []),
    )

def descriptor_set(name, srcs, imports = [], visibility = None):
    """NAME.binpb: a FileDescriptorSet with all imports, for `--descriptors`."""
    _protoc(
        name,
        srcs,
        imports,
        [name + ".binpb"],
        "--include_imports --descriptor_set_out=$@",
        visibility,
    )
