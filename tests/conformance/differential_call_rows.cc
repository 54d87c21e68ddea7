// Rows about everything but a unary call's message: streams, errors, metadata, raw bodies.
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"
#include "tests/conformance/differential_rows.h"
#include "tests/support/raw_client.h"

namespace penstock::testing {
namespace {

Row End(const char* why, absl::string_view json, absl::string_view head = "") {
  return {why, PostJson("/v1/streams:end", json, head)};
}

Row Unary(const char* why, absl::string_view json, absl::string_view head = "") {
  return {why, PostJson("/v1/metadata", json, head)};
}

// google.rpc.Status as grpc-status-details-bin has it, in base64.
std::string Details(int code, const char* message, const char* type, absl::string_view value) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->set_type_url(absl::StrCat("type.googleapis.com/", type));
  status.mutable_details(0)->set_value(std::string(value));
  return absl::Base64Escape(status.SerializeAsString());
}

std::string WithDetails(const std::string& details, const char* more = "") {
  return absl::StrCat(R"({"code":5,"message":"m","rawDetails":")", details, "\"", more, "}");
}

}  // namespace

std::vector<Row> StreamRows() {
  const std::string item = "penstock.testing.v1.Item";
  std::vector<Row> rows = {
      End("a stream without messages", "{}"),
      End("a stream without messages, header first", R"({"headerFirst":true})"),
      End("a stream without messages, with metadata",
          R"({"initial":[{"key":"a","value":"eA=="}],"trailing":[{"key":"t","value":"eA=="}]})"),
      End("a stream without messages, with metadata, header first",
          R"({"headerFirst":true,"initial":[{"key":"a","value":"eA=="}],"trailing":[{"key":"t","value":"eA=="}]})",
          "TE: trailers"),
      End("a stream that fails at once", R"({"code":5,"message":"gone"})"),
      End("a stream that fails at once, with metadata",
          R"({"code":5,"message":"gone","initial":[{"key":"a","value":"eA=="}]})"),
      End("a stream that fails after its header",
          R"({"headerFirst":true,"code":5,"message":"gone","initial":[{"key":"a","value":"eA=="}]})"),
      End("a stream that fails after a message, in words that HTML minds",
          R"({"after":1,"code":5,"message":"gone <&>\u2028 é","initial":[{"key":"a","value":"eA=="}]})"),
      End("a stream that ends", R"({"after":2})"),
      End("metadata of a stream, several values; no trailers though asked for",
          R"({"after":1,"initial":[{"key":"a","value":"eA=="},{"key":"a","value":"eQ=="},{"key":"x_y.z","value":"eg=="}],)"
          R"("trailing":[{"key":"t","value":"eA=="}]})",
          "TE: trailers"),
      End("UNAUTHENTICATED of a stream", R"({"code":16,"message":"who"})"),
      End("UNAUTHENTICATED of a stream after a message", R"({"after":1,"code":16,"message":"who"})"),
      End("a code that is none, in a stream", R"({"code":42,"message":"m"})"),
      End("a stream's details", WithDetails(Details(5, "mm", item.c_str(), "\x08\x05"), R"(,"after":1)")),
      End("details of an unknown type, before the first message",
          WithDetails(Details(5, "mm", "unknown.T", "\x08\x05"))),
      End("details of an unknown type, after the header",
          WithDetails(Details(5, "mm", "unknown.T", "\x08\x05"), R"(,"headerFirst":true)")),
      End("details of an unknown type, after a message",
          WithDetails(Details(5, "mm", "unknown.T", "\x08\x05"), R"(,"after":1)")),
      End("a stream's body that is no JSON", "{bad"),
      End("a stream's empty body", ""),
      End("a stream's body with more behind it", R"({"after":1}{bad)"),
      {"a stream by GET", Request("GET", "/v1/streams:end?after=1")},
      {"a stream by GET with a bad query", Request("GET", "/v1/streams:end?after=x")},
      {"escapes in lines",
       PostJson("/v1/everything:repeat",
                R"({"count":2,"message":{"stringValue":"<b>&\u2028\u2029\u007f\u0001\u001f\b\f\n\r\t/\"\\é𝄞",)"
                R"("nestedValue":{"text":"<"},"byString":{"<":">"}}})")},
      {"numbers in lines",
       PostJson("/v1/everything:repeat",
                R"({"count":1,"message":{"doubles":[1,1.5,1e20,1e21,1e-6,1e-7,"NaN",-0.0,5e-324],)"
                R"("floats":[0.1,16777216,1e10,3.4e38],"int64Value":"-5","timestamp":"2026-01-02T03:04:05.1Z"}})")},
      {"all defaults in lines", PostJson("/v1/everything:repeat", R"({"count":1})")},
      {"a line that cannot be printed",
       PostJson(
           "/v1/everything:repeat",
           R"({"count":2,"message":{"fieldMask":"a","any":{"@type":"type.googleapis.com/google.protobuf.Empty"}}})")},
      {"a stream with a deadline that passes", PostJson("/v1/faults:hangStream", "{}", "Grpc-Timeout: 50m")},
      {"a stream's messages of some size", PostJson("/v1/faults:flood", R"({"bytes":5000,"count":3})")},
  };
  for (const char* field : {"int64", "string", "nested", "strings"}) {
    rows.push_back({absl::StrCat("response_body in a stream: ", field),
                    PostJson(absl::StrCat("/v1/responses/", field),
                             R"({"count":2,"message":{"int64Value":"5","stringValue":"<","strings":["<"]}})")});
    rows.push_back({absl::StrCat("response_body in a stream, unset: ", field),
                    PostJson(absl::StrCat("/v1/responses/", field), R"({"count":1,"message":{}})")});
  }
  for (const char* method : {"collect", "chat"}) {
    for (const char* body :
         {"", "{}",
          R"({"payload":"a"})"
          "\n"
          R"({"payload":"b"})",
          R"({"payload":"a"}{"payload":"b"})", R"([{"payload":"a"}])", R"({"payload":"a"}{bad)", R"({"payload":"a"} x)",
          R"({"payload":"a"},{"payload":"b"})", "null", R"({"payload":"a"}{"payload":5})", R"({"payload":"a")"}) {
      rows.push_back({absl::StrCat(method, ": ", body), PostJson(absl::StrCat("/v1/streams:", method), body)});
    }
  }
  rows.push_back({"a chat that fails after an answer",
                  PostJson("/v1/streams:chat", R"({"payload":"a"}{"payload":"fail"}{"payload":"c"})")});
  rows.push_back({"a chat that fails at once", PostJson("/v1/streams:chat", R"({"payload":"fail"})")});
  rows.push_back({"a query beside a stream in is ignored", PostJson("/v1/streams:collect?payload=q&x=%zz", "{}")});
  return rows;
}

std::vector<Row> HttpBodyRows() {
  const auto post = [](const char* why, const char* target, const char* json) -> Row {
    return {why, PostJson(target, json)};
  };
  return {
      {"HttpBody: bytes and their type", Request("GET", "/v1/files/a/b?contentType=text/plain")},
      {"HttpBody: no type", Request("GET", "/v1/files/a")},
      {"HttpBody: binary", Request("GET", "/v1/files/a?data=AP8=&contentType=image/png")},
      post("HttpBody: nothing", "/v1/files:download", "{}"),
      post("HttpBody: a type with a line break", "/v1/files:download", R"({"contentType":"a\nb","data":"YQ=="})"),
      post("HttpBody: an error", "/v1/files:download", R"({"code":5,"data":"YQ=="})"),
      post("HttpBody: JSON of a lookalike type", "/v1/files:download",
           R"({"contentType":"application/json","data":"eyAgfQ=="})"),
      post("HttpBody stream", "/v1/files:downloadStream", R"({"count":2,"contentType":"text/x","data":"YWI="})"),
      post("HttpBody stream: no chunks", "/v1/files:downloadStream", R"({"count":0,"contentType":"text/x"})"),
      post("HttpBody stream: no type", "/v1/files:downloadStream", R"({"count":1})"),
      post("HttpBody stream: an error at once", "/v1/files:downloadStream", R"({"count":0,"code":5})"),
      post("HttpBody stream: an error later", "/v1/files:downloadStream",
           R"({"count":1,"contentType":"text/x","data":"YWI=","code":5})"),
      post("HttpBody in: it is JSON", "/v1/files:upload", R"({"contentType":"text/x","data":"YWI="})"),
      {"HttpBody in: it is not raw", Request("POST", "/v1/files:upload", "raw", "Content-Type: text/plain")},
      {"HttpBody in: nothing", Request("POST", "/v1/files:upload", "", "Content-Type: text/plain")},
      post("HttpBody in a field", "/v1/uploads/n", R"({"contentType":"text/x","data":"YWI="})"),
      {"HttpBody in a field: not raw", Request("POST", "/v1/uploads/n", "raw")},
      {"HttpBody as response_body", Request("PUT", "/v1/uploads/n", R"({"contentType":"text/x","data":"YWI="})")},
      {"HttpBody as response_body: nothing", Request("PUT", "/v1/uploads/n")},
      post("HttpBody beside other fields", "/v1/uploads",
           R"({"name":"n","file":{"contentType":"text/x","data":"YWI="}})"),
      {"HttpBody: its fields in the query", Request("POST", "/v1/uploads/n?file.contentType=x")},
      post("HttpBody stream in", "/v1/files:uploadStream", R"({"contentType":"t/x","data":"YWI="}{"data":"Yw=="})"),
      post("HttpBody stream in: nothing", "/v1/files:uploadStream", ""),
  };
}

std::vector<Row> ErrorRows() {
  const std::string item = "penstock.testing.v1.Item";
  std::vector<Row> rows = {
      Unary(
          "details of known types",
          R"({"code":5,"message":"gone <&>\u2028é","details":[{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.5s"},)"
          R"({"@type":"type.googleapis.com/penstock.testing.v1.Item","number":"5"}]})"),
      Unary("details that are no Status", WithDetails("/////w==")),
      Unary("details of an unknown type", WithDetails(Details(5, "mm", "unknown.T", "\x08\x05"))),
      Unary("details of an unknown type, after the header's metadata",
            WithDetails(Details(5, "mm", "unknown.T", "\x08\x05"), R"(,"initial":[{"key":"a","value":"eA=="}])")),
      Unary("details that do not parse as their type", WithDetails(Details(5, "mm", item.c_str(), "\xff"))),
      Unary("the details' message goes before the status'", WithDetails(Details(5, "mm", item.c_str(), "\x08\x05"))),
      Unary("details of another code", WithDetails(Details(7, "mm", item.c_str(), "\x08\x05"))),
      Unary("details of google.rpc", WithDetails(Details(5, "mm", "google.rpc.RetryInfo", "\x0a\x02\x08\x05"))),
      {"BadRequest in the details", PostJson("/v1/faults:fail", R"({"code":3,"message":"m","badFields":["f","g"]})")},
      {"UNAUTHENTICATED in words that a header cannot hold",
       PostJson("/v1/faults:fail", R"({"code":16,"message":"bad <x> \"q\" \n."})")},
      {"UNAUTHENTICATED without words", PostJson("/v1/faults:fail", R"({"code":16})")},
      {"an empty message", PostJson("/v1/faults:fail", R"({"code":5})")},
      {"a message of many characters", PostJson("/v1/faults:fail", R"({"code":5,"message":"%41 é 𝄞 \u0001 \\ \" /"})")},
      {"a call with a deadline that passes", PostJson("/v1/faults:hang", "{}", "Grpc-Timeout: 50m")},
      {"a reply that cannot be printed: an Any of unknown type", Request("GET", "/v1/everything:echo?any.type_url=x")},
      {"a reply that cannot be printed: a FieldMask", Request("GET", "/v1/everything:echo?field_mask.paths=a__b")},
  };
  for (int code = 1; code <= 16; ++code) {
    rows.push_back({absl::StrCat("code ", code),
                    PostJson("/v1/faults:fail", absl::StrCat(R"({"code":)", code, R"(,"message":"m"})"))});
  }
  for (int code : {17, 42, 100}) {
    rows.push_back({absl::StrCat("a code that is none: ", code),
                    PostJson("/v1/faults:fail", absl::StrCat(R"({"code":)", code, R"(,"message":"m"})"))});
  }
  return rows;
}

std::vector<Row> MetadataRows() {
  const char* const kBoth =
      R"({"initial":[{"key":"a","value":"eA=="},{"key":"b","value":"eg=="},{"key":"a","value":"eQ=="}],)"
      R"("trailing":[{"key":"t","value":"eA=="},{"key":"u","value":"eg=="},{"key":"t","value":"eQ=="}]})";
  const char* const kFailing = R"({"code":5,"message":"m","initial":[{"key":"a","value":"eA=="}],)"
                               R"("trailing":[{"key":"t","value":"eA=="},{"key":"t","value":"eQ=="}]})";
  std::vector<Row> rows = {
      Unary("metadata of a reply", kBoth),
      Unary("trailers where the client takes them", kBoth, "TE: trailers"),
      Unary("TE among others, in any case", kBoth, "TE: deflate, Trailers;q=0.5"),
      Unary("TE without trailers to send", "{}", "TE: trailers"),
      Unary("metadata of a failed call", kFailing),
      Unary("trailers of a failed call", kFailing, "TE: trailers"),
      Unary("trailers of a call that has nothing else",
            R"({"code":5,"message":"m","trailing":[{"key":"t","value":"eA=="}]})", "TE: trailers"),
      Unary("TE of a call that never began", "{bad", "TE: trailers"),
      {"TE where nothing is routed", PostJson("/nowhere", "{}", "TE: trailers")},
      Unary("binary metadata",
            R"({"initial":[{"key":"b-bin","value":"YWJj"}],"trailing":[{"key":"t-bin","value":"YWJj"}]})",
            "TE: trailers"),
      Unary(
          "metadata that has the names of HTTP headers",
          R"({"initial":[{"key":"trailer","value":"eA=="},{"key":"date","value":"eA=="},{"key":"set-cookie","value":"eA=="},)"
          R"({"key":"x-http-code","value":"NDA0"},{"key":"location","value":"eA=="}]})"),
      Unary("an empty value of metadata", R"({"initial":[{"key":"a","value":""}]})"),
      Unary("no header is forwarded but the permanent ones", "{}",
            "X-Foo: 1\r\nAccept-Encoding: gzip\r\nTraceparent: 00-ab\r\nGrpc-Metadata-X: "
            "1\r\nUpgrade-Insecure-Requests: 1"),
      Unary("the permanent headers", "{}",
            "Accept: */*\r\nAccept-Charset: c\r\nAccept-Language: de\r\nAccept-Ranges: b\r\nCache-Control: no\r\n"
            "Cookie: c=d\r\nDate: x\r\nFrom: f\r\nIf-Match: x\r\nIf-Modified-Since: x\r\nIf-None-Match: x\r\n"
            "If-Schedule-Tag-Match: x\r\nIf-Unmodified-Since: x\r\nMax-Forwards: 3\r\nOrigin: http://o\r\nPragma: p\r\n"
            "Referer: r\r\nUser-Agent: ua\r\nVia: 1.1 v\r\nWarning: w"),
      Unary("Authorization, twice", "{}", "Authorization: Bearer a\r\nAuthorization: b"),
      Unary("one value for each field line", "{}", "Cookie: a=1\r\nCookie: b=2\r\nAccept: x, y"),
      Unary("an empty value", "{}", "Cookie:"),
      Unary("values that metadata cannot hold are dropped one by one", "{}",
            "Authorization: \xc3\xa9\r\nCookie: \xc3\xa9\r\nCookie: ok\r\nX-Forwarded-For: \xc3\xa9\r\n"
            "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Host: \xc3\xa9"),
      Unary("who forwarded is appended to", "{}",
            "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2, 3.3.3.3\r\nX-Forwarded-Host: fh"),
      Unary("an empty X-Forwarded-Host", "{}", "X-Forwarded-Host:"),
      Unary("a key that metadata cannot hold", "{}", "Grpc-Metadata-A!: v"),
      Unary("binary metadata that is no base64 does not matter", "{}", "Grpc-Metadata-A-Bin: %%%"),
      {"metadata by GET", Request("GET", "/v1/metadata")},
      {"a client that waits for 100, seen by the upstream",
       Request("POST", "/v1/metadata", "{}", "Expect: 100-continue")},
  };
  for (const char* timeout : {"1S", "5S", "100m", "5000000u", "3000000000n", "1H", "2M", "5", "S", "x", "-1S", "+1S",
                              "99999999999999999999S", "1.5S", "0S", "5s", " 5S ", "5 S", "100000000S"}) {
    rows.push_back({absl::StrCat("Grpc-Timeout ", timeout),
                    PostJson("/v1/metadata", "{}", absl::StrCat("Grpc-Timeout: ", timeout))});
  }
  return rows;
}

std::vector<Row> LegacyMetadataRows() {
  return {
      Unary("legacy: headers become metadata", "{}",
            "Grpc-Metadata-X: 1\r\nGrpc-Metadata-X: 2\r\ngrpc-metadata-Y_z: v"),
      Unary("legacy: the permanent headers as well", "{}", "Cookie: c=d\r\nX-Foo: 1"),
      Unary("legacy: binary, padded or not", "{}", "Grpc-Metadata-A-Bin: AAE=\r\nGrpc-Metadata-B-Bin: AAE"),
      Unary("legacy: binary that is no base64", "{}", "Grpc-Metadata-A-Bin: %%%"),
      Unary("legacy: binary in the other alphabet", "{}", "Grpc-Metadata-A-Bin: _-8="),
      Unary("legacy: binary, two in one line", "{}", "Grpc-Metadata-A-Bin: AAE=, AAI="),
      Unary("legacy: the reserved prefix", "{}", "Grpc-Metadata-Grpcgateway-Cookie: c"),
      Unary("legacy: who forwarded cannot be set", "{}",
            "Grpc-Metadata-X-Forwarded-For: 6.6.6.6\r\nGrpc-Metadata-X-Forwarded-Host: evil"),
      Unary("legacy: Authorization comes after the real one", "{}",
            "Grpc-Metadata-Authorization: evil\r\nAuthorization: good"),
      Unary("legacy: a key that metadata cannot hold", "{}", "Grpc-Metadata-A!: v"),
      Unary("legacy: a value that metadata cannot hold", "{}", "Grpc-Metadata-A: \xc3\xa9"),
      Unary("legacy: an empty value", "{}", "Grpc-Metadata-A:"),
      Unary("legacy: an empty key", "{}", "Grpc-Metadata-: v"),
      Unary("legacy: names that gRPC keeps for itself", "{}",
            "Grpc-Metadata-Content-Type: x\r\nGrpc-Metadata-Te: x\r\nGrpc-Metadata-Grpc-Timeout: 1S\r\n"
            "Grpc-Metadata-User-Agent: zz"),
  };
}

}  // namespace penstock::testing
