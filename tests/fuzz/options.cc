// Default options of the fuzzers' sanitizers, so that no environment variable is needed. Debian's Abseil and protobuf
// are not instrumented, so container annotations would be inconsistent.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_container_overflow=0:allow_addr2line=1"; }
extern "C" const char* __ubsan_default_options();
extern "C" const char* __ubsan_default_options() { return "print_stacktrace=1:halt_on_error=1"; }
