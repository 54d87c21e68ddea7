#include "tests/support/response_parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace penstock::testing {
namespace {

// A head line longer than this is a fault of the server under test.
constexpr size_t kMaxLineBytes = 64 * 1024;

bool IsTokenChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
}

}  // namespace

std::string Response::Header(absl::string_view name) const {
  std::string joined;
  bool found = false;
  for (const auto& [field, value] : headers) {
    if (!absl::EqualsIgnoreCase(field, name)) continue;
    absl::StrAppend(&joined, found ? ", " : "", value);
    found = true;
  }
  return joined;
}

bool Response::HasHeader(absl::string_view name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return absl::EqualsIgnoreCase(header.first, name); });
}

std::vector<std::string> Response::Lines() const {
  std::vector<std::string> lines = absl::StrSplit(body, '\n');
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

size_t ResponseParser::Feed(absl::string_view data) {
  const size_t offered = data.size();
  while (!data.empty() && !failed() && state_ != State::kDone) {
    switch (state_) {
      case State::kCounted:
      case State::kUntilClose:
      case State::kChunkData:
        data.remove_prefix(TakeBody(data));
        break;
      default:
        if (TakeLine(data)) {
          const std::string line = std::exchange(line_, {});
          OnLine(line);
        }
    }
  }
  return offered - data.size();
}

void ResponseParser::FeedEnd() {
  if (state_ != State::kUntilClose) return;
  state_ = State::kDone;
  response_.complete = true;
}

// Moves bytes of `data` to line_, up to and without CRLF; whether the line is whole.
bool ResponseParser::TakeLine(absl::string_view& data) {
  const size_t newline = data.find('\n');
  const size_t count = newline == absl::string_view::npos ? data.size() : newline;
  line_.append(data.data(), count);
  data.remove_prefix(std::min(data.size(), count + 1));
  if (line_.size() > kMaxLineBytes) Fail("a line of the head is too long");
  if (newline == absl::string_view::npos || failed()) return false;
  if (line_.empty() || line_.back() != '\r') {
    Fail(absl::StrCat("a line ends in a bare LF: ", absl::CEscape(line_)));
    return false;
  }
  line_.pop_back();
  return true;
}

size_t ResponseParser::TakeBody(absl::string_view data) {
  const size_t count =
      state_ == State::kUntilClose ? data.size() : static_cast<size_t>(std::min<uint64_t>(data.size(), remaining_));
  response_.body.append(data.data(), count);
  if (state_ == State::kUntilClose) return count;
  remaining_ -= count;
  if (remaining_ > 0) return count;
  if (state_ == State::kChunkData) {
    state_ = State::kChunkEnd;
  } else {
    state_ = State::kDone;
    response_.complete = true;
  }
  return count;
}

void ResponseParser::OnLine(absl::string_view line) {
  switch (state_) {
    case State::kStatusLine:
      return OnStatusLine(line);
    case State::kField:
      return line.empty() ? OnHeadEnd() : OnField(line);
    case State::kChunkSize:
      return OnChunkSize(line);
    case State::kChunkEnd:
      if (!line.empty()) return Fail(absl::StrCat("a chunk is longer than its size: ", absl::CEscape(line)));
      state_ = State::kChunkSize;
      return;
    case State::kTrailer:
      if (!line.empty()) return OnField(line);
      state_ = State::kDone;
      response_.complete = true;
      return;
    default:
      return Fail("internal: a line where a body belongs");
  }
}

// status-line = "HTTP/1.1" SP 3DIGIT SP [reason] (RFC 9112, 4)
void ResponseParser::OnStatusLine(absl::string_view line) {
  constexpr absl::string_view kVersion = "HTTP/1.1 ";
  constexpr size_t kStatusEnd = 12;
  int status = 0;
  if (!absl::StartsWith(line, kVersion) || line.size() <= kStatusEnd || line[kStatusEnd] != ' ' ||
      !std::all_of(line.begin() + kVersion.size(), line.begin() + kStatusEnd, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(line.substr(kVersion.size(), 3), &status) || status < 100) {
    return Fail(absl::StrCat("not a status line: ", absl::CEscape(line)));
  }
  response_.status = status;
  response_.reason = std::string(line.substr(kStatusEnd + 1));
  state_ = State::kField;
}

// field-line = token ":" OWS value OWS, no folding (RFC 9112, 5)
void ResponseParser::OnField(absl::string_view line) {
  const size_t colon = line.find(':');
  const absl::string_view name = line.substr(0, colon);
  if (colon == absl::string_view::npos || name.empty() || !std::all_of(name.begin(), name.end(), IsTokenChar)) {
    return Fail(absl::StrCat("not a field line: ", absl::CEscape(line)));
  }
  const absl::string_view value = absl::StripAsciiWhitespace(line.substr(colon + 1));
  const auto control = [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\t'; };
  if (std::any_of(value.begin(), value.end(), control)) {
    return Fail(absl::StrCat("a control character in ", absl::CEscape(line)));
  }
  (state_ == State::kTrailer ? response_.trailers : response_.headers).emplace_back(name, value);
}

// Which body follows (RFC 9112, 6.3).
void ResponseParser::OnHeadEnd() {
  if (response_.status / 100 == 1) {
    const size_t interim = response_.interim + 1;
    response_ = Response();
    response_.interim = interim;
    state_ = State::kStatusLine;
    return;
  }
  response_.head_complete = true;
  const bool has_length = response_.HasHeader("content-length");
  const bool has_coding = response_.HasHeader("transfer-encoding");
  const std::string coding = absl::AsciiStrToLower(response_.Header("transfer-encoding"));
  if (has_length && has_coding) return Fail("both Content-Length and Transfer-Encoding");
  if (has_coding && coding != "chunked") return Fail(absl::StrCat("Transfer-Encoding: ", coding));
  const std::string length = response_.Header("content-length");
  if (has_length &&
      (length.find_first_not_of("0123456789") != std::string::npos || !absl::SimpleAtoi(length, &remaining_))) {
    return Fail(absl::StrCat("Content-Length: ", length));
  }
  response_.chunked = has_coding;
  const bool bodiless = to_head_ || response_.status == 204 || response_.status == 304;
  if (bodiless || (has_length && remaining_ == 0)) {
    state_ = State::kDone;
    response_.complete = true;
  } else {
    state_ = has_coding ? State::kChunkSize : has_length ? State::kCounted : State::kUntilClose;
  }
}

// chunk-size without extensions: the gateway has no use for one.
void ResponseParser::OnChunkSize(absl::string_view line) {
  constexpr size_t kMaxDigits = 15;
  if (line.empty() || line.size() > kMaxDigits || !std::all_of(line.begin(), line.end(), absl::ascii_isxdigit)) {
    return Fail(absl::StrCat("not a chunk size: ", absl::CEscape(line)));
  }
  remaining_ = 0;
  for (char c : line) {
    const int digit = absl::ascii_isdigit(static_cast<unsigned char>(c))
                          ? c - '0'
                          : absl::ascii_tolower(static_cast<unsigned char>(c)) - 'a' + 10;
    remaining_ = remaining_ * 16 + static_cast<uint64_t>(digit);
  }
  state_ = remaining_ == 0 ? State::kTrailer : State::kChunkData;
}

void ResponseParser::Fail(std::string error) { response_.error = std::move(error); }

}  // namespace penstock::testing
