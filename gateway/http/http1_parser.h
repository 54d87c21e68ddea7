// A strict HTTP/1.1 request parser that does no I/O: bytes in, events out, cut anywhere.
//
// Pure; used by one session at a time. It owns the head while that is being read and nothing of the body: body pieces
// are views into the input. It stops behind each request, so what follows (pipelining) stays with the caller.
//
//   Http1Parser parser(limits);
//   for (;;) {
//     Http1Parser::Step step = parser.Next(input);
//     input.remove_prefix(step.consumed);
//     switch (step.event) { case kHead: head = parser.TakeHead(); … }
//   }
//
// Where RFC 9112 leaves a choice it refuses: what two parsers could read differently is not let through.
#ifndef PENSTOCK_GATEWAY_HTTP_HTTP1_PARSER_H_
#define PENSTOCK_GATEWAY_HTTP_HTTP1_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/http/request_head.h"

namespace penstock::http {

// What a request may cost before it is refused. All in bytes but max_headers.
struct ParserLimits {
  size_t max_target_bytes = 8 * 1024;   // 414; RFC 9112 section 3 asks for at least 8000
  size_t max_header_bytes = 64 * 1024;  // 431; the whole head, request line included
  size_t max_headers = 100;             // 431; each costs a string pair beyond its bytes, so bytes alone are no bound
  // 400; chunk extensions of one request together. Nobody sends them; each is work without payload.
  size_t max_extension_bytes = 4 * 1024;
  size_t max_trailer_bytes = 8 * 1024;  // 431; trailer fields are checked and dropped
};

class Http1Parser {
 public:
  enum class Event {
    kNeedMore,  // the input is used up
    kHead,      // a head is complete: TakeHead()
    kBody,      // Step::body holds the next piece of the body, never empty
    kEnd,       // the request is complete; Next() says so again until Reset()
    kError,     // refused: error(). Nothing behind it can be framed, so the connection must be closed
  };

  struct Step {
    Event event;
    size_t consumed;         // bytes of the input that are dealt with
    absl::string_view body;  // into the input; kBody only
  };

  // status: 400, 405, 414, 417, 431, 501 or 505. The message is fixed text, none of the client's bytes.
  struct Error {
    int status = 0;
    absl::string_view message;
  };

  // `limits` must outlive the parser.
  explicit Http1Parser(const ParserLimits& limits) : limits_(&limits) {}

  Step Next(absl::string_view input);

  // The head, after kHead; once. `peer` is not filled in.
  RequestHead TakeHead() { return std::move(head_); }

  const Error& error() const { return error_; }

  // Some byte of a request has been seen (line ends before a request line are none) and its head is not complete.
  bool in_head() const { return state_ == State::kFields || (state_ == State::kRequestLine && !line_.empty()); }

  // Body bytes that are still to come, where Content-Length told.
  absl::optional<uint64_t> body_left() const {
    if (chunked_) return absl::nullopt;
    return remaining_;
  }

  // Ready for the next request on the same connection.
  void Reset();

 private:
  // request line → fields → [fixed body | chunk size → extension → data → CRLF → … → trailers] → end
  enum class State : uint8_t {
    kRequestLine,
    kFields,
    kFixedBody,
    kChunkSize,
    kChunkBlank,  // between size and ";"
    kChunkExtension,
    kChunkSizeLf,
    kChunkData,
    kChunkDataCr,
    kChunkDataLf,
    kTrailers,
    kEnd,
    kError,
  };

  Step Fail(int status, absl::string_view message);
  // Takes one line, without its CRLF, off the input. False: not complete yet, or refused (state_ is kError).
  bool TakeLine(absl::string_view& input, absl::string_view& line);
  Step HeadStep(absl::string_view input);
  Step BodyStep(absl::string_view input);
  Step ChunkSizeStep(absl::string_view input);
  Step TrailerStep(absl::string_view input);
  bool ParseRequestLine(absl::string_view line);
  bool ParseTarget(absl::string_view target);
  bool ParseAbsoluteTarget(absl::string_view target);
  bool ParseField(absl::string_view line);
  bool FinishHead();
  bool CheckHost();
  bool CheckFraming();
  bool CheckExpect();
  size_t LineLimit() const;  // of the line that is being read, its CR included

  const ParserLimits* limits_;
  std::string line_;          // the beginning of a line that was cut by the end of an input
  size_t section_bytes_ = 0;  // of head or trailers, complete lines
  size_t fields_ = 0;
  uint64_t remaining_ = 0;  // of the fixed body or the chunk
  uint32_t extension_bytes_ = 0;
  uint8_t size_digits_ = 0;
  State state_ = State::kRequestLine;
  bool chunked_ = false;
  bool skipped_blank_ = false;
  bool absolute_target_ = false;
  RequestHead head_;
  Error error_;
};

// Field grammar of RFC 9110 sections 5.1 and 5.5, for whoever writes fields.
bool IsToken(absl::string_view text);
bool IsFieldValue(absl::string_view text);

// The same grammar for the pseudo-header fields of HTTP/2: a target has only bytes that may stand in one, a host only
// those of a host and a port. An empty text is neither.
bool IsTarget(absl::string_view text);
bool IsHost(absl::string_view text);
// 1*DIGIT (RFC 9110 section 8.6), and small enough to be added to others.
absl::optional<uint64_t> ParseContentLength(absl::string_view text);

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_HTTP1_PARSER_H_
