"""Debian's libraries as Bazel targets: one cc_library a pkg-config module, headers from the system's include path."""

# Target name → pkg-config modules, or raw linker options where Debian ships no .pc file.
_PKG_CONFIG = {
    "absl": [
        "absl_flat_hash_map",
        "absl_inlined_vector",
        "absl_random_random",
        "absl_span",
        "absl_status",
        "absl_statusor",
        "absl_str_format",
        "absl_strings",
        "absl_synchronization",
        "absl_time",
    ],
    "benchmark": ["benchmark"],
    "grpc++": ["grpc++"],
    "gtest": ["gmock"],
    "gtest_main": ["gmock_main"],
    "nghttp2": ["libnghttp2"],
    "openssl": ["openssl"],
    "prometheus": ["prometheus-cpp-core"],
    "protobuf": ["protobuf"],
    "simdjson": ["simdjson"],
    "spdlog": ["spdlog"],
    "yaml-cpp": ["yaml-cpp"],
    "zlib": ["zlib"],
}

_RAW = {
    # Header only. Boost.Asio would pull in its deprecated interfaces without the define.
    "asio": (["BOOST_ASIO_NO_DEPRECATED"], ["-pthread"]),
    # Header only: Boost.Intrusive, which reaches nothing that Asio would.
    "boost": ([], []),
    "cli11": ([], []),
    "grpc++_reflection": ([], ["-lgrpc++_reflection"]),
}

def _module_flags(ctx, what, modules):
    result = ctx.execute(["pkg-config", what] + modules)
    if result.return_code != 0:
        fail("pkg-config %s %s failed: %s\nInstall the packages that `./penstock packages` prints." %
             (what, " ".join(modules), result.stderr))
    flags = []
    for flag in result.stdout.replace("\n", " ").split(" "):
        # Without the prefix the compiler would look in the same places: keep what differs from the default path.
        if flag and flag not in flags and flag not in ["-I/usr/include", "-L/usr/lib"]:
            flags.append(flag)
    return flags

def _target(name, defines, copts, linkopts):
    return """
cc_library(
    name = "{name}",
    defines = {defines},
    linkopts = {linkopts},
    visibility = ["//visibility:public"],
)
""".format(name = name, defines = repr(defines), copts = repr(copts), linkopts = repr(linkopts))

def _system_libraries_impl(ctx):
    if not ctx.which("pkg-config"):
        fail("pkg-config is missing. Install the packages that `./penstock packages` prints.")
    build = "# Written by //tools/bazel:system.bzl from what pkg-config answers.\n"
    for name, modules in _PKG_CONFIG.items():
        cflags = _module_flags(ctx, "--cflags", modules)
        defines = [flag[2:] for flag in cflags if flag.startswith("-D")]
        build += _target(name, defines, [], _module_flags(ctx, "--libs", modules))
    for name, (defines, linkopts) in _RAW.items():
        build += _target(name, defines, [], linkopts)
    ctx.file("BUILD.bazel", build)

system_libraries = repository_rule(
    implementation = _system_libraries_impl,
    doc = "Makes @NAME//:LIBRARY targets of the system's libraries.",
    local = True,
)
