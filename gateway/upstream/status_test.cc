#include "gateway/upstream/status.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"

namespace penstock::upstream {
namespace {

ResponseFields Fields(const Metadata& wire) {
  ResponseFields fields;
  for (const auto& [name, value] : wire) fields.Add(name, value);
  return fields;
}

TEST(StatusTest, SortsFields) {
  const ResponseFields fields = Fields({{":status", "200"},
                                        {"content-type", "application/grpc+proto"},
                                        {"x-a", "1"},
                                        {"grpc-status", "3"},
                                        {"grpc-message", "bad%0Aline"},
                                        {"grpc-encoding", "identity"}});
  EXPECT_EQ(fields.http_status, 200);
  EXPECT_TRUE(fields.grpc_content_type);
  EXPECT_EQ(fields.grpc_message, "bad\nline");
  EXPECT_EQ(fields.metadata, (Metadata{{"content-type", "application/grpc+proto"}, {"x-a", "1"}}))
      << "of the protocol's own only what callers may want to show";
}

TEST(StatusTest, GrpcContentTypes) {
  const std::pair<const char*, bool> rows[] = {
      {"application/grpc", true},      {"application/grpc+proto", true}, {"application/grpc;charset=utf-8", true},
      {"application/grpc-web", false}, {"application/json", false},      {"", false},
  };
  for (const auto& [value, grpc] : rows) EXPECT_EQ(Fields({{"content-type", value}}).grpc_content_type, grpc) << value;
}

TEST(StatusTest, EveryCodeOfGrpcIsItself) {
  for (int code = 0; code <= 16; ++code) {
    const CallEnd end = EndFromFields(Fields({{"grpc-status", std::to_string(code)}, {"grpc-message", "m"}}), 200);
    EXPECT_EQ(static_cast<int>(end.status.code()), code);
    EXPECT_EQ(end.status.message(), code == 0 ? "" : "m");
    EXPECT_TRUE(end.from_upstream);
    EXPECT_FALSE(end.unprocessed);
  }
}

TEST(StatusTest, CodesThatDoNotExistAreUnknown) {
  const CallEnd beyond = EndFromFields(Fields({{"grpc-status", "17"}, {"grpc-message", "why"}}), 200);
  EXPECT_EQ(beyond.status.code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(beyond.status.raw_code(), 17);
  EXPECT_EQ(beyond.status.message(), "why");
  for (const char* code : {"-1", "99999999999", "OK", "", "1.5"}) {
    const CallEnd end = EndFromFields(Fields({{"grpc-status", code}, {"grpc-message", "why"}}), 200);
    EXPECT_EQ(end.status.code(), absl::StatusCode::kUnknown) << code;
    EXPECT_TRUE(absl::StrContains(end.status.message(), "why")) << end.status;
    EXPECT_TRUE(absl::StrContains(end.status.message(), code)) << end.status;
  }
}

TEST(StatusTest, DetailsArePayload) {
  const CallEnd end =
      EndFromFields(Fields({{"grpc-status", "3"}, {"grpc-status-details-bin", "CAM"}, {"x", "y"}}), 200);
  EXPECT_EQ(end.status.GetPayload(kStatusDetailsUrl).value_or(absl::Cord()), absl::Cord("\x08\x03"));
  EXPECT_EQ(end.trailers, (Metadata{{"x", "y"}}));
  const CallEnd broken = EndFromFields(Fields({{"grpc-status", "3"}, {"grpc-status-details-bin", "*"}}), 200);
  EXPECT_FALSE(broken.status.GetPayload(kStatusDetailsUrl).has_value());
  EXPECT_EQ(broken.status.code(), absl::StatusCode::kInvalidArgument);
}

TEST(StatusTest, HttpStatusDecidesWithoutAGrpcStatus) {
  using absl::StatusCode;
  const std::pair<int, StatusCode> rows[] = {
      {400, StatusCode::kInternal},      {401, StatusCode::kUnauthenticated}, {403, StatusCode::kPermissionDenied},
      {404, StatusCode::kUnimplemented}, {429, StatusCode::kUnavailable},     {502, StatusCode::kUnavailable},
      {503, StatusCode::kUnavailable},   {504, StatusCode::kUnavailable},     {200, StatusCode::kUnknown},
      {500, StatusCode::kUnknown},       {302, StatusCode::kUnknown},         {418, StatusCode::kUnknown},
  };
  for (const auto& [http, code] : rows) {
    const CallEnd end = EndFromFields(Fields({}), http);
    EXPECT_EQ(end.status.code(), code) << http;
    EXPECT_FALSE(end.from_upstream);
    EXPECT_TRUE(absl::StrContains(end.status.message(), std::to_string(http)));
    EXPECT_EQ(EndFromHttp(Fields({{":status", std::to_string(http)}})).status.code(), code);
  }
  EXPECT_EQ(EndFromFields(Fields({{"grpc-status", "0"}}), 503).status, absl::OkStatus()) << "a grpc-status wins";
}

TEST(StatusTest, Resets) {
  using absl::StatusCode;
  const std::pair<uint32_t, StatusCode> rows[] = {
      {0, StatusCode::kInternal},          {1, StatusCode::kInternal},    {2, StatusCode::kInternal},
      {3, StatusCode::kInternal},          {4, StatusCode::kInternal},    {5, StatusCode::kInternal},
      {6, StatusCode::kInternal},          {7, StatusCode::kUnavailable}, {8, StatusCode::kCancelled},
      {9, StatusCode::kInternal},          {10, StatusCode::kInternal},   {11, StatusCode::kResourceExhausted},
      {12, StatusCode::kPermissionDenied}, {13, StatusCode::kInternal},   {4711, StatusCode::kInternal},
  };
  for (const auto& [error, code] : rows) {
    const CallEnd end = EndFromReset(error);
    EXPECT_EQ(end.status.code(), code) << error;
    EXPECT_EQ(end.unprocessed, error == 7) << error;
    EXPECT_FALSE(end.from_upstream) << error;
  }
}

}  // namespace
}  // namespace penstock::upstream
