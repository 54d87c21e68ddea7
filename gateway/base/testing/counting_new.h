// For tests of what must not allocate: counts every call of `operator new` in the binary that links it.
//
//   const size_t before = Allocations();
//   Record();
//   EXPECT_EQ(Allocations(), before);
#ifndef PENSTOCK_GATEWAY_BASE_TESTING_COUNTING_NEW_H_
#define PENSTOCK_GATEWAY_BASE_TESTING_COUNTING_NEW_H_

#include <cstddef>

namespace penstock {

// So far, on all threads.
size_t Allocations();

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_BASE_TESTING_COUNTING_NEW_H_
