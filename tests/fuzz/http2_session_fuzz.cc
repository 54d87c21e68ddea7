// An HTTP/2 connection: whatever frames a client sends, and whatever handlers do meanwhile, the responses comply with
// RFC 9113, no handler remains, and each gets its events in order.
//
// Input: steps. Each is a valid or invalid frame on one of four streams, raw bytes, an action of a handler, or an event
// of the connection.
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/connection.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/input.h"

namespace penstock::fuzz {
namespace {

constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kMaxFrame = 16384;
constexpr size_t kMaxSteps = 400;

// Mostly a request's, with targets that say how they are answered.
Fields RequestFields(Input& input) {
  static constexpr absl::string_view kMethods[] = {"GET", "POST", "HEAD", "OPTIONS", "CONNECT", "get", "PRI", ""};
  static constexpr absl::string_view kTargets[] = {"/e",  "/s", "/h",   "/a", "/te", "/sk", "/el", "/k",
                                                   "/st", "/",  "/sht", "*",  "",    "x",   "/ ",  "/ek?q"};
  static constexpr std::pair<absl::string_view, absl::string_view> kMore[] = {{"content-length", "3"},
                                                                              {"content-length", "0"},
                                                                              {"content-length", "x"},
                                                                              {"expect", "100-continue"},
                                                                              {"te", "trailers"},
                                                                              {"te", "gzip"},
                                                                              {"host", "x"},
                                                                              {"connection", "close"},
                                                                              {"cookie", "a=b"},
                                                                              {"x", "\x01"},
                                                                              {"X", "y"},
                                                                              {":authority", "y"},
                                                                              {"accept", "text/event-stream"},
                                                                              {"transfer-encoding", "chunked"},
                                                                              {"x-long", ""},
                                                                              {":path", "/e"}};
  Fields fields;
  const size_t shape = input.Byte();
  if ((shape & 0xf) != 0) {  // else trailers, or what looks like them
    fields.emplace_back(":method", kMethods[(shape & 0xf) == 1 ? input.Below(8) : (shape & 1)]);
    if ((shape & 0xf) != 2) fields.emplace_back(":scheme", "http");
    if ((shape & 0xf) != 3) fields.emplace_back(":path", kTargets[input.Below(16)]);
    if ((shape & 0xf) != 4) fields.emplace_back(":authority", "localhost:8080");
  }
  for (size_t more = shape >> 6; more > 0; --more) {
    const size_t which = input.Below(18);
    if (which < 16) {
      fields.emplace_back(kMore[which].first, which == 14 ? std::string(900, 'y') : std::string(kMore[which].second));
    } else {
      const std::string name(input.Take(input.Below(8)));
      fields.emplace_back(name, std::string(input.Take(input.Below(32))));
    }
  }
  return fields;
}

void HandlerStep(Input& input, Connection& connection) {
  if (connection.answers().empty()) return;
  Answer& answer = *connection.answers()[input.Below(connection.answers().size())];
  switch (input.Below(5)) {
    case 0:
      answer.Append(size_t{1} << input.Below(16));
      break;
    case 1:
      answer.Append(input.Byte());
      break;
    case 2:
      answer.Finish();
      break;
    case 3:
      answer.Abort();
      break;
    case 4:
      answer.Release(input.Byte());
      break;
  }
}

void Step(Input& input, Connection& connection) {
  switch (input.Below(16)) {
    case 0:
      return connection.Send(input.Take(input.Byte()));
    case 1:
      return connection.BeginDrain();
    case 2:
    case 3:
    case 4:
      return HandlerStep(input, connection);
    case 5:
      return connection.Run();
    case 6: {  // several frames in one write
      std::string frames;
      for (size_t count = input.Below(8); count > 0; --count) frames += AnyFrame(input, 1, RequestFields);
      return connection.Send(frames);
    }
    case 7:
      return connection.SendUnread(AnyFrame(input, 1, RequestFields));
    case 8:  // streams that have not been used yet
      return connection.Send(AnyFrame(input, 9 + 8 * static_cast<uint32_t>(input.Below(8)), RequestFields));
    default:
      return connection.Send(AnyFrame(input, 1, RequestFields));
  }
}

void Run(Input& input) {
  Connection connection(FuzzSessionOptions());
  connection.Send(absl::StrCat(kPreface, Frame(NGHTTP2_SETTINGS, 0, 0, "")));
  for (size_t steps = 0; !input.empty() && !connection.closed() && steps < kMaxSteps; ++steps) Step(input, connection);
  connection.End();
  FrameReader reader(kMaxFrame, /*to_client=*/true);
  reader.Feed(connection.received());
  FUZZ_EXPECT(!connection.closed() || reader.between_frames(), "it closed in the middle of a frame");
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Run(input);
  return 0;
}
