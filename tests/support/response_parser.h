// A strict HTTP/1.1 response parser: any deviation from RFC 9112 is an error that names it.
//
// Pure: bytes in, response out. It deliberately does not use the gateway's parser: a test that shares the code under
// test would share its bugs.
//
//   ResponseParser parser;
//   size_t used = parser.Feed(bytes);   // stops at the end of the response; what follows belongs to the next one
//   if (parser.complete()) Use(parser.response());
//
// Not thread-safe.
#ifndef PENSTOCK_TESTS_SUPPORT_RESPONSE_PARSER_H_
#define PENSTOCK_TESTS_SUPPORT_RESPONSE_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penstock::testing {

struct Response {
  int status = 0;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> headers;  // names as sent
  std::string body;                                          // chunk framing removed
  std::vector<std::pair<std::string, std::string>> trailers;
  bool head_complete = false;
  bool chunked = false;
  bool complete = false;  // the last chunk, or all of Content-Length, or a bodiless status
  size_t interim = 0;     // 1xx responses before it, 100 Continue among them
  std::string error;      // the first breach of the protocol, or empty

  // The value of the field called `name`, in any case; "" when there is none. Values of a name that comes twice are
  // joined with ", " (RFC 9110, 5.3).
  std::string Header(absl::string_view name) const;
  bool HasHeader(absl::string_view name) const;

  // The body's lines, without their ends; what follows the last newline is a line of its own if it is not empty.
  std::vector<std::string> Lines() const;
};

class ResponseParser {
 public:
  // `to_head`: the request was HEAD, so no body follows.
  explicit ResponseParser(bool to_head = false) : to_head_(to_head) {}

  // Takes bytes up to the end of the response or to the first error; returns how many. All of `data` while the
  // response is not complete.
  size_t Feed(absl::string_view data);

  // The peer closed the connection: completes a body that only the close delimits.
  void FeedEnd();

  bool complete() const { return response_.complete; }
  bool failed() const { return !response_.error.empty(); }
  const Response& response() const { return response_; }

  // For callers that consume a long body while it comes: they may cut off its front.
  std::string& mutable_body() { return response_.body; }

 private:
  //   kStatusLine → kField* → kBody by the head: kCounted, kUntilClose, or
  //   kChunkSize → kChunkData → kChunkEnd → … → kTrailer* → kDone
  enum class State { kStatusLine, kField, kCounted, kUntilClose, kChunkSize, kChunkData, kChunkEnd, kTrailer, kDone };

  bool TakeLine(absl::string_view& data);
  size_t TakeBody(absl::string_view data);
  void OnLine(absl::string_view line);
  void OnStatusLine(absl::string_view line);
  void OnField(absl::string_view line);
  void OnHeadEnd();
  void OnChunkSize(absl::string_view line);
  void Fail(std::string error);

  bool to_head_;
  State state_ = State::kStatusLine;
  std::string line_;        // of the line in hand, what came so far
  uint64_t remaining_ = 0;  // of the body or the chunk in hand
  Response response_;
};

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_SUPPORT_RESPONSE_PARSER_H_
