#include "gateway/protocol/json_request_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/protocol/media_type.h"

namespace penstock {
namespace {

using Result = codec::JsonValues::Result;

// A form in the body counts as the URL's query, which no server takes in megabytes.
constexpr size_t kMaxFormBytes = 1024 * 1024;

std::string TextOf(const http::Headers& headers, absl::string_view name) {
  const std::string* value = http::FindHeader(headers, name);
  return value == nullptr ? "" : *value;
}

}  // namespace

JsonRequestReader::JsonRequestReader(Source source, const BodyRules& rules)
    : route_(source.route),
      variables_(std::move(source.variables)),
      query_(source.query),
      content_type_(TextOf(source.head.headers, "content-type")),
      length_(source.head.content_length),
      max_bytes_(source.max_bytes),
      mode_(ModeOf(source.route, source.head, rules)),
      values_(source.max_bytes) {}

JsonRequestReader::Mode JsonRequestReader::ModeOf(const Schema::Route& route, const http::RequestHead& head,
                                                  const BodyRules& rules) {
  const bool form = rules.forms && IsFormBody(head.headers);
  // Looking for an override in a form has read the form.
  const bool overridden = form && head.method == "POST" && !TextOf(head.headers, "x-http-method-override").empty();
  if (overridden && !route.method->client_streaming) return Mode::kForm;
  if (!route.request.takes_body()) {
    if (form) return Mode::kForm;
    return rules.lenient ? Mode::kIgnore : Mode::kNone;
  }
  if (route.request.takes_http_body()) return route.method->client_streaming ? Mode::kPieces : Mode::kWhole;
  if (route.method->client_streaming) return Mode::kValues;
  return rules.lenient ? Mode::kFirstValue : Mode::kWhole;
}

absl::Status JsonRequestReader::Take(absl::string_view data, Sink sink) {
  switch (mode_) {
    case Mode::kNone:
      return absl::InvalidArgumentError(absl::StrCat(route_.method->full_name, " takes no body at ",
                                                     route_.path_template, ": give the fields in the query instead"));
    case Mode::kIgnore:
      return absl::OkStatus();
    case Mode::kForm:
    case Mode::kWhole:
      return Collect(data);
    case Mode::kFirstValue:
      return TakeFirstValue(data);
    case Mode::kValues:
      return TakeValues(data, sink);
    case Mode::kPieces:
      return SendValue(data, sink);
  }
  return absl::OkStatus();
}

absl::Status JsonRequestReader::Collect(absl::string_view data) {
  const size_t max = mode_ == Mode::kForm ? std::min(max_bytes_, kMaxFormBytes) : max_bytes_;
  if (data.size() > max - std::min(collected_.size(), max)) {
    return absl::ResourceExhaustedError(absl::StrCat("the body is longer than ", max, " bytes"));
  }
  // A body that comes in one piece is read where it lies.
  if (mode_ == Mode::kWhole && length_ == data.size()) return Bind(data);
  collected_.append(data.data(), data.size());
  return absl::OkStatus();
}

absl::Status JsonRequestReader::TakeFirstValue(absl::string_view data) {
  if (bound_) return absl::OkStatus();
  absl::string_view value;
  const Result result = values_.Next(&data, &value);
  if (result == Result::kNeedMore) return absl::OkStatus();
  return result == Result::kValue ? Bind(value) : Fault(result);
}

absl::Status JsonRequestReader::TakeValues(absl::string_view data, Sink sink) {
  for (;;) {
    absl::string_view value;
    const Result result = values_.Next(&data, &value);
    if (result == Result::kNeedMore) return absl::OkStatus();
    if (result != Result::kValue) return Fault(result);
    if (absl::Status status = SendValue(value, sink); !status.ok()) return status;
  }
}

absl::Status JsonRequestReader::SendValue(absl::string_view value, Sink sink) {
  ++messages_;
  if (absl::Status status = Bind(value); !status.ok()) {
    if (mode_ == Mode::kPieces) return status;
    return absl::Status(status.code(), absl::StrCat("message ", messages_, " of the body, from byte ", values_.offset(),
                                                    ": ", status.message()));
  }
  return sink(&wire_);
}

absl::Status JsonRequestReader::Fault(Result result) const {
  if (result == Result::kTooLong) {
    return absl::ResourceExhaustedError(absl::StrCat("the JSON value at byte ", values_.offset(),
                                                     " of the body is longer than ", max_bytes_, " bytes"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("invalid JSON at byte ", values_.offset(), " of the body: expected a JSON value, whole"));
}

absl::Status JsonRequestReader::Bind(absl::string_view body) {
  bound_ = true;
  wire_.clear();
  const bool is_form = mode_ == Mode::kForm;
  // What the URL says comes after what the form does, and so wins.
  const absl::string_view queries[] = {is_form ? body : absl::string_view(), query_};
  binding::RequestBinding::Parts parts;
  parts.path_values = variables_;
  parts.queries = queries;
  parts.body = is_form ? absl::string_view() : body;
  parts.content_type = content_type_;
  return route_.request.Bind(parts, &wire_);
}

absl::Status JsonRequestReader::End(Sink sink) {
  if (mode_ == Mode::kPieces) return absl::OkStatus();
  if (mode_ == Mode::kValues || (mode_ == Mode::kFirstValue && !bound_)) {
    absl::string_view value;
    const Result result = values_.End(&value);
    if (result == Result::kMalformed) return Fault(result);
    if (mode_ == Mode::kValues) return result == Result::kValue ? SendValue(value, sink) : absl::OkStatus();
    if (absl::Status status = Bind(value); !status.ok()) return status;
  }
  if (!bound_) {
    const bool wants_json = mode_ == Mode::kWhole && !route_.request.takes_http_body();
    if (wants_json && collected_.empty()) {
      return absl::InvalidArgumentError(
          "the body is empty at byte 0, where JSON is expected: send {} for a message without fields");
    }
    absl::Status status = Bind(collected_);
    if (!status.ok()) return status;
    collected_ = std::string();
  }
  return sink(&wire_);
}

}  // namespace penstock
