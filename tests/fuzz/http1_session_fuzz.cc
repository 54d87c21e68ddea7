// An HTTP/1.1 connection: the responses do not depend on how the client's bytes are split, every response complies with
// RFC 9112, and nothing remains when the connection is closed.
//
// Input: a seed for the splits, then the client's bytes. The request targets choose the responses: see connection.h.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/fuzz/connection.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"
#include "tests/support/response_parser.h"

namespace penstock::fuzz {
namespace {

// What does not depend on when it was said. Whether a client that waits is told to go on depends on whether its body
// was there already.
std::string Timeless(const std::string& received) {
  std::string text = absl::StrReplaceAll(received, {{"HTTP/1.1 100 Continue\r\n\r\n", ""}});
  for (size_t at = 0; (at = text.find("\r\nDate: ", at)) != std::string::npos;) {
    text.erase(at, text.find("\r\n", at + 2) - at);
  }
  return text;
}

std::string Talk(absl::string_view bytes, uint8_t cuts) {
  Connection connection(FuzzSessionOptions());
  for (const absl::string_view piece : Cut(bytes, cuts)) connection.Send(piece);
  const std::vector<Answer*> open = connection.answers();
  // HTTP/1.1 answers one at a time. One that waits, or streams, gets its end.
  FUZZ_EXPECT(open.size() <= 1, open.size(), " requests at a time");
  for (Answer* answer : open) {
    answer->Append(3);
    answer->Finish();
  }
  connection.End();
  return Timeless(connection.received());
}

// Every answer but the last must be complete; the last may have been cut, which its framing must show.
void CheckAnswers(absl::string_view received) {
  while (!received.empty()) {
    testing::ResponseParser parser(/*to_head=*/false);
    const size_t used = parser.Feed(received);
    FUZZ_EXPECT(!parser.failed(), parser.response().error, "\n", received);
    if (!parser.complete()) return;
    received.remove_prefix(used);
  }
}

void Run(Input& input) {
  const uint8_t cuts = input.Byte();
  const absl::string_view bytes = input.Rest();
  if (absl::StartsWith(bytes, "PRI * HTTP/2")) return;  // http2_session's business
  const std::string whole = Talk(bytes, 0);
  const std::string cut = Talk(bytes, cuts == 0 ? 1 : cuts);
  FUZZ_EXPECT(whole == cut, "whole:\n", whole, "\ncut by ", int{cuts}, ":\n", cut);
  // What was asked by HEAD is not known here: its answer would swallow the next one.
  if (!absl::StrContains(bytes, "HEAD")) CheckAnswers(whole);
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Run(input);
  return 0;
}
