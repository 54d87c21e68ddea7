#include "gateway/codec/http_body.h"

#include <gtest/gtest.h>

#include <string>

#include "binding_test.pb.h"
#include "google/api/httpbody.pb.h"

namespace penstock::codec {
namespace {

namespace test = transcode::test;

const PlanSet& Plans() {
  static const PlanSet& plans = *PlanSet::Build({test::Upload::descriptor()->file()}, PrintOptions()).value().release();
  return plans;
}

google::api::HttpBody Body(const std::string& type, const std::string& data) {
  google::api::HttpBody body;
  body.set_content_type(type);
  body.set_data(data);
  return body;
}

TEST(HttpBodyTest, IsKnownByItsName) {
  EXPECT_TRUE(IsHttpBody(*Plans().Find("google.api.HttpBody")));
  EXPECT_FALSE(IsHttpBody(*Plans().Find("penstock.transcode.test.Upload")));
}

TEST(HttpBodyTest, ReadsWithoutCopying) {
  google::api::HttpBody message = Body("text/plain", std::string("a\0b", 3));
  message.add_extensions()->set_type_url("x");
  const std::string wire = message.SerializeAsString();
  const auto body = ReadHttpBody({}, wire);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->content_type, "text/plain");
  EXPECT_EQ(body->data, std::string("a\0b", 3));
  EXPECT_GE(body->data.data(), wire.data());
  EXPECT_LE(body->data.data() + body->data.size(), wire.data() + wire.size());
}

TEST(HttpBodyTest, TheLastValueCounts) {
  const std::string twice = Body("a/a", "1").SerializeAsString() + Body("b/b", "2").SerializeAsString();
  EXPECT_EQ(ReadHttpBody({}, twice)->content_type, "b/b");
  EXPECT_EQ(ReadHttpBody({}, twice)->data, "2");
  google::api::HttpBody only_type;
  only_type.set_content_type("c/c");
  EXPECT_EQ(ReadHttpBody({}, twice + only_type.SerializeAsString())->data, "2") << "what is unset does not";
}

TEST(HttpBodyTest, FollowsAPath) {
  test::Upload upload;
  *upload.mutable_inner()->mutable_file() = Body("text/plain", "inner");
  *upload.mutable_file() = Body("text/plain", "outer");
  const FieldPath path = ResolveFieldPath(*Plans().Find("penstock.transcode.test.Upload"), "inner.file").value();
  EXPECT_EQ(ReadHttpBody(path, upload.SerializeAsString())->data, "inner");
  EXPECT_EQ(ReadHttpBody(path, "")->data, "") << "unset";
}

TEST(HttpBodyTest, RefusesBrokenWire) {
  std::string wire = Body("text/plain", "data").SerializeAsString();
  wire.pop_back();
  EXPECT_EQ(ReadHttpBody({}, wire).status().code(), absl::StatusCode::kInternal);
  test::Upload upload;
  upload.mutable_file();
  std::string nested = upload.SerializeAsString();
  nested.back() = '\1';
  nested.push_back('\x0a');  // a field without its value, inside
  const FieldPath path = ResolveFieldPath(*Plans().Find("penstock.transcode.test.Upload"), "file").value();
  EXPECT_EQ(ReadHttpBody(path, nested).status().code(), absl::StatusCode::kInternal);
}

TEST(HttpBodyTest, Appends) {
  std::string wire;
  ASSERT_TRUE(AppendHttpBody({"image/png", std::string("\xff\0", 2)}, &wire).ok());
  google::api::HttpBody parsed;
  ASSERT_TRUE(parsed.ParseFromString(wire));
  EXPECT_EQ(parsed.content_type(), "image/png");
  EXPECT_EQ(parsed.data(), std::string("\xff\0", 2));
  EXPECT_FALSE(AppendHttpBody({"\xff", ""}, &wire).ok()) << "a type that is not UTF-8";
}

}  // namespace
}  // namespace penstock::codec
