// Rows about JSON in the whole body or in a field of it, and JSON in responses.
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "tests/conformance/differential_rows.h"
#include "tests/support/raw_client.h"

namespace penstock::testing {
namespace {

void AddBodies(const std::string& what, const std::string& method, const std::string& target,
               std::initializer_list<const char*> bodies, std::vector<Row>* rows) {
  for (const char* body : bodies) {
    rows->push_back({absl::StrCat(what, ": ", body), Request(method, target, body, "Content-Type: application/json")});
  }
}

}  // namespace

std::vector<Row> BodyRows() {
  std::vector<Row> rows;
  AddBodies("json", "POST", "/v1/everything:echo",
            {"",
             "null",
             "[]",
             "1",
             "\"x\"",
             "{",
             R"({"a")",
             "{}x",
             "{}{bad",
             "  {} ",
             "\n{}\n",
             R"({"stringValue":"a"} {"stringValue":"b"})",
             R"({"stringValue":"a","stringValue":"b"})",
             R"({"stringValue":"a","string_value":"b"})",
             R"({"unknown":1})",
             R"({"unknown":{"a":[1,{"b":null}]}})",
             R"({"unknown":1,"unknown":2})",
             R"({"nestedValue":{"zzz":1}})",
             R"({"colorValue":"MAUVE"})",
             R"({"colors":["MAUVE","RED"]})",
             R"({"colorByString":{"a":"MAUVE","b":"RED"}})",
             R"({"colorValue":77})",
             R"({"colorValue":1.0})",
             R"({"colorValue":1.5})",
             R"({"colorValue":null})",
             R"({"colorValue":"1"})",
             R"({"colorValue":true})",
             R"({"choiceColor":"MAUVE"})",
             R"({"int32Value":"5"})",
             R"({"int32Value":5.0})",
             R"({"int32Value":5e1})",
             R"({"int32Value":"5e1"})",
             R"({"int32Value":"0x5"})",
             R"({"int32Value":" 5"})",
             R"({"int32Value":""})",
             R"({"int32Value":5.5})",
             R"({"int32Value":2147483648})",
             R"({"int64Value":5})",
             R"({"int64Value":9007199254740993})",
             R"({"int64Value":"9223372036854775808"})",
             R"({"int64Value":1e18})",
             R"({"uint32Value":-1})",
             R"({"uint32Value":-0})",
             R"({"boolValue":"true"})",
             R"({"boolValue":1})",
             R"({"doubleValue":"1.5"})",
             R"({"doubleValue":"abc"})",
             R"({"doubleValue":1e400})",
             R"({"doubleValue":"inf"})",
             R"({"doubleValue":"-Infinity"})",
             R"({"doubleValue":"NaN"})",
             R"({"doubleValue":""})",
             R"({"doubleValue":" 1"})",
             R"({"floatValue":1e39})",
             R"({"floatValue":3.4028235e38})",
             R"({"stringValue":5})",
             R"({"stringValue":"\ud800"})",
             R"({"stringValue":"\ud834\udd1e"})",
             R"({"stringValue":"\u0000"})",
             R"({"stringValue":"\x"})"},
            &rows);
  AddBodies("json", "POST", "/v1/everything:echo",
            {R"({"bytesValue":"YQ"})",
             R"({"bytesValue":"YQ=="})",
             R"({"bytesValue":"_-8="})",
             R"({"bytesValue":"%%"})",
             R"({"bytesValue":"YR=="})",
             R"({"bytesValue":[1]})",
             R"({"nestedValue":null})",
             R"({"nestedValue":{}})",
             R"({"nestedValue":[]})",
             R"({"int32s":[1,null]})",
             R"({"int32s":5})",
             R"({"int32s":null})",
             R"({"nesteds":[null]})",
             R"({"byString":{"a":null}})",
             R"({"byInt32":{"x":"a"}})",
             R"({"byInt32":{"1":"a","01":"b"}})",
             R"({"byBool":{"true":"a","TRUE":"b"}})",
             R"({"byString":{"b":"1","a":"2","aa":"3"}})",
             R"({"byInt32":{"10":"a","9":"b","-1":"c"}})",
             R"({"byBool":{"true":"a","false":"b"}})",
             R"({"byUint64":{"18446744073709551615":"a","2":"b"}})",
             R"({"choiceString":"a","choiceInt64":1})",
             R"({"choiceString":null,"choiceInt64":1})",
             R"({"choiceNested":{}})",
             R"({"optionalInt32":0})",
             R"({"optionalInt32":null})",
             R"({"optionalNull":null})",
             R"({"timestamp":"2026-13-01T00:00:00Z"})",
             R"({"timestamp":"2026-01-01T00:00:00+01:00"})",
             R"({"timestamp":"0000-01-01T00:00:00Z"})",
             R"({"timestamp":"2026-01-01T00:00:00.1Z"})",
             R"({"timestamp":"2026-01-01T00:00:00.000001Z"})",
             R"({"timestamp":"2026-01-01t00:00:00Z"})",
             R"({"duration":"1.5s"})",
             R"({"duration":"1h"})",
             R"({"duration":"01s"})",
             R"({"duration":"0s"})",
             R"({"duration":"+1s"})",
             R"({"duration":".5s"})",
             R"({"duration":"1.s"})",
             R"({"duration":"-.5s"})",
             R"({"duration":"\"1s\""})",
             R"({"duration":" 1s"})",
             R"({"duration":"1.0000000001s"})",
             R"({"timestamp":"2026-01-01T00:00:00.0000000001Z"})",
             R"({"timestamp":"2026-01-01T00:00:60Z"})",
             R"({"timestamp":"2026-01-01T24:00:00Z"})",
             R"({"timestamp":"2026-01-01T0:00:00Z"})",
             R"({"timestamp":"2026-01-01T00:00:00,5Z"})",
             R"({"timestamp":"2026-01-01T00:00:00+24:00"})",
             R"({"duration":"-0.000000001s"})",
             R"({"duration":"315576000001s"})",
             R"({"wrappedInt32":5})",
             R"({"wrappedInt32":"x"})",
             R"({"wrappedString":null})",
             R"({"wrappedInt64":"5","wrappedUint64":6,"wrappedBool":false})",
             R"({"fieldMask":"a,bC.d"})",
             R"({"fieldMask":""})",
             R"({"fieldMask":"a_b"})",
             R"({"fieldMask":"a,"})"},
            &rows);
  AddBodies(
      "json", "POST", "/v1/everything:echo",
      {R"({"any":{"@type":"type.googleapis.com/penstock.testing.v1.Item","number":5}})",
       R"({"any":{"number":5,"@type":"type.googleapis.com/penstock.testing.v1.Item"}})",
       R"({"any":{"@type":"x/unknown.T","a":1}})",
       R"({"any":{"a":1}})",
       R"({"any":{}})",
       R"({"any":null})",
       R"({"any":{"@type":"type.googleapis.com/penstock.testing.v1.Item","number":5,"zz":1}})",
       R"({"any":{"@type":"elsewhere.test/penstock.testing.v1.Item"}})",
       R"({"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}})",
       R"({"any":{"@type":"type.googleapis.com/google.protobuf.Duration"}})",
       R"({"any":{"@type":"type.googleapis.com/google.protobuf.Empty","value":{}}})",
       R"({"any":{"@type":"type.googleapis.com/google.protobuf.Empty"}})",
       R"({"any":{"@type":"type.googleapis.com/google.protobuf.Any","value":{"@type":"type.googleapis.com/google.protobuf.Empty"}}})",
       R"({"struct":{"a":[1,null,{"b":true}],"a2":"x"}})",
       R"({"struct":{"b":1,"a":2}})",
       R"({"struct":{"a":1,"a":2}})",
       R"({"struct":null})",
       R"({"value":null})",
       R"({"value":[1,"a"]})",
       R"({"value":{"a":{"b":1e21}}})",
       R"({"values":[null,1,"a",{}]})",
       R"({"listValue":[1]})",
       R"({"nullValue":null})",
       R"({"nullValue":"NULL_VALUE"})",
       R"({"nullValue":0})",
       R"({"nulls":[null]})",
       R"({"empty":{}})",
       R"({"empty":{"a":1}})",
       R"({"empty":null})",
       R"({"@other name":"x"})",
       R"({"renamed":"x"})",
       "{'a':1}",
       R"({"int32s":[1,]})",
       R"({"a":1,})",
       "// x\n{}",
       "\xef\xbb\xbf{}",
       "{\"stringValue\":\"a\tb\"}",
       "{\"stringValue\":\"\x01\"}",
       "{\"stringValue\":\"\xff\"}",
       R"({"int32Value":01})",
       R"({"int32Value":+1})",
       R"({"int32Value":-0})",
       R"({"int32Value":1 2})",
       R"({"int32Value":.5})",
       R"({"int32Value":5.})",
       R"({"int32Value":NaN})",
       R"({"nestedValue":{"child":{"number":"x"}}})",
       R"({"[penstock.testing.v1.label]":"x"})",
       R"({"stringValue":"<b>&\u2028\u2029\u007f/\b\f\n\r\t\"\\é𝄞"})",
       R"({"doubles":[1,1.5,1e20,1e21,1e-6,1e-7,-0.0,123456789012345678,5e-324,1.7976931348623157e308]})",
       R"({"floats":[0.1,16777216,1e10,3.4e38,1e-45,1e-7,1e21,0.3]})"},
      &rows);
  AddBodies(
      "proto2", "POST", "/v1/proto2:echo",
      {"{}", R"({"number":7})", R"({"number":null})", R"({"inner":{}})", R"({"inner":{"id":1}})", R"({"size":"HUGE"})",
       R"({"size":9})", R"({"size":"LARGE"})", R"({"sizes":["SMALL","HUGE"]})", R"({"sizes":[9]})",
       R"({"part":{"weight":1}})", R"({"parts":[{"weight":1},{}]})", R"({"Part":{"weight":1}})", R"({"data":""})",
       R"({"[penstock.testing.v1.label]":"x","[penstock.testing.v1.inner_label]":{"id":1}})",
       R"({"[penstock.testing.v1.innerLabel]":{"id":1}})", R"({"[penstock.testing.v1.zz]":1})"},
      &rows);
  rows.push_back({"the content type does not matter",
                  Request("POST", "/v1/everything:echo", R"({"stringValue":"a"})", "Content-Type: text/xml")});
  rows.push_back({"no content type", Request("POST", "/v1/everything:echo", R"({"stringValue":"a"})")});
  rows.push_back({"Accept does not matter", PostJson("/v1/everything:echo", "{}", "Accept: text/html")});
  rows.push_back({"a chunked body",
                  "POST /v1/everything:echo HTTP/1.1\r\nHost: penstock.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "2\r\n{\"\r\n9\r\nint32Valu\r\n5\r\ne\":1}\r\n0\r\n\r\n"});
  rows.push_back({"a client that waits for 100", Request("POST", "/v1/everything:echo", "{}", "Expect: 100-continue")});
  return rows;
}

std::vector<Row> BodyFieldRows() {
  std::vector<Row> rows;
  const auto add = [&rows](const char* field, std::initializer_list<const char*> bodies) {
    AddBodies(absl::StrCat("body ", field), "POST", absl::StrCat("/v1/body/", field), bodies, &rows);
  };
  add("nested", {R"({"text":"a"})", "", "null", "5", R"({"zz":1})", "{bad", R"({"text":"a"}x)"});
  add("child", {R"({"text":"a"})", "", "null"});
  add("string", {"\"a\"", "", "null", "5", "a", R"("\ud800")", "\"<\"", "\"a\"x"});
  add("int64", {"5", "\"5\"", "null", "5.0", "1e1", "9223372036854775808", "-5", ""});
  add("double", {"1.5", "\"NaN\"", "null", "1e400", "5"});
  add("bool", {"true", "\"true\"", "1", "null"});
  add("bytes", {"\"YQ==\"", "\"YQ\"", "\"_-8=\"", "null", "[1,2]", "\"\""});
  add("color", {"1", "\"RED\"", "99", "1.5", "null", "4294967296", "-1", ""});
  add("strings", {R"(["a","b"])", "[]", "null", R"(["a",null])", "\"a\"", "[1]", ""});
  add("int64s", {R"([1,"2"])", "[1,2]", "[null]", "[1.0]"});
  add("colors", {"[1,99]", R"(["RED"])", "[null]", "null"});
  add("nesteds", {R"([{"text":"a"},{}])", "[null]", R"([{"zz":1}])", "{}"});
  add("by_string", {R"({"a":"b"})", R"({"a":"b","a":"c"})", R"({"a":null})", "null", "[]", R"({"a":1})"});
  add("by_int32", {R"({"x":"a"})", R"({"5":"a"})", R"({"0x5":"a"})"});
  add("timestamp", {R"("2026-01-02T03:04:05Z")", R"({"seconds":5})", "null"});
  add("duration", {"\"1.5s\"", "\"1h\""});
  add("wrapped_string", {"\"a\"", R"({"value":"a"})", "null", ""});
  add("struct", {R"({"a":1})", "null", ""});
  add("value", {"5", "null", R"({"a":[1]})", ""});
  add("list", {"[1]", "null", ""});
  add("any", {R"({"@type":"type.googleapis.com/penstock.testing.v1.Item","number":5})", "{}", ""});
  add("mask", {"\"a,bC\"", "\"\"", ""});
  add("empty", {"{}", R"({"a":1})", ""});
  add("nested?stringValue=q&nestedValue.number=5&nested_value=x", {R"({"text":"a"})"});
  add("child?nestedValue.text=q&nestedValue.child.number=7", {R"({"text":"a"})"});
  add("string?stringValue=q&int32Value=1", {"\"a\""});
  rows.push_back({"one key of a map in two spellings", PostJson("/v1/body/by_int32", R"({"5":"a","05":"b"})"),
                  /*words_vary=*/true});
  AddBodies("a variable beside a body field", "PUT", "/v1/body/sv/nested?stringValue=q&int32Value=5",
            {R"({"text":"a"})"}, &rows);
  AddBodies("a nested variable over the whole body", "PUT", "/v1/body/whole/tt",
            {R"({"nestedValue":{"text":"a","number":5},"stringValue":"s"})", ""}, &rows);
  return rows;
}

std::vector<Row> PatchRows() {
  std::vector<Row> rows;
  AddBodies("patch", "PATCH", "/v1/patch/sv",
            {R"({"int32Value":5})",
             R"({"int32_value":5,"nestedValue":{"text":"a","child":{"number":1}}})",
             "{}",
             "",
             R"({"zz":1})",
             R"({"nestedValue":{"zz":1}})",
             R"({"strings":["a"],"byString":{"a":"b"},"nesteds":[{"text":"a"}]})",
             R"({"any":{"@type":"type.googleapis.com/penstock.testing.v1.Item","number":5}})",
             R"({"any":{}})",
             R"({"struct":{"a":{"b":1,"c":{}},"d":[1]}})",
             R"({"struct":{}})",
             R"({"value":5})",
             R"({"value":{"a":1}})",
             R"({"timestamp":"2026-01-02T03:04:05Z","wrappedInt32":5})",
             R"({"int32Value":null})",
             R"({"nestedValue":null})",
             R"({"nestedValue":{}})",
             R"({"int32Value":0})",
             R"({"@other name":"x"})",
             R"({"renamed":"x"})",
             R"({"stringValue":"b"})",
             "[]",
             "5",
             "null",
             R"({"choiceString":"a"})",
             R"({"empty":{}})",
             R"({"anys":[{"@type":"type.googleapis.com/penstock.testing.v1.Item"}]})",
             R"({"colorValue":"MAUVE"})",
             R"({"int32Value":5} {"int64Value":1})",
             "{bad",
             R"({"timestamp":"x"})",
             R"({"listValue":[1]})",
             R"({"fieldMask":"a"})",
             R"({"valueByString":{"a":1}})",
             R"({"int32Value":5,"int64Value":"6"})"},
            &rows);
  const std::string five = R"({"int32Value":5})";
  const auto patch = [&](const char* why, const char* method, const char* target, const std::string& body) {
    rows.push_back({why, Request(method, target, body, "Content-Type: application/json")});
  };
  patch("a mask in the query replaces", "PATCH", "/v1/patch/sv?updateMask=int64_value&force=true", five);
  patch("an empty mask in the query replaces, too", "PATCH", "/v1/patch/sv?update_mask=", five);
  patch("a mask's paths in the query are appended", "PATCH", "/v1/patch/sv?updateMask.paths=zz", five);
  patch("no mask is made where the body is all", "PATCH", "/v1/patch", R"({"thing":{"int32Value":5}})");
  patch("no mask is made for PUT", "PUT", "/v1/patch", five);
  return rows;
}

std::vector<Row> ResponseBodyRows() {
  const struct {
    const char* field;
    std::vector<const char*> queries;  // the empty message is asked for as well
  } kFields[] = {
      {"string", {"stringValue=<%26", "stringValue=%e2%80%a8%01%7f%5c%22/%08%0c"}},
      {"int32", {"int32Value=5"}},
      {"int64", {"int64Value=-5"}},
      {"uint64", {"uint64Value=18446744073709551615"}},
      {"double", {"doubleValue=1e21", "doubleValue=1e-7", "doubleValue=NaN", "doubleValue=-Infinity"}},
      {"float", {"floatValue=0.1", "floatValue=1e-7"}},
      {"bool", {"boolValue=1"}},
      {"bytes", {"bytesValue=_-8="}},
      {"color", {"colorValue=RED", "colorValue=-1"}},
      {"optional", {"optionalInt32=0"}},
      {"nested", {"nestedValue.text=<"}},
      {"int64s", {"int64s=1&int64s=2"}},
      {"doubles", {"doubles=1.5&doubles=1", "doubles=NaN"}},
      {"strings", {"strings=<"}},
      {"bytes_list", {"bytesList=YQ&bytesList="}},
      {"colors", {"colors=RED&colors=2"}},
      {"timestamps", {"timestamps=2026-01-02T03:04:05Z"}},
      {"by_string", {"byString[b]=<&byString[a]=2"}},
      {"by_int64", {"byInt64[10]=a&byInt64[9]=b"}},
      {"color_by_string", {"colorByString[a]=RED"}},
      {"double_by_string", {"doubleByString[a]=1.5", "doubleByString[a]=NaN"}},
      {"timestamp", {"timestamp=2026-01-02T03:04:05Z"}},
      {"wrapped_int64", {"wrappedInt64=5"}},
      {"struct", {"struct={%22a%22:1}"}},
      {"value", {"value=5"}},
      {"mask", {"fieldMask=a_b,c"}},
  };
  std::vector<Row> rows;
  for (const auto& [field, queries] : kFields) {
    const std::string target = absl::StrCat("/v1/response/", field);
    rows.push_back({absl::StrCat("response_body ", field, " unset"), Request("GET", target)});
    for (const char* query : queries) {
      rows.push_back({absl::StrCat("response_body ", field, ": ", query), Request("GET", target + "?" + query)});
    }
  }
  AddBodies("response_body", "POST", "/v1/response/nesteds", {R"([{"text":"<"},{}])", "[]"}, &rows);
  AddBodies("response_body", "POST", "/v1/response/any",
            {"", "{}", R"({"@type":"type.googleapis.com/penstock.testing.v1.Item","number":5})"}, &rows);
  return rows;
}

}  // namespace penstock::testing
