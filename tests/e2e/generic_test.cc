// The gateway does not depend on an API: it serves third-party services, and every field type.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/field_comparator.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

TEST(Generic, StreamsTheHealthServiceWhereItIsExposed) {
  std::unique_ptr<Server> service = StartService({"--drain-delay=1s", "--drain-window=200ms"});
  std::unique_ptr<Server> gateway =
      StartGateway({"--upstream=" + service->address(), "--expose=grpc.health.v1.Health"});
  RawClient client = RawClient::Connect(gateway->address()).value();
  ASSERT_TRUE(client.Send(PostJson("/grpc.health.v1.Health/Watch", "{}")).ok());
  ASSERT_TRUE(client.ReadUntil([](const Response& r) { return r.Lines().size() == 1; }, Soon())) << client.received();
  EXPECT_EQ(client.response().Lines()[0], R"({"type":"healthCheckResponse","data":{"status":"SERVING"}})");
  service->process().Signal(SIGTERM);
  ASSERT_TRUE(client.ReadUntil([](const Response& r) { return r.Lines().size() >= 2; }, Soon()));
  EXPECT_EQ(client.response().Lines()[1], R"({"type":"healthCheckResponse","data":{"status":"NOT_SERVING"}})");
  const Response ended = client.ReadResponse(Soon());
  EXPECT_TRUE(ended.complete);
  EXPECT_EQ(JsonAt(ended.Lines().back(), "/error/code"), "14") << ended.body;

  const Response other =
      Exchange(gateway->address(), PostJson("/v1/ticks:subscribe", "{}"), Soon()).value_or(Response());
  EXPECT_EQ(other.status, 404) << "only what is exposed is reachable";
}

TEST(Generic, GrpcsOwnServicesAndMethodsWithRulesAreNotReachableByName) {
  std::unique_ptr<Server> service = StartService();
  std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + service->address()});
  for (const char* target :
       {"/grpc.health.v1.Health/Check", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "/penstock.tick.v1.TickService/Subscribe"}) {
    EXPECT_EQ(Exchange(gateway->address(), PostJson(target, "{}"), Soon()).value_or(Response()).status, 404) << target;
  }
}

// Messages of everything.proto without its generated code, from the same descriptors that the gateway may get.
class Schema {
 public:
  Schema() {
    std::ifstream file(FindBinary("tests/conformance/everything.binpb", "PENSTOCK_EVERYTHING_DESCRIPTORS"));
    google::protobuf::FileDescriptorSet set;
    EXPECT_TRUE(set.ParseFromIstream(&file));
    for (const google::protobuf::FileDescriptorProto& one : set.file()) EXPECT_NE(pool_.BuildFile(one), nullptr);
  }

  // Null, with a failed expectation, where `json` is no Everything.
  std::unique_ptr<google::protobuf::Message> Everything(const std::string& json) {
    const auto* type = pool_.FindMessageTypeByName("penstock.testing.v1.Everything");
    std::unique_ptr<google::protobuf::Message> message(factory_.GetPrototype(type)->New());
    const auto status = google::protobuf::util::JsonStringToMessage(json, message.get());
    EXPECT_TRUE(status.ok()) << status.ToString() << " in " << json;
    return message;
  }

  void ExpectSame(const std::string& sent, const std::string& received) {
    google::protobuf::util::DefaultFieldComparator comparator;
    comparator.set_treat_nan_as_equal(true);
    google::protobuf::util::MessageDifferencer differencer;
    differencer.set_field_comparator(&comparator);
    std::string difference;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(*Everything(sent), *Everything(received)))
        << difference << "sent " << sent << "\nreceived " << received;
  }

 private:
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
};

const char* const kValues[] = {
    "{}",
    R"({"doubleValue":1.5,"floatValue":-0.25,"int32Value":-2147483648,"int64Value":"-9223372036854775808",
        "uint32Value":4294967295,"uint64Value":"18446744073709551615","sint32Value":-5,"sint64Value":"-6",
        "fixed32Value":7,"fixed64Value":"8","sfixed32Value":-9,"sfixed64Value":"-10","boolValue":true,
        "stringValue":"é \u2028 \" \\ \n \u0001 𝄞","bytesValue":"AAEC/v8=","colorValue":"GREEN"})",
    R"({"doubleValue":"NaN","floatValue":"-Infinity","colorValue":"BLUE"})",
    R"({"doubleValue":1.7976931348623157e308,"floatValue":3.4028235e38,"colorValue":77})",
    R"({"doubleValue":5e-324,"floatValue":1e-45})",
    R"({"nestedValue":{"text":"a","number":1,"child":{"text":"b","child":{"number":3,"child":{}}}}})",
    R"({"doubles":[0,-1.5,"Infinity"],"floats":[0.1],"int32s":[0,-1,2147483647],"int64s":["0","-1"],"uint32s":[1,2],
        "uint64s":["3"],"sint32s":[-4,5],"sint64s":["-6"],"fixed32s":[7],"fixed64s":["8"],"sfixed32s":[-9],
        "sfixed64s":["-10"],"bools":[true,false],"strings":["","a"],"bytesList":["","/w=="],
        "colors":["RED","COLOR_UNSPECIFIED","BLUE",99],"nesteds":[{},{"number":1},{"child":{}}],"unpackedInt32s":[1,-2]})",
    R"({"byInt32":{"-1":"a","0":"b"},"byInt64":{"-9223372036854775808":"c"},"byUint32":{"4294967295":"d"},
        "byUint64":{"18446744073709551615":"e"},"bySint32":{"-5":"f"},"bySint64":{"-6":"g"},"byFixed32":{"7":"h"},
        "byFixed64":{"8":"i"},"bySfixed32":{"-9":"j"},"bySfixed64":{"-10":"k"},"byBool":{"true":"l","false":"m"},
        "byString":{"":"n","é\n":"o"},"nestedByString":{"p":{"number":1},"q":{}},"colorByString":{"r":"RED"},
        "doubleByString":{"s":0,"t":2.5}})",
    R"({"choiceString":""})",
    R"({"choiceInt64":"0"})",
    R"({"choiceNested":{}})",
    R"({"choiceColor":"COLOR_UNSPECIFIED"})",
    R"({"optionalInt32":0,"optionalString":"","optionalBool":false})",
    R"({"timestamp":"2026-11-22T15:31:04.362719363Z","duration":"-1.500s","timestamps":["0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z"],"durationByString":{"a":"0s","b":"315576000000s"}})",
    R"({"wrappedDouble":0,"wrappedFloat":1.5,"wrappedInt64":"-1","wrappedUint64":"2","wrappedInt32":0,
        "wrappedUint32":4,"wrappedBool":false,"wrappedString":"","wrappedBytes":"AA=="})",
    R"({"@other name":"renamed"})",
};

class EveryTypeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    upstream_ = StartEverythingServer().release();
    const std::string upstream = "--upstream=" + upstream_->address();
    by_reflection_ = StartGateway({upstream}).release();
    by_file_ = StartGateway({upstream, "--descriptors=" + FindBinary("tests/conformance/everything.binpb",
                                                                     "PENSTOCK_EVERYTHING_DESCRIPTORS")})
                   .release();
  }
  static void TearDownTestSuite() {
    delete by_file_;
    delete by_reflection_;
    delete upstream_;
  }

  static Server* upstream_;
  static Server* by_reflection_;
  static Server* by_file_;
  Schema schema_;
};

Server* EveryTypeTest::upstream_ = nullptr;
Server* EveryTypeTest::by_reflection_ = nullptr;
Server* EveryTypeTest::by_file_ = nullptr;

TEST_F(EveryTypeTest, ComesBackAsItWent) {
  for (const Server* gateway : {by_reflection_, by_file_}) {
    RawClient client = RawClient::Connect(gateway->address()).value();
    for (const char* value : kValues) {
      SCOPED_TRACE(value);
      ASSERT_TRUE(client.Send(PostJson("/v1/everything:echo", value)).ok());
      const Response response = client.ReadResponse(Soon());
      ASSERT_EQ(response.status, 200) << response.body;
      EXPECT_EQ(JsonAt(response.body, "").find("not JSON"), std::string::npos);
      schema_.ExpectSame(value, response.body);
    }
  }
}

TEST_F(EveryTypeTest, ComesBackInStreamsToo) {
  for (const char* value : kValues) {
    SCOPED_TRACE(value);
    const Response response =
        Exchange(by_reflection_->address(),
                 PostJson("/v1/everything:repeat", absl::StrCat(R"({"count":2,"message":)", value, "}")), Soon())
            .value_or(Response());
    const std::vector<std::string> lines = response.Lines();
    ASSERT_EQ(lines.size(), 3u) << response.body;
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(JsonAt(lines[static_cast<size_t>(i)], "/type"), "\"everything\"");
      schema_.ExpectSame(value, JsonAt(lines[static_cast<size_t>(i)], "/data"));
    }
    EXPECT_EQ(lines[2], R"({"end":{"code":0}})");
  }
}

TEST_F(EveryTypeTest, UnsetFieldsArePrintedButMessagesAreNot) {
  const Response response =
      Exchange(by_reflection_->address(), PostJson("/v1/everything:echo", "{}"), Soon()).value_or(Response());
  EXPECT_EQ(JsonAt(response.body, "/int64Value"), "\"0\"");
  EXPECT_EQ(JsonAt(response.body, "/colorValue"), "\"COLOR_UNSPECIFIED\"");
  EXPECT_EQ(JsonAt(response.body, "/int32s"), "[]");
  EXPECT_EQ(JsonAt(response.body, "/byString"), "{}");
  EXPECT_EQ(JsonAt(response.body, "/@other name"), "\"\"");
  for (const char* absent : {"/nestedValue", "/choiceString", "/optionalInt32", "/timestamp", "/wrappedInt32"}) {
    EXPECT_EQ(JsonAt(response.body, absent), "") << absent;
  }
}

TEST_F(EveryTypeTest, WrongValuesNameTheirField) {
  const struct {
    const char* why;
    const char* body;
    const char* names;
  } kRows[] = {
      {"int32 above", R"({"int32Value":2147483648})", "int32Value"},
      {"uint32 below", R"({"uint32Value":-1})", "uint32Value"},
      {"int64 above", R"({"int64Value":"9223372036854775808"})", "int64Value"},
      {"float above", R"({"floatValue":1e39})", "floatValue"},
      {"bool as string", R"({"boolValue":"true"})", "boolValue"},
      {"an unknown enum name", R"({"colorValue":"MAUVE"})", "colorValue"},
      {"bytes that are not base64", R"({"bytesValue":"%%%"})", "bytesValue"},
      {"in a nested message", R"({"nestedValue":{"child":{"number":"x"}}})", "nestedValue.child.number"},
      {"in a list", R"({"int32s":[1,"x"]})", "int32s[1]"},
      {"in a map's key", R"({"byInt32":{"x":"a"}})", "byInt32"},
      {"in a map's value", R"({"nestedByString":{"a":{"number":true}}})", "nestedByString"},
      {"a oneof twice", R"({"choiceString":"a","choiceInt64":1})", "choice"},
      {"a month that is none", R"({"timestamp":"2026-13-22T15:31:04Z"})", "timestamp"},
      {"a Duration out of range", R"({"duration":"315576000001s"})", "duration"},
      {"a wrapper of another type", R"({"wrappedInt32":"x"})", "wrappedInt32"},
      {"null in a list", R"({"strings":[null]})", "strings"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    const Response response =
        Exchange(by_reflection_->address(), PostJson("/v1/everything:echo", row.body), Soon()).value_or(Response());
    EXPECT_EQ(response.status, 400) << response.body;
    EXPECT_THAT(JsonStringAt(response.body, "/message"), HasSubstr(row.names));
  }
}

TEST_F(EveryTypeTest, RulesOfEveryShapeBind) {
  const std::string shelf_book = R"({"name":"shelves/1/books/2","title":)";
  const struct {
    const char* why;
    std::string request;
    std::string body;
  } kRows[] = {
      {"a variable with slashes", Request("GET", "/v1/shelves/1/books/2"),
       shelf_book + R"("get","authors":[],"pages":0})"},
      {"the query fills enum, list and nested message",
       Request("GET", "/v1/shelves/1/books/2?color=RED&pages=3&pages=4&shelf.id=s"),
       shelf_book + R"("get","authors":["RED","s"],"pages":7})"},
      {"an additional binding", Request("GET", "/v1/books/b%20c?color=2"),
       R"({"name":"b c","title":"get","authors":["GREEN"],"pages":0})"},
      {"body is a field, a variable in a message, a query beside",
       PostJson("/v1/shelves/7/books?requestId=r", R"({"title":"t","pages":9})"),
       R"({"name":"shelves/7/books/new","title":"t","authors":["request r"],"pages":9})"},
      {"the path goes over the body",
       Request("PUT", "/v1/shelves/1/books/2", R"({"name":"x","title":"t","authors":["a"]})",
               "Content-Type: application/json"),
       shelf_book + R"("t","authors":["a"],"pages":0})"},
      {"a dotted variable over a body field",
       Request("PATCH", "/v1/shelves/1/books/2?allowMissing=true", R"({"pages":5})", "Content-Type: application/json"),
       shelf_book + R"("","authors":["allow_missing"],"pages":5})"},
      {"DELETE answers with an empty message", Request("DELETE", "/v1/shelves/1/books/2"), "{}"},
      {"response_body is the list alone", Request("GET", "/v1/shelves/3/books?pageSize=2"),
       R"([{"name":"shelves/3/books/0","title":"","authors":[],"pages":0},{"name":"shelves/3/books/1","title":"","authors":[],"pages":0}])"},
      {"an empty response_body", Request("GET", "/v1/shelves/3/books"), "[]"},
      {"a verb after a variable", PostJson("/v1/shelves/1/books/2:borrow", R"({"pages":[1]})"),
       shelf_book + R"("borrow","authors":[],"pages":1})"},
      {"the rest of the path", Request("GET", "/v1/pages/a/b/c"),
       R"({"name":"a/b/c","title":"read","authors":[],"pages":0})"},
      {"a method of its own kind", Request("ARCHIVE", "/v1/shelves/1/books/2"),
       shelf_book + R"("archive","authors":[],"pages":0})"},
      {"by name, without a rule", PostJson("/penstock.testing.v1.FaultService/Unbound", "{}"),
       R"({"number":"1","payload":""})"},
  };
  RawClient client = RawClient::Connect(by_reflection_->address()).value();
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    ASSERT_TRUE(client.Send(row.request).ok());
    const Response response = client.ReadResponse(Soon());
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, row.body);
    EXPECT_EQ(response.Header("Content-Type"), "application/json");
  }
}

}  // namespace
}  // namespace penstock::testing
