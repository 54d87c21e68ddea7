#include "gateway/http/http2_request.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace penstock::http {
namespace {

constexpr size_t kNone = ~size_t{0};

// RFC 9113 section 8.2.2: they speak of an HTTP/1.1 connection, and a proxy that turned them into one would be steered
// by its client.
bool IsConnectionField(absl::string_view name) {
  for (const absl::string_view own : {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) {
    if (name == own) return true;
  }
  return false;
}

}  // namespace

void Http2Request::Fail(int status, absl::string_view message) {
  if (error_.status == 0) error_ = {status, message};
}

void Http2Request::Add(absl::string_view name, absl::string_view value) {
  if (error_.status != 0) return;
  bytes_ += name.size() + value.size() + kFieldOverheadBytes;
  if (absl::StartsWith(name, ":")) return AddPseudo(name, value);
  if (bytes_ > limits_->max_header_bytes) return Fail(431, "the request head is too large");
  if (++fields_ > limits_->max_headers) return Fail(431, "the request has too many fields");
  if (!IsToken(name)) return Fail(400, "a field name that is not a token");
  if (!IsFieldValue(value)) return Fail(400, "a control character in a field's value");
  if (IsConnectionField(name)) return Fail(400, "a field that only HTTP/1.1 has");
  if (name == "te" && value != "trailers") return Fail(400, "TE may only say trailers");
  if (name == "cookie") return AddCookie(value);
  if (name == "host") {
    if (!host_.empty()) return Fail(400, "more than one Host field");
    host_.assign(value.data(), value.size());
    return;
  }
  if (name == "expect" && !absl::EqualsIgnoreCase(value, "100-continue")) {
    return Fail(417, "only 100-continue can be expected");
  }
  if (name == "content-length") {
    const bool again = head_.content_length.has_value();
    head_.content_length = ParseContentLength(value);
    if (!head_.content_length || again) return Fail(400, "Content-Length is not one number, or too large");
  }
  head_.headers.push_back({std::string(name), std::string(value)});
}

void Http2Request::AddPseudo(absl::string_view name, absl::string_view value) {
  if (name == ":path" && value.size() > limits_->max_target_bytes) {
    return Fail(414, "the request target is too long");
  }
  if (bytes_ > limits_->max_header_bytes) return Fail(431, "the request head is too large");
  if (name == ":method") {
    head_.method.assign(value.data(), value.size());
  } else if (name == ":path") {
    head_.target.assign(value.data(), value.size());
    has_path_ = true;
  } else if (name == ":authority") {
    head_.authority.assign(value.data(), value.size());
  } else if (name != ":scheme" || (value != "http" && value != "https")) {
    Fail(400, "a scheme that is neither http nor https, or an unknown pseudo-header field");
  }
}

// A client may send each cookie as a field of its own (RFC 9113 section 8.2.3); what reads the head knows of one.
void Http2Request::AddCookie(absl::string_view crumb) {
  if (cookie_ == kNone) {
    cookie_ = head_.headers.size();
    head_.headers.push_back({"cookie", std::string(crumb)});
  } else {
    absl::StrAppend(&head_.headers[cookie_].value, "; ", crumb);
  }
}

bool Http2Request::Complete(bool end_stream) {
  if (error_.status == 0) CheckTarget();
  if (error_.status == 0) CheckAuthority();
  head_.version = Version::kHttp2;
  head_.has_body = !end_stream;
  return error_.status == 0;
}

void Http2Request::CheckTarget() {
  if (!IsToken(head_.method)) return Fail(400, "the method is not a token");
  if (head_.method == "CONNECT") return Fail(405, "this is no proxy: CONNECT is not served");
  if (!has_path_ || !IsTarget(head_.target)) {
    return Fail(400, "the request target has bytes that must be percent-encoded, or none at all");
  }
  if (head_.target == "*") {
    if (head_.method != "OPTIONS") Fail(400, "the target \"*\" goes with OPTIONS only");
  } else if (head_.target.front() != '/') {
    Fail(400, "the request target is no path");
  }
}

void Http2Request::CheckAuthority() {
  if (head_.authority.empty()) {
    head_.authority = std::move(host_);
  } else if (!host_.empty() && !absl::EqualsIgnoreCase(host_, head_.authority)) {
    return Fail(400, "Host differs from :authority");
  }
  if (!IsHost(head_.authority)) Fail(400, "neither :authority nor Host names a host");
}

}  // namespace penstock::http
