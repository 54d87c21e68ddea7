// The HTTP/1.1 parser: the result does not depend on how the input is split, an accepted head is unambiguous, and no
// more is buffered than the limits allow.
//
// Input: a seed for the splits, then the client's bytes.
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/http1_parser.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace penstock::fuzz {
namespace {

using http::Http1Parser;
using http::RequestHead;
using Event = Http1Parser::Event;

// Small, so that each is met.
constexpr http::ParserLimits kLimits{
    .max_target_bytes = 64,
    .max_header_bytes = 512,
    .max_headers = 8,
    .max_extension_bytes = 24,
    .max_trailer_bytes = 64,
};

std::string Text(const RequestHead& head) {
  std::string text =
      absl::StrCat(head.method, " ", head.target, " ", static_cast<int>(head.version), " ", head.authority, " ",
                   head.has_body, " ", head.content_length ? absl::StrCat(*head.content_length) : "unknown", "\n");
  for (const http::Header& header : head.headers) absl::StrAppend(&text, header.name, ": ", header.value, "\n");
  return text;
}

void CheckHead(const RequestHead& head) {
  FUZZ_EXPECT(http::IsToken(head.method) && http::IsTarget(head.target));
  FUZZ_EXPECT(head.target[0] == '/' || (head.target == "*" && head.method == "OPTIONS"), head.target);
  FUZZ_EXPECT(head.target.size() <= kLimits.max_target_bytes && head.headers.size() <= kLimits.max_headers);
  size_t bytes = head.method.size() + head.target.size();
  for (const http::Header& header : head.headers) {
    FUZZ_EXPECT(http::IsToken(header.name) && header.name == absl::AsciiStrToLower(header.name), header.name);
    FUZZ_EXPECT(http::IsFieldValue(header.value), header.name);
    FUZZ_EXPECT(header.value.find_first_of("\r\n\0", 0, 3) == std::string::npos);
    bytes += header.name.size() + header.value.size();
  }
  FUZZ_EXPECT(bytes <= kLimits.max_header_bytes);
  FUZZ_EXPECT(head.has_body || head.content_length.value_or(0) == 0);
  const std::string* coding = http::FindHeader(head.headers, "transfer-encoding");
  FUZZ_EXPECT(coding == nullptr || http::FindHeader(head.headers, "content-length") == nullptr, "two framings");
  FUZZ_EXPECT(coding == nullptr || (head.has_body && !head.content_length), *coding);
}

// As it would be sent on.
std::string Rewritten(const RequestHead& head) {
  std::string text = absl::StrCat(head.method, " ", head.target,
                                  head.version == http::Version::kHttp10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  for (const http::Header& header : head.headers) absl::StrAppend(&text, header.name, ": ", header.value, "\r\n");
  return text + "\r\n";
}

void CheckReadsAgain(const RequestHead& head) {
  // A little more room: a target that was absolute, or spaces that were left out, count otherwise.
  static constexpr http::ParserLimits kRoomy{.max_target_bytes = 128, .max_header_bytes = 2048, .max_headers = 8};
  Http1Parser parser(kRoomy);
  const std::string text = Rewritten(head);
  const Http1Parser::Step step = parser.Next(text);
  FUZZ_EXPECT(step.event == Event::kHead, text, parser.error().message);
  FUZZ_EXPECT(step.consumed == text.size(), "something of the head was taken for a body");
  RequestHead again = parser.TakeHead();
  again.authority = head.authority;  // of an absolute target, which may differ from Host
  FUZZ_EXPECT(Text(again) == Text(head), Text(head), " is not ", Text(again));
}

// Everything that happened.
std::string Read(absl::string_view bytes, uint8_t cuts) {
  Http1Parser parser(kLimits);
  std::string happened;
  absl::optional<uint64_t> length;
  uint64_t body = 0;
  for (absl::string_view piece : Cut(bytes, cuts)) {
    while (!piece.empty()) {
      const Http1Parser::Step step = parser.Next(piece);
      FUZZ_EXPECT(step.consumed <= piece.size());
      FUZZ_EXPECT(step.consumed > 0 || step.event != Event::kNeedMore, "no way on");
      piece.remove_prefix(step.consumed);
      switch (step.event) {
        case Event::kNeedMore:
          FUZZ_EXPECT(piece.empty());
          break;
        case Event::kHead: {
          const RequestHead head = parser.TakeHead();
          CheckHead(head);
          CheckReadsAgain(head);
          absl::StrAppend(&happened, Text(head));
          length = head.content_length;
          body = 0;
          break;
        }
        case Event::kBody:
          FUZZ_EXPECT(!step.body.empty() && step.body.size() <= step.consumed);
          body += step.body.size();
          FUZZ_EXPECT(!length || body <= *length);
          absl::StrAppend(&happened, step.body);
          break;
        case Event::kEnd:
          FUZZ_EXPECT(!length || body == *length);
          FUZZ_EXPECT(parser.Next(piece).event == Event::kEnd && parser.Next(piece).consumed == 0);
          absl::StrAppend(&happened, "\nend\n");
          parser.Reset();
          break;
        case Event::kError:
          FUZZ_EXPECT(parser.error().status >= 400 && parser.error().status <= 505 && !parser.error().message.empty());
          FUZZ_EXPECT(parser.Next(piece).event == Event::kError, "refused, and then not");
          absl::StrAppend(&happened, "\n", parser.error().status, " ", parser.error().message);
          return happened;
      }
    }
  }
  return absl::StrCat(happened, parser.in_head() ? "\nin head" : "");
}

void Run(Input& input) {
  const uint8_t cuts = input.Byte();
  const absl::string_view bytes = input.Rest();
  const std::string whole = Read(bytes, 0);
  const std::string single = Read(bytes, 1);
  FUZZ_EXPECT(single == whole, "whole:\n", whole, "\nbyte by byte:\n", single);
  FUZZ_EXPECT(Read(bytes, cuts) == whole, "cut by ", int{cuts});
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Run(input);
  return 0;
}
