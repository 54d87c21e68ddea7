#include "gateway/protocol/ndjson.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/cord.h"
#include "gateway/codec/status_json.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace penstock {
namespace {

std::unique_ptr<const codec::PlanSet> KnownTypes() {
  return codec::PlanSet::Build(
             {google::rpc::BadRequest::descriptor()->file(), google::rpc::Status::descriptor()->file()}, {})
      .value();
}

std::string Ending(const absl::Status& status) {
  const auto types = KnownTypes();
  std::string out;
  const codec::PlanSet* const sets[] = {types.get()};
  Ndjson("application/x-ndjson").AppendEnding({status, {}, sets}, &out);
  return out;
}

TEST(Ending, SaysHowTheStreamEndedOnOneLine) {
  EXPECT_EQ(Ending(absl::OkStatus()), "{\"end\":{\"code\":0}}\n");
  EXPECT_EQ(Ending(absl::UnavailableError("gone\naway")),
            "{\"error\":{\"code\":14,\"message\":\"gone\\naway\",\"details\":[]}}\n");
}

TEST(StatusJson, RendersKnownDetailsAndKeepsUnknownOnes) {
  google::rpc::Status rpc;
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field("interval");
  violation->set_description("too short");
  rpc.add_details()->PackFrom(bad);
  auto* unknown = rpc.add_details();
  unknown->set_type_url("type.googleapis.com/nobody.Knows");
  unknown->set_value("\1\2");
  absl::Status status = absl::InvalidArgumentError("no");
  status.SetPayload(codec::kStatusPayloadUrl, absl::Cord(rpc.SerializeAsString()));
  const std::string json = Ending(status);
  EXPECT_NE(json.find("\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":[{\"field\":"
                      "\"interval\",\"description\":\"too short\""),
            std::string::npos)
      << json;
  EXPECT_NE(json.find("{\"@type\":\"type.googleapis.com/nobody.Knows\",\"value\":\"AQI=\"}]}}\n"), std::string::npos)
      << json;
}

TEST(StatusJson, BrokenDetailsNeverCostTheError) {
  absl::Status status = absl::InternalError("no");
  for (const char* payload : {"\x1a\x7f", "\x1a", "\xff\xff", "\x1a\x02\x0a\x7f"}) {
    status.SetPayload(codec::kStatusPayloadUrl, absl::Cord(payload));
    const std::string json = Ending(status);
    EXPECT_EQ(json.rfind("{\"error\":{\"code\":13,\"message\":\"no\",\"details\":[", 0), 0u) << json;
    EXPECT_EQ(json.substr(json.size() - 4), "]}}\n");
  }
}

}  // namespace
}  // namespace penstock
