#include "gateway/http/http2_fields.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "gateway/http/http1_parser.h"

namespace penstock::http {
namespace {

// What frames a message, which is the session's to say, and what RFC 9113 section 8.2.2 leaves to HTTP/1.1.
bool IsFramingField(absl::string_view name) {
  for (const absl::string_view own : {"connection", "content-length", "date", "keep-alive", "proxy-connection", "te",
                                      "transfer-encoding", "upgrade"}) {
    if (absl::EqualsIgnoreCase(name, own)) return true;
  }
  return false;
}

}  // namespace

void Http2Fields::Add(const Headers& headers) {
  for (const Header& header : headers) {
    if (!IsToken(header.name) || !IsFieldValue(header.value) || IsFramingField(header.name)) continue;
    // Blanks around a value are HTTP/1.1's padding; here they would make the message malformed.
    AddOwn(absl::AsciiStrToLower(header.name), absl::StripAsciiWhitespace(header.value));
  }
}

void Http2Fields::AddOwn(absl::string_view name, absl::string_view value) {
  const size_t begin = text_.size();
  text_.append(name.data(), name.size()).append(value.data(), value.size());
  fields_.push_back({begin, begin + name.size(), text_.size()});
}

const nghttp2_nv* Http2Fields::data() {
  built_.clear();
  built_.reserve(fields_.size());
  auto* text = reinterpret_cast<uint8_t*>(text_.data());
  for (const Extent& field : fields_) {
    built_.push_back({text + field.name, text + field.value, field.value - field.name, field.end - field.value,
                      NGHTTP2_NV_FLAG_NONE});
  }
  return built_.data();
}

}  // namespace penstock::http
