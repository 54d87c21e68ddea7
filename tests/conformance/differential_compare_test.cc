// The comparison reports every difference, and nothing else.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "tests/conformance/differential.h"

namespace penstock::testing {
namespace {

Response Answer(absl::string_view bytes) {
  ResponseParser parser;
  parser.Feed(bytes);
  EXPECT_TRUE(parser.complete()) << bytes << parser.response().error;
  return parser.response();
}

std::string Json(absl::string_view body, absl::string_view head = "HTTP/1.1 200 OK") {
  return absl::StrCat(head, "\r\nContent-Type: application/json\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

TEST(Differential, SeesEveryAspect) {
  const std::string not_found = "HTTP/1.1 404 Not Found";
  const std::string error = Json(R"({"code":5, "message":"gone", "details":[]})", not_found);
  const std::string chunked = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
  const std::string line = "\r\nd\r\n{\"result\":1}\n\r\n0\r\n";
  const std::string internal = "HTTP/1.1 500 Internal Server Error";
  const std::string unprintable = R"({"code":2,"message":"proto: google.protobuf.FieldMask.paths","details":[]})";
  const struct {
    const char* why;
    std::string reference, ours, found;
  } kRows[] = {
      {"the same", Json("{}"), Json("{}"), ""},
      {"white space between tokens", Json(R"({"a": 1, "b":[1, 2]})"), Json(R"({"a":1,"b":[1,2]})"), ""},
      {"white space in a string", Json(R"({"a":"x y"})"), Json(R"({"a":"xy"})"), "body"},
      {"an escaped quote does not end a string", Json(R"({"a":"\" b"})"), Json(R"({"a":"\"b"})"), "body"},
      {"the order of members", Json(R"({"a":1,"b":2})"), Json(R"({"b":2,"a":1})"), "body"},
      {"the status", Json("{}"), Json("{}", not_found), "status"},
      {"the words of an error", error, Json(R"({"code":5,"message":"lost","details":[]})", not_found), "message"},
      {"the code of an error", error, Json(R"({"code":6,"message":"gone","details":[]})", not_found), "body"},
      {"the details of an error", error, Json(R"({"code":5,"message":"gone"})", not_found), "body"},
      {"the shape of an error", error, Json(R"({"error":{"code":5,"message":"gone","details":[]}})", not_found),
       "body"},
      {"what Go's parser says", Json("{\"code\":3,\"message\":\"proto:\u00a0syntax error\",\"details\":[]}", not_found),
       Json(R"({"code":3,"message":"bad JSON","details":[]})", not_found), ""},
      {"a mapped header, in any case", Json("{}", "HTTP/1.1 200 OK\r\nGrpc-Metadata-A: x"),
       Json("{}", "HTTP/1.1 200 OK\r\ngrpc-metadata-a: x"), ""},
      {"a mapped header's value", Json("{}", "HTTP/1.1 200 OK\r\nGrpc-Metadata-A: x"),
       Json("{}", "HTTP/1.1 200 OK\r\nGrpc-Metadata-A: y"), "headers"},
      {"the order of a header's values", Json("{}", "HTTP/1.1 200 OK\r\nGrpc-Metadata-A: x\r\nGrpc-Metadata-A: y"),
       Json("{}", "HTTP/1.1 200 OK\r\nGrpc-Metadata-A: y\r\nGrpc-Metadata-A: x"), "headers"},
      {"the order of headers", Json("{}", "HTTP/1.1 200 OK\r\nGrpc-Metadata-A: x\r\nGrpc-Metadata-B: y"),
       Json("{}", "HTTP/1.1 200 OK\r\nGrpc-Metadata-B: y\r\nGrpc-Metadata-A: x"), ""},
      {"another header", Json("{}"), Json("{}", "HTTP/1.1 200 OK\r\nServer: x"), ""},
      {"Allow", Json("{}"), Json("{}", "HTTP/1.1 200 OK\r\nAllow: GET"), "headers"},
      {"the content type", Json("{}"), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "content type"},
      {"chunks of a unary body", Json("{}"), chunked + "\r\n2\r\n{}\r\n0\r\n\r\n", ""},
      {"a stream that was held back until it had a length", chunked + line + "\r\n", Json("{\"result\":1}\n"),
       "framing"},
      {"what Go cannot print, printed", Json(unprintable, internal), Json("{}"), ""},
      {"what neither can print", Json(unprintable, internal),
       Json(R"({"code":2,"message":"a FieldMask path","details":[]})", internal), ""},
      {"what neither can print, with another code", Json(unprintable, internal),
       Json(R"({"code":13,"message":"a FieldMask path","details":[]})", internal), "body"},
      {"a trailer", chunked + line + "Grpc-Trailer-T: x\r\n\r\n", chunked + line + "\r\n", "trailers"},
      {"white space in a line", chunked + line + "\r\n", chunked + "\r\ne\r\n{\"result\": 1}\n\r\n0\r\n\r\n", "body"},
      {"how lines are cut into chunks", chunked + line + "\r\n",
       chunked + "\r\n1\r\n{\r\nc\r\n\"result\":1}\n\r\n0\r\n\r\n", ""},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    const std::vector<Difference> found = Differences(Answer(row.reference), Answer(row.ours));
    EXPECT_EQ(absl::StrJoin(found, ", ", [](std::string* out, const Difference& d) { *out += AspectName(d.aspect); }),
              row.found);
  }
}

TEST(Differential, SeesThatAnAnswerIsMissing) {
  const std::vector<Difference> found = Differences(Answer(Json("{}")), Response());
  EXPECT_FALSE(found.empty());
}

TEST(Differential, ReportsTheRequestAndBothAnswers) {
  const Response reference = Answer(Json(R"({"a":1})")), ours = Answer(Json(R"({"a":2})"));
  const std::string report = Report("GET /x HTTP/1.1\r\n\r\n", Differences(reference, ours), reference, ours);
  for (const char* part : {"GET /x", "{\\\"a\\\":1}", "{\\\"a\\\":2}", "body"}) {
    EXPECT_NE(report.find(part), std::string::npos) << part << " is not in\n" << report;
  }
}

}  // namespace
}  // namespace penstock::testing
