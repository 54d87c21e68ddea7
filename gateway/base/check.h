// A promise of our own that must hold in every build: breaking it ends the process with the place and the words, since
// going on would send somebody's bytes to somebody else.
#ifndef PENSTOCK_GATEWAY_BASE_CHECK_H_
#define PENSTOCK_GATEWAY_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

#define PENSTOCK_CHECK(condition)                                                          \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      std::fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                        \
    }                                                                                      \
  } while (false)

#endif  // PENSTOCK_GATEWAY_BASE_CHECK_H_
