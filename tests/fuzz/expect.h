// Properties of a fuzz target. A violation ends the process, which is how libFuzzer and the corpus replay detect it.
//
//   FUZZ_EXPECT(given_back <= taken, "given back ", given_back, " of ", taken);
#ifndef PENSTOCK_TESTS_FUZZ_EXPECT_H_
#define PENSTOCK_TESTS_FUZZ_EXPECT_H_

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"

namespace penstock::fuzz {

[[noreturn]] inline void Fail(const char* file, int line, const char* expected, const std::string& what) {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n%s\n", file, line, expected, what.c_str());
  std::abort();
}

}  // namespace penstock::fuzz

#define FUZZ_EXPECT(condition, ...)                                                                        \
  do {                                                                                                     \
    if (!(condition)) {                                                                                    \
      ::penstock::fuzz::Fail(__FILE__, __LINE__, #condition, absl::StrCat("" __VA_OPT__(, ) __VA_ARGS__)); \
    }                                                                                                      \
  } while (false)

#endif  // PENSTOCK_TESTS_FUZZ_EXPECT_H_
