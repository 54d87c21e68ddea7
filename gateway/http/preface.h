// Tells from the first bytes of a connection what the client speaks: TLS by its first byte, HTTP/2 without TLS ("h2c by
// prior knowledge", RFC 9113 section 3.3) by the whole connection preface, HTTP/1.1 by anything else.
//
// Pure. What it has taken without a verdict is a beginning of the preface, so it keeps a count and no bytes.
//
//   PrefaceSniffer sniffer;
//   switch (sniffer.Feed(input)) {            // the input as it comes, cut anywhere
//     case PrefaceSniffer::Verdict::kHttp1: // replay sniffer.taken(), then this input
//   }
#ifndef PENSTOCK_GATEWAY_HTTP_PREFACE_H_
#define PENSTOCK_GATEWAY_HTTP_PREFACE_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace penstock::http {

// What an HTTP/2 client sends first (RFC 9113 section 3.4).
inline constexpr absl::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// The type of the record that a ClientHello comes in (RFC 8446 section 5.1). No method begins with it.
inline constexpr char kTlsHandshakeByte = 0x16;

class PrefaceSniffer {
 public:
  enum class Verdict {
    kNeedMore,  // the input was a piece of the preface and has been taken
    kTls,
    kHttp2,
    kHttp1,  // or nothing that is known: the HTTP/1.1 parser says what is wrong with it
  };

  // With a verdict, nothing of `input` has been taken.
  Verdict Feed(absl::string_view input);

  // What earlier inputs held, to be replayed to whoever speaks the protocol.
  absl::string_view taken() const { return kHttp2Preface.substr(0, taken_); }

 private:
  uint8_t taken_ = 0;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_PREFACE_H_
