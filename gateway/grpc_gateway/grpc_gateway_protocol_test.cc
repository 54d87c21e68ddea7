// Native and grpc-gateway's protocol beside each other: a table of what is asked, and what each answers.
#include "gateway/grpc_gateway/grpc_gateway_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/protocol/native_protocol.h"
#include "gateway/schema/schema_source.h"

namespace penstock::grpc_gateway {
namespace {

using Kind = route::Router::Match::Kind;

constexpr char kDetails[] = "type.googleapis.com/google.rpc.Status";

const Protocol& Native() {
  static const NativeProtocol kNative{MetadataOptions()};
  return kNative;
}
const Protocol& GrpcGateway() {
  static const GrpcGatewayProtocol kGrpcGateway{MetadataOptions()};
  return kGrpcGateway;
}

std::string Text(const http::Headers& headers) {
  std::string text;
  for (const http::Header& header : headers) absl::StrAppend(&text, header.name, ": ", header.value, "\n");
  return text;
}

std::string Text(const Answer& answer) {
  return absl::StrCat(answer.http_status, " ", static_cast<int>(answer.code), " ", answer.body, " ",
                      Text(answer.headers));
}

http::RequestHead Head(const std::string& method, http::Headers headers = {}) {
  http::RequestHead head;
  head.method = method;
  head.headers = std::move(headers);
  return head;
}

class ProtocolsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SchemaOptions options;
    options.print.unpopulated = false;
    auto schema = SchemaFromFiles({"tests/conformance/everything.binpb"}, options);
    ASSERT_TRUE(schema.ok()) << schema.status();
    schema_ = *std::move(schema);
  }

  const Schema::Route& RouteOf(const std::string& method, const std::string& path) {
    const route::Router::Match match = schema_->router().Find(method, path);
    EXPECT_EQ(match.kind, Kind::kFound) << method << " " << path;
    return schema_->route(match.route);
  }
  const Schema::Route& Unary() { return RouteOf("POST", "/v1/faults:fail"); }
  const Schema::Route& Streaming() { return RouteOf("POST", "/v1/faults:failStream"); }
  const Schema::Route& Download() { return RouteOf("POST", "/v1/files:downloadStream"); }

  std::shared_ptr<const Schema> schema_;
};

TEST_F(ProtocolsTest, WhatNoRouteTakes) {
  struct Row {
    const char* method;
    Kind kind;
    const char* native;
    const char* grpc_gateway;
  };
  const Row rows[] = {
      {"GET", Kind::kNotFound,
       "404 5 {\"code\":5,\"message\":\"no method is bound to GET /x\",\"details\":[]} Content-Type: "
       "application/json\n",
       "404 5 {\"code\":5,\"message\":\"Not Found\",\"details\":[]} Content-Type: application/json\n"},
      {"PUT", Kind::kMethodNotAllowed,
       "405 12 {\"code\":12,\"message\":\"method PUT is not allowed here; allowed: GET\",\"details\":[]} "
       "Allow: GET\nContent-Type: application/json\n",
       "501 12 {\"code\":12,\"message\":\"Method Not Allowed\",\"details\":[]} Content-Type: application/json\n"},
      {"OPTIONS", Kind::kMethodNotAllowed, "204 0  Allow: GET\n",
       "501 12 {\"code\":12,\"message\":\"Method Not Allowed\",\"details\":[]} Content-Type: application/json\n"},
      {"GET", Kind::kBadPath,
       "400 3 {\"code\":3,\"message\":\"the path is broken\",\"details\":[]} Content-Type: application/json\n",
       "400 3 400 Bad Request connection: close\nContent-Type: text/plain; charset=utf-8\n"},
  };
  for (const Row& row : rows) {
    route::Router::Match match;
    match.kind = row.kind;
    match.allow = "GET";
    match.error = "the path is broken";
    EXPECT_EQ(Text(Native().Unrouted(Head(row.method), match, "/x")), row.native);
    EXPECT_EQ(Text(GrpcGateway().Unrouted(Head(row.method), match, "/x")), row.grpc_gateway);
  }
}

TEST_F(ProtocolsTest, WhatIsRefusedByItsHead) {
  struct Row {
    const char* why;
    http::Headers headers;
    int native;  // 0: admitted; grpc-gateway admits everything
  };
  const Row rows[] = {
      {"nothing said", {}, 0},
      {"JSON with parameters", {{"content-type", "application/json; charset=utf-8"}}, 0},
      {"a form", {{"content-type", "application/x-www-form-urlencoded"}}, 415},
      {"text, which any page may post", {{"content-type", "text/plain"}}, 415},
      {"compressed", {{"content-encoding", "gzip"}}, 415},
      {"a type that no method has", {{"accept", "image/png"}}, 406},
  };
  for (const Row& row : rows) {
    for (const Schema::Route* route : {&Unary(), &Streaming()}) {
      http::RequestHead head = Head("POST", row.headers);
      head.has_body = true;
      const Admission native = Native().Admit(head, *route);
      EXPECT_EQ(native.refusal ? native.refusal->http_status.value_or(-1) : 0, row.native) << row.why;
      EXPECT_FALSE(GrpcGateway().Admit(head, *route).refusal) << row.why;
    }
  }
}

TEST_F(ProtocolsTest, AStreamOfMessagesMayBeJsonLines) {
  http::RequestHead head = Head("POST", {{"content-type", "application/x-ndjson"}});
  head.has_body = true;
  EXPECT_FALSE(Native().Admit(head, RouteOf("POST", "/v1/streams:collect")).refusal);
  EXPECT_TRUE(Native().Admit(head, Unary()).refusal);
}

TEST_F(ProtocolsTest, OnlyAFormPostIsLookedUpOtherwise) {
  const http::Headers form = {{"content-type", "application/x-www-form-urlencoded; a=b"}};
  const http::Headers overriding = {form[0], {"x-http-method-override", "delete"}};
  struct Row {
    const char* why;
    http::RequestHead head;
    const char* method;
    bool is_form_post;
  };
  const Row rows[] = {
      {"a GET", Head("GET"), "GET", false},
      {"JSON", Head("POST", {{"content-type", "application/json"}}), "POST", false},
      {"a form", Head("POST", form), "POST", true},
      {"a form with another method", Head("POST", overriding), "DELETE", false},
      {"JSON with another method", Head("POST", {overriding[1]}), "POST", false},
      {"a PUT of a form", Head("PUT", overriding), "PUT", false},
  };
  for (const Row& row : rows) {
    const Lookup lookup = GrpcGateway().LookupOf(row.head);
    EXPECT_EQ(lookup.method, row.method) << row.why;
    EXPECT_EQ(lookup.is_form_post, row.is_form_post) << row.why;
    EXPECT_EQ(Native().LookupOf(row.head).method, row.head.method) << row.why;
    EXPECT_FALSE(Native().LookupOf(row.head).is_form_post) << row.why;
  }
}

// Item { number = 1: 5, payload = 2: "<&" }
constexpr char kItem[] = "\x08\x05\x12\x02<&";
// HttpBody { content_type = 1: "text/csv", data = 2: "a\n" }
constexpr char kBody[] =
    "\x0a\x08text/csv\x12\x02"
    "a\n";

// One stream of a record, as its client sees it: head fields, record, endings.
struct Written {
  std::string headers, record, ok, failure, early, unprocessed;
};

Written Write(const Protocol& protocol, const Schema::Route& route, absl::string_view message,
              http::Headers asked = {}) {
  Written written;
  const StreamFormat* format = protocol.Admit(Head("POST", std::move(asked)), route).format;
  if (format == nullptr) {
    ADD_FAILURE() << "not a stream";
    return written;
  }
  http::Headers headers;
  format->AppendHeaders(route, message, &headers);
  written.headers = Text(headers);
  EXPECT_TRUE(format->AppendRecord(route, message, 1000, &written.record).ok());
  const absl::Status failure = absl::NotFoundError("<no>");
  format->AppendEnding({absl::OkStatus(), {}, {}}, &written.ok);
  format->AppendEnding({failure, {}, {}}, &written.failure);
  const FailedRequest request{format, /*called=*/true, /*sends_trailers=*/false, {}, {}};
  written.early = protocol.Fail({failure, /*unprocessed=*/false}, request).body;
  written.unprocessed = protocol.Fail({failure, /*unprocessed=*/true}, request).body;
  return written;
}

constexpr char kStatus[] = R"({"code":5,"message":"<no>","details":[]})";

TEST_F(ProtocolsTest, NativeStreamsAreTypedRecordsWithAnEnding) {
  const Written lines = Write(Native(), Streaming(), kItem);
  EXPECT_EQ(lines.headers,
            "Content-Type: application/x-ndjson\nCache-Control: no-store, no-transform\nX-Accel-Buffering: no\n");
  EXPECT_EQ(lines.record, "{\"type\":\"item\",\"data\":{\"number\":\"5\",\"payload\":\"<&\"}}\n");
  EXPECT_EQ(lines.ok, "{\"end\":{\"code\":0}}\n");
  EXPECT_EQ(lines.failure, absl::StrCat("{\"error\":", kStatus, "}\n"));
  EXPECT_EQ(lines.early, kStatus);
  EXPECT_EQ(lines.unprocessed, kStatus);
  EXPECT_THAT(Write(Native(), Streaming(), kItem, {{"accept", "application/json"}}).headers,
              ::testing::StartsWith("Content-Type: application/json\n"));
}

TEST_F(ProtocolsTest, NativeDownloadsAreBytes) {
  const Written bytes = Write(Native(), Download(), kBody, {{"accept", "image/png"}});
  EXPECT_THAT(bytes.headers, ::testing::StartsWith("Content-Type: text/csv\n"));
  EXPECT_EQ(bytes.record, "a\n");
  EXPECT_EQ(bytes.ok, "");
  EXPECT_EQ(bytes.early, kStatus) << "before the first byte it is an HTTP status as anywhere";
  const StreamFormat* format = Native().Admit(Head("POST"), Download()).format;
  EXPECT_FALSE(format->ends_in_band()) << "after it, an abort";
  EXPECT_EQ(format->heartbeat(), "") << "no byte is ours";
  EXPECT_FALSE(format->head_goes_alone()) << "the first message has the type";
}

TEST_F(ProtocolsTest, GrpcGatewayStreamsAreResults) {
  const Written lines = Write(GrpcGateway(), Streaming(), kItem);
  EXPECT_EQ(lines.headers, "Content-Type: application/json\n");
  EXPECT_EQ(lines.record, "{\"result\":{\"number\":\"5\",\"payload\":\"\\u003c\\u0026\"}}\n");
  EXPECT_EQ(lines.ok, "");
  const std::string failure = "{\"error\":{\"code\":5,\"message\":\"\\u003cno\\u003e\",\"details\":[]}}\n";
  EXPECT_EQ(lines.failure, failure);
  EXPECT_EQ(lines.early, failure);
  EXPECT_EQ(lines.unprocessed, kStatus) << "no stream was opened, so this is no line of one";

  const Written bodies = Write(GrpcGateway(), Download(), kBody);
  EXPECT_EQ(bodies.headers, "Content-Type: text/csv\n");
  EXPECT_EQ(bodies.record, "a\n\n");
  http::Headers none;
  GrpcGateway().Admit(Head("POST"), Streaming()).format->AppendHeaders(Streaming(), absl::nullopt, &none);
  EXPECT_EQ(Text(none), "") << "a stream without a message has no type";
}

TEST_F(ProtocolsTest, WhatTheUpstreamSaidAtTheEnd) {
  const auto text = [](const absl::Status& status) {
    return absl::StrCat(status.raw_code(), " ", status.message(), status.GetPayload(kDetails) ? " +details" : "");
  };
  const auto said = [](int code, absl::string_view message, absl::string_view details = "") {
    absl::Status status(static_cast<absl::StatusCode>(code), message);
    if (!details.empty()) status.SetPayload(kDetails, absl::Cord(details));
    return status;
  };
  struct Row {
    absl::Status said;
    const char* native;
    const char* grpc_gateway;
    const char* reason;
  };
  const Row rows[] = {
      {absl::OkStatus(), "0 ", "0 ", "well"},
      {said(5, "m"), "5 m", "5 m", "one of gRPC's codes"},
      {said(42, "m"), "2 m (grpc-status 42)", "42 m", "none of them"},
      {said(42, ""), "2 (grpc-status 42)", "42 ", "without a message"},
      {said(42, "m", "\x08\x2a"), "2 m (grpc-status 42) +details", "42  +details", "with details"},
      {said(5, "m", "\x08\x05\x12\x02mm"), "5 m +details", "5 mm +details", "the details' message"},
      {said(5, "m", "\x08"), "5 m +details", "5 m +details", "details that are broken"},
      {said(5, "m", "\x08\x07\x12\x02mm"), "5 m +details",
       "13 grpc-status-details-bin mismatch: grpc-status=5, grpc-message=m, grpc-status-details-bin=code:7 message:mm",
       "details of another code"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(text(Native().StatusOf(row.said)), row.native) << row.reason;
    EXPECT_EQ(text(GrpcGateway().StatusOf(row.said)), row.grpc_gateway) << row.reason;
  }
}

TEST_F(ProtocolsTest, WhatBecomesOfAWholeAnswer) {
  const auto complete = [](const Protocol& protocol, const Schema::Route& route, const PrintedMessage& printed) {
    CallMetadata metadata;
    metadata.headers = {{"a", "x"}};
    metadata.trailers = {{"b", "y"}};
    const Answer answer = protocol.Complete(route, printed, metadata, /*sends_trailers=*/true);
    return absl::StrCat(answer.body, "|", Text(answer.headers), "|", Text(answer.trailers));
  };
  Schema::Route health = Unary();
  health.is_health_check = true;
  const Schema::Route& file = RouteOf("POST", "/v1/files:download");
  const Schema::Route& field = RouteOf("PUT", "/v1/uploads/n");
  const std::string kTrailers = "|Grpc-Trailer-b: y\n";
  struct Row {
    const Schema::Route& route;
    PrintedMessage printed;
    std::string native, grpc_gateway;
    const char* reason;
  };
  const Row rows[] = {
      {Unary(), {"application/json", "{}"}, "application/json", "application/json", "a message"},
      {file, {"text/x", "a"}, "text/x", "text/x", "a body"},
      {file, {absl::nullopt, "a"}, "none", "", "a body without a type"},
      {file, {"a\nb", "a"}, "a\nb", "a b", "a type that no header can hold"},
      {field, {"text/x", "a"}, "text/x", "application/json", "a body in a field"},
  };
  const auto expected = [&](const Row& row, const std::string& type) {
    return absl::StrCat(row.printed.body, "|Grpc-Metadata-a: x\n", type == "none" ? "" : "Content-Type: " + type + "\n",
                        kTrailers);
  };
  for (const Row& row : rows) {
    EXPECT_EQ(complete(Native(), row.route, row.printed), expected(row, row.native)) << row.reason;
    EXPECT_EQ(complete(GrpcGateway(), row.route, row.printed), expected(row, row.grpc_gateway)) << row.reason;
  }
  EXPECT_EQ(complete(GrpcGateway(), health, {"application/json", "{}"}),
            "{}\n|Content-Type: application/json\n" + kTrailers);
}

TEST_F(ProtocolsTest, TheHealthCheckIsAnsweredByItsMessage) {
  Schema::Route health = Unary();
  health.is_health_check = true;
  struct Row {
    std::string message;
    absl::Status status;
  };
  const Row rows[] = {
      {"\x08\x02", absl::UnavailableError("status:NOT_SERVING")},
      {"\x08\x03", absl::NotFoundError("status:SERVICE_UNKNOWN")},
      {"", absl::UnavailableError("")},
  };
  for (const Row& row : rows) {
    PrintedMessage printed;
    EXPECT_EQ(GrpcGateway().Print(health, row.message, 1000, &printed), row.status);
  }
  PrintedMessage printed;
  EXPECT_EQ(GrpcGateway().Print(health, "\x08\x01", 1000, &printed), absl::OkStatus());
}

TEST_F(ProtocolsTest, WhatAFailureSaysInItsHead) {
  struct Row {
    absl::Status status;
    bool unprocessed, streams;
    const char* native;
    const char* grpc_gateway;
  };
  const Row rows[] = {
      {absl::UnavailableError("u"), true, true, "Retry-After: 1\n", ""},
      {absl::UnavailableError("u"), false, false, "", ""},
      {absl::UnauthenticatedError("who"), false, false, "WWW-Authenticate: Bearer\n", "WWW-Authenticate: who\n"},
      {absl::UnauthenticatedError("who\nare"), false, false, "WWW-Authenticate: Bearer\n",
       "WWW-Authenticate: who are\n"},
      {absl::UnauthenticatedError("who"), false, true, "WWW-Authenticate: Bearer\n", ""},
      {absl::NotFoundError("n"), true, false, "", ""},
  };
  const auto fail = [this](const Protocol& protocol, const Row& row) {
    const StreamFormat* format = row.streams ? protocol.Admit(Head("POST"), Streaming()).format : nullptr;
    return Text(protocol.Fail({row.status, row.unprocessed}, {format, true, false, {}, {}}).headers);
  };
  for (const Row& row : rows) {
    EXPECT_EQ(fail(Native(), row), absl::StrCat(row.native, "Content-Type: application/json\n"));
    EXPECT_EQ(fail(GrpcGateway(), row), absl::StrCat(row.grpc_gateway, "Content-Type: application/json\n"));
  }
}

}  // namespace
}  // namespace penstock::grpc_gateway
