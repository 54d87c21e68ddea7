#include "gateway/http/http1_parser.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace penstock::http {
namespace {

constexpr size_t kMaxMethodBytes = 32;  // longer than any method; RFC 9112 section 3: 501
constexpr size_t kVersionBytes = 8;     // "HTTP/1.1"
constexpr int kMaxSizeDigits = 16;      // of a chunk size; leading zeros count, so they cannot go on for ever
constexpr uint64_t kMaxLength = uint64_t{1} << 62;  // sums of lengths stay in 64 bits

// What a byte may be part of.
enum : uint8_t { kTokenByte = 1, kValueByte = 2, kTargetByte = 4, kHostByte = 8 };

constexpr std::array<uint8_t, 256> MakeByteTable() {
  std::array<uint8_t, 256> table{};
  for (int c = 0; c < 256; ++c) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool visible = c > 0x20 && c < 0x7f;
    uint8_t bits = 0;
    if (alnum) bits |= kTokenByte | kHostByte;
    if (visible || c >= 0x80 || c == ' ' || c == '\t') bits |= kValueByte;
    // Wider than RFC 3986: browsers send "|^[]{}" and UTF-8 as they are, and every server takes them. A fragment is
    // never sent.
    if ((visible || c >= 0x80) && c != '#') bits |= kTargetByte;
    table[c] = bits;
  }
  for (char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    table[static_cast<uint8_t>(c)] |= kTokenByte;
  }
  // RFC 3986 section 3.2.2, and ":" for the port.
  for (char c : {'-', '.', '_', '~', '%', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=', ':', '[', ']'}) {
    table[static_cast<uint8_t>(c)] |= kHostByte;
  }
  return table;
}
constexpr std::array<uint8_t, 256> kBytes = MakeByteTable();

bool All(absl::string_view text, uint8_t kind) {
  uint8_t all = kind;
  for (char c : text) all &= kBytes[static_cast<uint8_t>(c)];
  return all == kind;
}

absl::string_view TrimBlanks(absl::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The last member of a comma-separated list.
absl::string_view LastMember(absl::string_view list) {
  const size_t comma = list.rfind(',');
  return TrimBlanks(comma == absl::string_view::npos ? list : list.substr(comma + 1));
}

size_t Count(const Headers& headers, absl::string_view name) {
  return static_cast<size_t>(std::count_if(
      headers.begin(), headers.end(), [&](const Header& header) { return absl::string_view(header.name) == name; }));
}

}  // namespace

bool IsTarget(absl::string_view text) { return !text.empty() && All(text, kTargetByte); }

bool IsHost(absl::string_view text) { return !text.empty() && All(text, kHostByte); }

// 1*DIGIT and nothing else: no sign, no list, no blank (RFC 9110 section 8.6).
absl::optional<uint64_t> ParseContentLength(absl::string_view text) {
  if (text.empty()) return absl::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return absl::nullopt;
    if (value > kMaxLength / 10) return absl::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

bool IsToken(absl::string_view text) { return !text.empty() && All(text, kTokenByte); }
bool IsFieldValue(absl::string_view text) { return All(text, kValueByte); }

Http1Parser::Step Http1Parser::Next(absl::string_view input) {
  switch (state_) {
    case State::kRequestLine:
    case State::kFields:
      return HeadStep(input);
    case State::kTrailers:
      return TrailerStep(input);
    case State::kEnd:
      return {Event::kEnd, 0, {}};
    case State::kError:
      return {Event::kError, 0, {}};
    default:
      return BodyStep(input);
  }
}

void Http1Parser::Reset() { *this = Http1Parser(*limits_); }

Http1Parser::Step Http1Parser::Fail(int status, absl::string_view message) {
  state_ = State::kError;
  error_ = {status, message};
  return {Event::kError, 0, {}};
}

// ---- lines

size_t Http1Parser::LineLimit() const {
  const size_t section = state_ == State::kTrailers ? limits_->max_trailer_bytes : limits_->max_header_bytes;
  const size_t used = section_bytes_ + 1;  // the LF of this line
  return section > used ? section - used : 0;
}

bool Http1Parser::TakeLine(absl::string_view& input, absl::string_view& line) {
  const size_t request_line = kMaxMethodBytes + 1 + limits_->max_target_bytes + 1 + kVersionBytes + 1;
  const bool target_limits = state_ == State::kRequestLine && request_line < LineLimit();
  const size_t limit = target_limits ? request_line : LineLimit();
  const size_t lf = input.find('\n');
  const size_t length = line_.size() + std::min(lf, input.size());
  if (length > limit) {
    if (state_ == State::kTrailers) {
      Fail(431, "the trailer fields are too large");
    } else if (!target_limits) {
      Fail(431, "the request head is too large");
    } else {
      // Decided by bytes that are there however the input was cut.
      const std::string start =
          absl::StrCat(line_, input.substr(0, kMaxMethodBytes + 1)).substr(0, kMaxMethodBytes + 1);
      const size_t space = start.find(' ');
      if (!IsToken(absl::string_view(start).substr(0, space))) {
        Fail(400, "the method is not a token");
      } else if (space == std::string::npos) {
        Fail(501, "the method is too long to be one");
      } else {
        Fail(414, "the request target is too long");
      }
    }
    return false;
  }
  if (lf == absl::string_view::npos) {
    line_.append(input.data(), input.size());
    input.remove_prefix(input.size());
    return false;
  }
  if (line_.empty()) {
    line = input.substr(0, lf);
  } else {
    line_.append(input.data(), lf);
    line = line_;
  }
  input.remove_prefix(lf + 1);
  if (line.empty() || line.back() != '\r') {
    Fail(400, "a line of the head or of the trailers ends with a bare LF");
    return false;
  }
  section_bytes_ += line.size() + 1;
  line.remove_suffix(1);
  return true;
}

// ---- head

Http1Parser::Step Http1Parser::HeadStep(absl::string_view input) {
  const size_t offered = input.size();
  absl::string_view line;
  while (TakeLine(input, line)) {
    bool good = true;
    if (state_ == State::kFields) {
      good = line.empty() ? FinishHead() : ParseField(line);
      if (good && line.empty()) {
        line_ = std::string();  // nothing of the head stays while the body is read
        return {Event::kHead, offered - input.size(), {}};
      }
    } else if (!line.empty()) {
      good = ParseRequestLine(line);
      state_ = good ? State::kFields : State::kError;
    } else if (!std::exchange(skipped_blank_, true)) {
      section_bytes_ = 0;  // RFC 9112 section 2.2: one is forgiven
    } else {
      Fail(400, "more than one empty line before the request");
      good = false;
    }
    if (!good) break;
    line_.clear();
  }
  const Event event = state_ == State::kError ? Event::kError : Event::kNeedMore;
  return {event, offered - input.size(), {}};
}

bool Http1Parser::ParseRequestLine(absl::string_view line) {
  const size_t space = line.find(' ');
  const absl::string_view method = line.substr(0, space);
  if (!IsToken(method)) return Fail(400, "the method is not a token"), false;
  if (method.size() > kMaxMethodBytes) return Fail(501, "the method is too long to be one"), false;
  if (space == absl::string_view::npos) return Fail(400, "the request line has no target"), false;
  line.remove_prefix(space + 1);
  const size_t second = line.find(' ');
  if (second == absl::string_view::npos) return Fail(400, "the request line has no version"), false;
  const absl::string_view target = line.substr(0, second);
  const absl::string_view version = line.substr(second + 1);
  if (target.size() > limits_->max_target_bytes) return Fail(414, "the request target is too long"), false;
  const bool shaped = version.size() == kVersionBytes && absl::StartsWith(version, "HTTP/") &&
                      absl::ascii_isdigit(version[5]) && version[6] == '.' && absl::ascii_isdigit(version[7]);
  if (!shaped) return Fail(400, "the request line does not end in a version"), false;
  if (version[5] != '1') return Fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here"), false;
  // A higher minor version is answered as the highest we know (RFC 9110 section 2.5).
  head_.version = version[7] == '0' ? Version::kHttp10 : Version::kHttp11;
  head_.method.assign(method.data(), method.size());
  return ParseTarget(target);
}

bool Http1Parser::ParseTarget(absl::string_view target) {
  if (head_.method == "CONNECT") return Fail(405, "this is no proxy: CONNECT is not served"), false;
  if (!IsTarget(target)) {
    return Fail(400, "the request target has bytes that must be percent-encoded, or none at all"), false;
  }
  if (target == "*") {
    if (head_.method != "OPTIONS") return Fail(400, "the target \"*\" goes with OPTIONS only"), false;
  } else if (target.front() != '/') {
    return ParseAbsoluteTarget(target);
  }
  head_.target.assign(target.data(), target.size());
  return true;
}

// RFC 9112 section 3.2.2: a server must accept it, and its host counts instead of Host's.
bool Http1Parser::ParseAbsoluteTarget(absl::string_view target) {
  const size_t colon = target.find("://");
  const absl::string_view scheme = target.substr(0, colon == absl::string_view::npos ? 0 : colon);
  if (!absl::EqualsIgnoreCase(scheme, "http") && !absl::EqualsIgnoreCase(scheme, "https")) {
    return Fail(400, "the request target is neither a path nor an http URI"), false;
  }
  target.remove_prefix(colon + 3);
  const size_t end = std::min(target.find_first_of("/?"), target.size());
  const absl::string_view host = target.substr(0, end);
  if (!IsHost(host)) {
    return Fail(400, "the request target's URI has no valid host"), false;
  }
  head_.authority.assign(host.data(), host.size());
  absolute_target_ = true;
  target.remove_prefix(end);
  if (target.empty()) {
    head_.target = head_.method == "OPTIONS" ? "*" : "/";
  } else {
    head_.target = absl::StrCat(target.front() == '/' ? "" : "/", target);
  }
  return true;
}

bool Http1Parser::ParseField(absl::string_view line) {
  if (++fields_ > limits_->max_headers) return Fail(431, "the request has too many fields"), false;
  if (line.front() == ' ' || line.front() == '\t') {
    return Fail(400, "a folded field (a line that begins with a blank)"), false;
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return Fail(400, "a field without a colon"), false;
  const absl::string_view name = line.substr(0, colon);
  const absl::string_view value = TrimBlanks(line.substr(colon + 1));
  if (!IsToken(name)) return Fail(400, "a field name that is not a token, or a blank before its colon"), false;
  if (!IsFieldValue(value)) return Fail(400, "a control character in a field's value"), false;
  if (state_ == State::kTrailers) return true;
  head_.headers.push_back({absl::AsciiStrToLower(name), std::string(value.data(), value.size())});
  return true;
}

bool Http1Parser::FinishHead() {
  if (!CheckHost() || !CheckFraming() || !CheckExpect()) return false;
  section_bytes_ = 0;
  fields_ = 0;
  return true;
}

// RFC 9112 section 3.2: exactly one in HTTP/1.1.
bool Http1Parser::CheckHost() {
  const size_t hosts = Count(head_.headers, "host");
  if (hosts > 1) return Fail(400, "more than one Host field"), false;
  if (hosts == 0) {
    if (head_.version == Version::kHttp10) return true;
    return Fail(400, "no Host field"), false;
  }
  auto host =
      std::find_if(head_.headers.begin(), head_.headers.end(), [](const Header& h) { return h.name == "host"; });
  if (!All(host->value, kHostByte)) return Fail(400, "the Host field holds no host"), false;
  if (absolute_target_) {
    host->value = head_.authority;
  } else {
    head_.authority = host->value;
  }
  return true;
}

// RFC 9112 section 6.3. Every shape that another parser on the way could frame differently is refused.
bool Http1Parser::CheckFraming() {
  const size_t lengths = Count(head_.headers, "content-length");
  const size_t codings = Count(head_.headers, "transfer-encoding");
  if (lengths > 0 && codings > 0) return Fail(400, "Content-Length together with Transfer-Encoding"), false;
  if (lengths > 1) return Fail(400, "more than one Content-Length field"), false;
  if (codings > 0) {
    if (head_.version == Version::kHttp10) return Fail(400, "Transfer-Encoding in an HTTP/1.0 request"), false;
    const absl::string_view value = *FindHeader(head_.headers, "transfer-encoding");
    if (codings > 1 || !absl::EqualsIgnoreCase(value, "chunked")) {
      // Known to end in chunked: framed, but in codings that are not served (section 6.1). Else it cannot be framed.
      const bool framed = codings == 1 && absl::EqualsIgnoreCase(LastMember(value), "chunked") &&
                          !absl::StartsWithIgnoreCase(value, "chunked");
      if (framed) return Fail(501, "only the transfer coding \"chunked\" is served"), false;
      return Fail(400, "Transfer-Encoding is not \"chunked\""), false;
    }
    chunked_ = true;
    head_.has_body = true;
    state_ = State::kChunkSize;
    return true;
  }
  state_ = State::kEnd;
  if (lengths == 0) return true;
  head_.content_length = ParseContentLength(*FindHeader(head_.headers, "content-length"));
  if (!head_.content_length) return Fail(400, "Content-Length is not a number, or too large"), false;
  remaining_ = *head_.content_length;
  head_.has_body = remaining_ > 0;
  if (head_.has_body) state_ = State::kFixedBody;
  return true;
}

// RFC 9110 section 10.1.1. An HTTP/1.0 client's is to be ignored.
bool Http1Parser::CheckExpect() {
  if (head_.version == Version::kHttp10) return true;
  for (const Header& header : head_.headers) {
    if (header.name == "expect" && !absl::EqualsIgnoreCase(header.value, "100-continue")) {
      return Fail(417, "only 100-continue can be expected"), false;
    }
  }
  return true;
}

// ---- body

Http1Parser::Step Http1Parser::BodyStep(absl::string_view input) {
  if (state_ == State::kFixedBody || state_ == State::kChunkData) {
    if (remaining_ == 0) {
      if (state_ == State::kFixedBody) {
        state_ = State::kEnd;
        return {Event::kEnd, 0, {}};
      }
      state_ = State::kChunkDataCr;
    } else {
      if (input.empty()) return {Event::kNeedMore, 0, {}};
      const absl::string_view piece =
          input.substr(0, static_cast<size_t>(std::min<uint64_t>(remaining_, input.size())));
      remaining_ -= piece.size();
      return {Event::kBody, piece.size(), piece};
    }
  }
  return ChunkSizeStep(input);
}

// The bytes between chunk data: "\r\n" 1*HEXDIG [ BWS ";" extension ] "\r\n" (RFC 9112 section 7.1).
Http1Parser::Step Http1Parser::ChunkSizeStep(absl::string_view input) {
  for (size_t i = 0; i < input.size(); ++i) {
    const char c = input[i];
    switch (state_) {
      case State::kChunkDataCr:
        if (c != '\r') return Fail(400, "a chunk is longer than its size");
        state_ = State::kChunkDataLf;
        break;
      case State::kChunkDataLf:
        if (c != '\n') return Fail(400, "a chunk does not end in CRLF");
        state_ = State::kChunkSize;
        size_digits_ = 0;
        break;
      case State::kChunkSize:
        if (const int digit = HexDigit(c); digit >= 0) {
          if (++size_digits_ > kMaxSizeDigits || remaining_ >= (kMaxLength >> 4)) {
            return Fail(400, "a chunk size is too large");
          }
          remaining_ = remaining_ * 16 + static_cast<uint64_t>(digit);
        } else if (size_digits_ == 0) {
          return Fail(400, "a chunk size is not a hexadecimal number");
        } else if (c == '\r') {
          state_ = State::kChunkSizeLf;
        } else if (c == ';') {
          state_ = State::kChunkExtension;
        } else if (c == ' ' || c == '\t') {
          state_ = State::kChunkBlank;
        } else {
          return Fail(400, "a chunk size is not a hexadecimal number");
        }
        break;
      case State::kChunkBlank:
      case State::kChunkExtension:
        if (++extension_bytes_ > limits_->max_extension_bytes) return Fail(400, "the chunk extensions are too long");
        if (state_ == State::kChunkBlank) {
          if (c == ';')
            state_ = State::kChunkExtension;
          else if (c != ' ' && c != '\t')
            return Fail(400, "blanks after a chunk size");
        } else if (c == '\r') {
          state_ = State::kChunkSizeLf;
        } else if (!(kBytes[static_cast<uint8_t>(c)] & kValueByte)) {
          return Fail(400, "a control character in a chunk extension");
        }
        break;
      default:  // kChunkSizeLf
        if (c != '\n') return Fail(400, "a chunk size line does not end in CRLF");
        if (remaining_ == 0) {
          state_ = State::kTrailers;
          Step step = TrailerStep(input.substr(i + 1));
          step.consumed += i + 1;
          return step;
        }
        state_ = State::kChunkData;
        Step step = BodyStep(input.substr(i + 1));
        step.consumed += i + 1;
        return step;
    }
  }
  return {Event::kNeedMore, input.size(), {}};
}

Http1Parser::Step Http1Parser::TrailerStep(absl::string_view input) {
  const size_t offered = input.size();
  absl::string_view line;
  while (TakeLine(input, line)) {
    if (line.empty()) {
      state_ = State::kEnd;
      return {Event::kEnd, offered - input.size(), {}};
    }
    if (!ParseField(line)) break;
    line_.clear();
  }
  const Event event = state_ == State::kError ? Event::kError : Event::kNeedMore;
  return {event, offered - input.size(), {}};
}

}  // namespace penstock::http
