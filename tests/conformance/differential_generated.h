// Random requests for the differential test, reproducible by seed: messages of every type, JSON with one wrong byte,
// paths built from pieces of the API's templates, query strings, values of path variables.
//
//   GeneratedRequests requests(seed);
//   Row row = requests.Next();
#ifndef PENSTOCK_TESTS_CONFORMANCE_DIFFERENTIAL_GENERATED_H_
#define PENSTOCK_TESTS_CONFORMANCE_DIFFERENTIAL_GENERATED_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "everything.pb.h"
#include "gateway/codec/testing/random_message.h"
#include "tests/conformance/differential_rows.h"

namespace penstock::testing {

class GeneratedRequests {
 public:
  explicit GeneratedRequests(uint64_t seed) : random_(seed, held_) {}

  Row Next();

 private:
  std::string Pick(std::initializer_list<const char*> choices);
  std::string Message();
  std::string WithAByteWrong(std::string json);
  std::string Value();
  std::string Query();
  std::string Path();

  v1::Everything::Nested held_;  // by the Anys
  codec::testing::RandomMessages random_;
};

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_CONFORMANCE_DIFFERENTIAL_GENERATED_H_
