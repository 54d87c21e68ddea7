#include "gateway/http/response_head.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/http1_parser.h"

namespace penstock::http {
namespace {

bool IsFramingField(absl::string_view name) {
  for (absl::string_view own : {"connection", "content-length", "transfer-encoding", "date"}) {
    if (absl::EqualsIgnoreCase(name, own)) return true;
  }
  return false;
}

}  // namespace

absl::string_view ReasonPhrase(int status) {
  struct Phrase {
    int status;
    absl::string_view text;
  };
  static constexpr Phrase kPhrases[] = {
      {200, "OK"},
      {204, "No Content"},
      {206, "Partial Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {499, "Client Closed Request"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "";  // RFC 9112 section 4: may be empty, the space before it may not be missing
}

void AppendFields(const Headers& fields, std::string& out) {
  for (const Header& field : fields) {
    if (!IsToken(field.name) || !IsFieldValue(field.value) || IsFramingField(field.name)) continue;
    absl::StrAppend(&out, field.name, ": ", field.value, "\r\n");
  }
}

void AppendResponseHead(int status, const Headers& headers, absl::string_view date_line, const ResponseFraming& framing,
                        std::string& out) {
  absl::StrAppend(&out, "HTTP/1.1 ", status, " ", ReasonPhrase(status), "\r\n");
  AppendFields(headers, out);
  absl::StrAppend(&out, date_line);
  if (framing.content_length) absl::StrAppend(&out, "Content-Length: ", *framing.content_length, "\r\n");
  if (framing.chunked) absl::StrAppend(&out, "Transfer-Encoding: chunked\r\n");
  if (framing.close) absl::StrAppend(&out, "Connection: close\r\n");
  if (framing.keep_alive && !framing.close) absl::StrAppend(&out, "Connection: keep-alive\r\n");
  absl::StrAppend(&out, "\r\n");
}

bool HasConnectionToken(const Headers& headers, absl::string_view token) {
  for (const Header& header : headers) {
    if (header.name != "connection") continue;
    absl::string_view rest = header.value;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(comma == absl::string_view::npos ? rest.size() : comma + 1);
    }
  }
  return false;
}

}  // namespace penstock::http
