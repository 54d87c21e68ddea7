#include "gateway/codec/http_body.h"

#include <cstddef>
#include <cstdint>

#include "gateway/codec/json_text.h"
#include "gateway/codec/wire.h"
#include "gateway/codec/wire_path.h"

namespace penstock::codec {
namespace {

constexpr uint32_t kContentType = 1;
constexpr uint32_t kData = 2;

bool Read(const FieldPath& path, size_t at, absl::string_view wire, HttpBodyView* body) {
  bool inner_read = true;
  const bool read = ForEachRecord(wire, [&](const WireRecord& record) {
    if (at < path.size()) {
      if (TagNumber(record.tag) == path[at]->number) inner_read = Read(path, at + 1, record.content, body);
    } else if (record.tag == MakeTag(kContentType, WireType::kLengthDelimited)) {
      body->content_type = record.content;
    } else if (record.tag == MakeTag(kData, WireType::kLengthDelimited)) {
      body->data = record.content;
    }
    return inner_read;
  });
  return read && inner_read;
}

}  // namespace

bool IsHttpBody(const MessagePlan& plan) { return plan.full_name() == "google.api.HttpBody"; }

absl::StatusOr<HttpBodyView> ReadHttpBody(const FieldPath& path, absl::string_view wire) {
  HttpBodyView body;
  if (!Read(path, 0, wire, &body)) return absl::InternalError("the upstream's google.api.HttpBody is broken");
  return body;
}

absl::Status AppendHttpBody(const HttpBodyView& body, std::string* wire) {
  if (Utf8Prefix(body.content_type) != body.content_type.size()) {
    return absl::InvalidArgumentError("Content-Type is not UTF-8");
  }
  if (!body.content_type.empty()) {
    AppendTag(kContentType, WireType::kLengthDelimited, wire);
    AppendLengthDelimited(body.content_type, wire);
  }
  AppendTag(kData, WireType::kLengthDelimited, wire);
  AppendLengthDelimited(body.data, wire);
  return absl::OkStatus();
}

}  // namespace penstock::codec
