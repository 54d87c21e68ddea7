// Compares the responses of two gateways to the same request: the reference's and this gateway's.
//
//   const std::vector<Difference> found = Differences(Ask(reference, request), Ask(gateway, request));
//   EXPECT_TRUE(found.empty()) << Report(request, …);
//
// Compared are status, content type, framing, mapped headers, trailers and body. Not compared are Date, the reason
// phrase, white space in a unary body (Go's printer randomizes it deliberately), whether that body is chunked (Go's
// server decides by its buffer size), the order of trailer names, and the text of errors from Go's JSON and time
// parsers or from a deadline, which depends on the implementation. Where the reference cannot print a reply, this
// gateway may print it or must fail with the same code. Lines of a stream are compared byte for byte.
#ifndef PENSTOCK_TESTS_CONFORMANCE_DIFFERENTIAL_H_
#define PENSTOCK_TESTS_CONFORMANCE_DIFFERENTIAL_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/support/response_parser.h"

namespace penstock::testing {

// One thing in which two answers can differ.
enum class Aspect {
  kStatus,
  kMessage,  // of an error whose code and details agree
  kBody,
  kContentType,
  kHeaders,  // Grpc-Metadata-*, WWW-Authenticate, Trailer, Allow, Connection
  kTrailers,
  kFraming,  // whole, until close, cut, or not HTTP at all
};

const char* AspectName(Aspect aspect);

struct Difference {
  Aspect aspect;
  std::string reference, ours;
};

// None: they agree.
std::vector<Difference> Differences(const Response& reference, const Response& ours);

// Sends `request`, all of it, on a connection of its own. An answer that does not come in a few seconds is not
// complete.
Response Ask(const std::string& address, absl::string_view request);

// For a failed assertion: the request, what differs, and both answers.
std::string Report(absl::string_view request, const std::vector<Difference>& differences, const Response& reference,
                   const Response& ours);

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_CONFORMANCE_DIFFERENTIAL_H_
