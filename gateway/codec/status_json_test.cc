#include "gateway/codec/status_json.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace penstock::codec {
namespace {

std::unique_ptr<const PlanSet> KnownTypes(const PrintOptions& options) {
  return PlanSet::Build({google::rpc::RetryInfo::descriptor()->file()}, options).value();
}

std::string Json(const absl::Status& status, absl::Span<const PlanSet* const> types) {
  std::string json;
  AppendStatusJson(status, types, &json);
  return json;
}

absl::Status WithDetails(const google::rpc::Status& details) {
  absl::Status status = absl::NotFoundError("gone");
  status.SetPayload(kStatusPayloadUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

TEST(StatusJsonTest, HasAllFieldsInOrder) {
  EXPECT_EQ(Json(absl::NotFoundError("Not Found"), {}), R"({"code":5,"message":"Not Found","details":[]})")
      << "grpc-gateway's error body, byte by byte";
  EXPECT_EQ(Json(absl::InternalError("a \"b\"\n\\"), {}), R"({"code":13,"message":"a \"b\"\n\\","details":[]})");
}

TEST(StatusJsonTest, PrintsDetailsByTheirTypes) {
  google::rpc::Status details;
  google::rpc::BadRequest bad;
  bad.add_field_violations()->set_field("interval");
  details.add_details()->PackFrom(bad);
  const auto native = KnownTypes(PrintOptions{.unpopulated = false});
  EXPECT_EQ(Json(WithDetails(details), {native.get()}),
            R"({"code":5,"message":"gone","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest",)"
            R"("fieldViolations":[{"field":"interval"}]}]})");
  google::rpc::Status info;
  info.add_details()->PackFrom(google::rpc::RetryInfo());
  const auto unpopulated = KnownTypes(PrintOptions{.unpopulated = true, .unset_as_null = true});
  EXPECT_EQ(Json(WithDetails(info), {unpopulated.get()}),
            R"({"code":5,"message":"gone","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo",)"
            R"("retryDelay":null}]})")
      << "as the set prints: grpc-gateway's has null for what is unset";
}

TEST(StatusJsonTest, NeverLosesAnErrorForItsDetails) {
  google::rpc::Status details;
  details.add_details()->set_type_url("type.googleapis.com/some.Unknown");
  details.mutable_details(0)->set_value("\x08\x01");
  const auto known = KnownTypes(PrintOptions());
  EXPECT_EQ(Json(WithDetails(details), {known.get()}),
            R"({"code":5,"message":"gone","details":[{"@type":"type.googleapis.com/some.Unknown","value":"CAE="}]})");
}

}  // namespace
}  // namespace penstock::codec
