#include "gateway/codec/status_json.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "gateway/base/json_string.h"
#include "gateway/codec/wire.h"
#include "gateway/codec/wire_to_json.h"

namespace penstock::codec {
namespace {

// Details of one status, at most: an upstream's metadata is bounded anyway, the JSON of an Any may be larger.
constexpr size_t kMaxDetailBytes = 1024 * 1024;

// By the first set that knows the type; else as its bytes, as far as they can be read.
void AppendDetail(absl::string_view any, absl::Span<const PlanSet* const> types, std::string* out) {
  for (const PlanSet* set : types) {
    if (AnyToJson(*set, any, kMaxDetailBytes, UnknownAny::kRefuse, out).ok()) return;
  }
  for (const PlanSet* set : types) {
    if (AnyToJson(*set, any, kMaxDetailBytes, UnknownAny::kBase64, out).ok()) return;
  }
  absl::StrAppend(out, "{}");
}

// google.rpc.Status { code = 1, message = 2, repeated Any details = 3 }; code and message have come as trailers.
void AppendDetails(const absl::Status& status, absl::Span<const PlanSet* const> types, std::string* out) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kStatusPayloadUrl);
  if (!payload) return;
  const std::string bytes(*payload);
  WireReader reader(bytes);
  uint32_t tag = 0;
  bool first = true;
  while (!reader.AtEnd() && reader.ReadTag(&tag)) {
    if (tag != MakeTag(3, WireType::kLengthDelimited)) {
      if (!reader.Skip(tag)) return;
      continue;
    }
    absl::string_view any;
    if (!reader.ReadBytes(&any)) return;
    if (!first) out->push_back(',');
    first = false;
    AppendDetail(any, types, out);
  }
}

}  // namespace

void AppendStatusJson(const absl::Status& status, absl::Span<const PlanSet* const> types, std::string* out) {
  absl::StrAppend(out, "{\"code\":", status.raw_code(), ",\"message\":");
  AppendJsonString(status.message(), out);
  absl::StrAppend(out, ",\"details\":[");
  AppendDetails(status, types, out);
  absl::StrAppend(out, "]}");
}

}  // namespace penstock::codec
