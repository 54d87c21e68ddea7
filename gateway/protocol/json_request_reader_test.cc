#include "gateway/protocol/json_request_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/schema/schema_source.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr BodyRules kStrict;
constexpr BodyRules kLenient{.lenient = true, .forms = true};

class JsonRequestReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SchemaOptions options;
    options.print.unpopulated = false;
    auto schema = SchemaFromFiles({"tests/conformance/everything.binpb"}, options);
    ASSERT_TRUE(schema.ok()) << schema.status();
    schema_ = *std::move(schema);
  }

  // Reads `body` in pieces of `piece` bytes; the messages as JSON (in types whose method answers with what it got),
  // each in "<>", then the error.
  std::string Read(const std::string& method, const std::string& target, const std::string& body,
                   const BodyRules& rules, const std::string& content_type = "application/json", size_t max = 1000,
                   size_t piece = 1) {
    const size_t question = target.find('?');
    const std::string query = question == std::string::npos ? "" : target.substr(question + 1);
    route::Router::Match match = schema_->router().Find(method, target.substr(0, question));
    EXPECT_EQ(match.kind, route::Router::Match::Kind::kFound) << method << " " << target;
    const Schema::Route& route = schema_->route(match.route);
    http::RequestHead head;
    head.method = method;
    head.headers = {{"content-type", content_type}};
    head.content_length = body.size();
    head.has_body = !body.empty();
    JsonRequestReader reader({route, std::move(match.variables), query, head, max}, rules);
    std::string all;
    const auto sink = [&](std::string* wire) {
      std::string json;
      EXPECT_TRUE(route.response.Print(*wire, 1 << 20, &json).ok());
      absl::StrAppend(&all, "<", json, ">");
      return absl::OkStatus();
    };
    absl::Status status;
    for (size_t at = 0; at < body.size() && status.ok(); at += piece) {
      status = reader.Take(absl::string_view(body).substr(at, piece), sink);
    }
    if (status.ok()) status = reader.End(sink);
    if (!status.ok()) absl::StrAppend(&all, status.message());
    return all;
  }

  std::shared_ptr<const Schema> schema_;
};

TEST_F(JsonRequestReaderTest, WhatTheSinkRefusesEndsTheReading) {
  route::Router::Match match = schema_->router().Find("POST", "/v1/streams:collect");
  const Schema::Route& route = schema_->route(match.route);
  http::RequestHead head;
  JsonRequestReader reader({route, {}, "", head, 1000}, BodyRules());
  int messages = 0;
  const auto sink = [&](std::string*) {
    ++messages;
    return absl::AbortedError("no more");
  };
  EXPECT_EQ(reader.Take("{}{}{}", sink), absl::AbortedError("no more"));
  EXPECT_EQ(messages, 1);
}

constexpr char kEcho[] = "/v1/everything:echo";
constexpr char kCollect[] = "/v1/streams:collect";

TEST_F(JsonRequestReaderTest, OneMessageHoweverItIsCut) {
  const std::string body = R"( {"int32Value":7,"stringValue":"a"} )";
  for (size_t piece = 1; piece <= body.size(); ++piece) {
    EXPECT_EQ(Read("POST", kEcho, body, kStrict, "application/json", 1000, piece),
              R"(<{"int32Value":7,"stringValue":"a"}>)")
        << piece;
  }
  EXPECT_EQ(Read("GET", "/v1/everything:echo?int32_value=7", "", kStrict), R"(<{"int32Value":7}>)");
}

TEST_F(JsonRequestReaderTest, ManyMessagesGoOnAsTheyCome) {
  const std::string body = "{\"number\":\"1\"}\n{\"number\":\"2\"}{\"payload\":\"x\"}";
  for (size_t piece = 1; piece <= body.size(); ++piece) {
    EXPECT_EQ(Read("POST", kCollect, body, kStrict, "application/x-ndjson", 20, piece),
              R"(<{"number":"1"}><{"number":"2"}><{"payload":"x"}>)")
        << piece << ": each value has the limit for itself";
  }
  EXPECT_EQ(Read("POST", kCollect, "", kStrict), "") << "no message at all is a stream as well";
}

struct ErrorRow {
  const char* why;
  const char* method;
  const char* target;
  const char* body;
  const char* says;
};

TEST_F(JsonRequestReaderTest, WhatIsWrongIsNamedWithItsPlace) {
  const ErrorRow rows[] = {
      {"empty where JSON is due", "POST", kEcho, "", "empty at byte 0"},
      {"something behind the one value", "POST", kEcho, "{} {}", "byte 3"},
      {"a body that the method does not take", "GET", kEcho, "{}", "takes no body at /v1/everything:echo"},
      {"the second message is wrong", "POST", kCollect, "{}\n{\"nope\":1}",
       "<{}>message 2 of the body, from byte 3: nope is no field"},
      {"the second message is no JSON", "POST", kCollect, "{}{,}", "<{}>message 2 of the body, from byte 2: invalid"},
      {"a comma between messages", "POST", kCollect, "{},{}", "<{}>invalid JSON at byte 2 of the body"},
      {"the last message is cut", "POST", kCollect, "{}{\"number\":", "<{}>invalid JSON at byte 12 of the body"},
  };
  for (const ErrorRow& row : rows) {
    EXPECT_THAT(Read(row.method, row.target, row.body, kStrict), HasSubstr(row.says)) << row.why;
  }
}

TEST_F(JsonRequestReaderTest, TheLimitIsOfOneMessage) {
  const std::string value = absl::StrCat("{\"stringValue\":\"", std::string(200, 'x'), "\"}");
  for (const size_t piece : {size_t{1}, value.size()}) {
    EXPECT_THAT(Read("POST", kEcho, value, kStrict, "application/json", 100, piece),
                StartsWith("the body is longer than 100 bytes"));
    EXPECT_THAT(Read("POST", kCollect, value, kStrict, "application/json", 100, piece),
                StartsWith("the JSON value at byte 0 of the body is longer than 100 bytes"));
  }
}

TEST_F(JsonRequestReaderTest, TheLenientRulesPassOverWhatTheStrictRefuse) {
  EXPECT_EQ(Read("POST", kEcho, R"({"int32Value":1} nonsense)", kLenient), R"(<{"int32Value":1}>)");
  EXPECT_EQ(Read("POST", kEcho, "", kLenient), "<{}>");
  EXPECT_EQ(Read("POST", kEcho, " \n", kLenient), "<{}>");
  EXPECT_EQ(Read("GET", kEcho, "nonsense", kLenient), "<{}>");
  EXPECT_THAT(Read("POST", kEcho, "{", kLenient), HasSubstr("invalid JSON"));
}

TEST_F(JsonRequestReaderTest, AFormIsAQueryWhereNoBodyIsTaken) {
  constexpr char kForm[] = "application/x-www-form-urlencoded";
  EXPECT_EQ(Read("GET", "/v1/everything:echo?int32_value=1", "string_value=a%20b", kLenient, kForm),
            R"(<{"int32Value":1,"stringValue":"a b"}>)");
  EXPECT_THAT(Read("POST", kEcho, "string_value=a", kLenient, kForm), HasSubstr("invalid JSON"));
}

}  // namespace
}  // namespace penstock
