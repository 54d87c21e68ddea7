// Rows about path variables and query parameters.
#include "absl/strings/str_cat.h"
#include "tests/conformance/differential_rows.h"
#include "tests/support/raw_client.h"

namespace penstock::testing {
namespace {

// One row for each of `values`, named after it.
void AddEach(const std::string& what, const std::string& before, std::initializer_list<const char*> values,
             std::vector<Row>* rows) {
  for (const char* value : values) {
    rows->push_back({absl::StrCat(what, ": ", value), Request("GET", absl::StrCat(before, value))});
  }
}

}  // namespace

std::vector<Row> PathRows() {
  std::vector<Row> rows;
  const auto add = [&rows](const char* type, std::initializer_list<const char*> values) {
    AddEach(absl::StrCat("path ", type), absl::StrCat("/v1/path/", type, "/"), values, &rows);
  };
  add("double", {"1.5", "-0", "1e3", "0x10", "1_0", "inf", "Infinity", "-Infinity", "NaN", "nan", "", "1e400", ".5",
                 "5.", "+1", "1e-400", "x", "1e21", "123456789012345678"});
  add("float", {"1e39", "0.1", "16777217", "-1e-46"});
  add("int32", {"5", "-5", "+5", "0x10", "010", "2147483647", "2147483648", "-2147483649", "5.0", "1e1", "", "%205",
                "1_0", "--5", "x"});
  add("int64", {"9223372036854775807", "-9223372036854775808", "9223372036854775808"});
  add("uint32", {"7", "-1", "+7", "4294967295", "4294967296", "-0"});
  add("uint64", {"18446744073709551615", "18446744073709551616"});
  add("sint32", {"-1"});
  add("sint64", {"-1"});
  add("fixed32", {"1"});
  add("fixed64", {"1"});
  add("sfixed32", {"-1"});
  add("sfixed64", {"-1"});
  add("bool",
      {"true", "True", "TRUE", "t", "T", "1", "0", "f", "F", "false", "False", "FALSE", "yes", "", "tRue", "2"});
  add("string", {"", "%00", "a%20b", "a;b,c=d:e@f", "*", ".", "..", "%22", "%E2%80%A8"});
  add("bytes", {"YQ==", "YQ", "YWI", "_-8", "_-8=", "%2B-8=", "*", "", "Y", "YQ=", "YR=="});
  add("color", {"RED", "red", "1", "-1", "77", "0", "", "COLOR_UNSPECIFIED", "+1", "0x1", "01"});
  add("optional", {"0", "x"});
  add("oneof", {"a", ""});
  add("timestamp", {"2026-01-02T03:04:05Z", "%222026-01-02T03:04:05Z%22", "x", "2026-01-02T03:04:05.5+01:00",
                    "0000-01-01T00:00:00Z"});
  add("duration", {"1.5s", "1h", "-1s", "x", "", "%221s%22"});
  add("wrapped_int32", {"5", "x", "0", ""});
  add("wrapped_string", {"a", ""});
  add("nested/text", {"a%2Fb", "x", ""});
  add("nested/number", {"5", "0x5", "", "x"});
  add("nested/oneof", {"5", "x"});
  add("pair", {"x/and/y:sum"});
  const auto get = [&rows](const char* why, const char* target) { rows.push_back({why, Request("GET", target)}); };
  get("a query key of the path's field is ignored", "/v1/path/int32/5?int32_value=6");
  get("a query key of the path's field is ignored by its JSON name", "/v1/path/int32/5?int32Value=x&int64Value=7");
  get("a query key beside the path's nested field",
      "/v1/path/nested/text/x?nestedValue.number=5&nested_value.child.number=6&nestedValue.child.text=zz");
  get("a query key above the path's field is ignored", "/v1/path/nested/text/x?nestedValue=5&nestedValue.child=6");
  get("a query key in the path's oneof member", "/v1/path/nested/oneof/5?choiceNested.text=x");
  get("a query key of another oneof member than the path's", "/v1/path/nested/oneof/5?choiceString=x");
  get("a query key of another oneof member than the path's scalar", "/v1/path/oneof/a?choiceInt64=5");
  get("a query key below the path's wrapper is ignored", "/v1/path/wrapped_int32/5?wrappedInt32.value=7");
  get("a query key below the path's Timestamp is ignored",
      "/v1/path/timestamp/2026-01-02T03:04:05Z?timestamp.seconds=5");
  get("proto2: a variable", "/v1/proto2/x");
  get("proto2: a number", "/v1/proto2/number/5");
  get("proto2: a number that is none", "/v1/proto2/number/0x10");
  get("proto2: a query of every shape", "/v1/proto2/x?size=LARGE&flag=true&data=YQ==&inner.id=5&part.weight=3");
  get("proto2: an enum number that is none", "/v1/proto2/x?size=9");
  get("proto2: a required field that the query leaves out", "/v1/proto2/x?inner.zz=1");
  return rows;
}

std::vector<Row> QueryRows() {
  std::vector<Row> rows;
  AddEach("query", "/v1/everything:echo?",
          {"stringValue=a",
           "string_value=a",
           "stringValue=a&string_value=b",
           "stringValue=a&stringValue=b",
           "unknown=1",
           "nestedValue.unknown=1",
           "nestedValue=x",
           "nestedValue.child.child.number=5",
           "nestedValue.text.x=5",
           "int32s=1&int32s=2",
           "int32s=1,2",
           "int32s[]=1",
           "int32s[0]=1",
           "int32s=",
           "int32s=x",
           "int32Value=",
           "int32Value=0x10",
           "int32Value=010",
           "int32Value=%2B5",
           "int32Value=+5",
           "int32Value=%205",
           "int32Value=5.0",
           "int64Value=9223372036854775808",
           "uint32Value=-1",
           "boolValue",
           "boolValue=",
           "boolValue=T",
           "boolValue=tRUE",
           "doubleValue=Infinity",
           "doubleValue=inf",
           "doubleValue=0x1p4",
           "doubleValue=1_0",
           "doubleValue=1e400",
           "doubleValue=.5",
           "doubleValue=",
           "floatValue=1e39",
           "floatValue=0.1",
           "colorValue=RED",
           "colorValue=red",
           "colorValue=1",
           "colorValue=99",
           "colorValue=",
           "colorValue=-1",
           "colorValue=%2B1",
           "colors=RED&colors=2",
           "bytesValue=YQ==",
           "bytesValue=YQ",
           "bytesValue=_-8=",
           "bytesValue=%2B/8=",
           "bytesValue=+/8=",
           "bytesValue=a",
           "bytesValue=*",
           "bytesValue=",
           "byString[a]=b",
           "byString[a]=b&byString[c]=d",
           "byString[a]=b&byString[a]=c",
           "byString[]=b",
           "byString[a][b]=c",
           "byString[a.b]=c",
           "byString=x",
           "byString.a=x",
           "by_string[a]=b",
           "byInt32[5]=a",
           "byInt32[x]=a",
           "byInt32[0x5]=a",
           "byInt32[]=a",
           "byBool[true]=a",
           "byBool[1]=a",
           "nestedByString[a]=x",
           "nestedByString[a].number=5",
           "colorByString[a]=RED",
           "colorByString[a]=x",
           "doubleByString[a]=1.5",
           "durationByString[a]=1h",
           "stringValue[a]=b",
           "nestedValue[a]=b",
           "byString%5Ba%5D=b",
           "byString[%C3%A9]=b"},
          &rows);
  AddEach("query", "/v1/everything:echo?",
          {"timestamp=2026-01-02T03:04:05Z",
           "timestamp=2026-01-02T03:04:05.123456789%2B01:00",
           "timestamp=x",
           "timestamp=",
           "timestamp.seconds=5",
           "timestamps=2026-01-02T03:04:05Z&timestamps=2026-01-02T03:04:06Z",
           "timestamp=0000-01-01T00:00:00Z",
           "timestamp=2026-01-02t03:04:05z",
           "timestamp=2026-01-02T03:04:05,5Z",
           "timestamp=2026-1-2T03:04:05Z",
           "timestamp=2026-02-29T03:04:05Z",
           "timestamp=2026-01-02T03:04:60Z",
           "timestamp=2026-01-02T24:04:05Z",
           "duration=1h30m",
           "duration=1.5s",
           "duration=-1us",
           "duration=5",
           "duration=0",
           "duration=1d",
           "duration=",
           "duration=.5s",
           "duration=1%C2%B5s",
           "duration=2562047h",
           "duration=99999999h",
           "duration=%2B1s",
           "duration=-",
           "duration=1ns",
           "duration=1.s",
           "wrappedInt32=5",
           "wrappedInt32=",
           "wrappedInt32=x",
           "wrappedString=",
           "wrappedString=a",
           "wrappedBool=1",
           "wrappedBytes=YQ",
           "wrappedDouble=NaN",
           "wrappedUint64=18446744073709551615",
           "wrappedFloat=1e39",
           "wrappedInt32.value=5",
           "wrappedStrings=a&wrappedStrings=b",
           "fieldMask=a,b_c",
           "fieldMask=aB.cD",
           "fieldMask=",
           "fieldMask=a,,b",
           "fieldMask.paths=x&fieldMask.paths=y",
           "fieldMask=a&fieldMask=b",
           "value=5",
           "value=%22x%22",
           "value={%22a%22:1}",
           "value=x",
           "value=",
           "value=null",
           "struct={%22a%22:1}",
           "struct=5",
           "struct.fields[a]=5",
           "listValue=[1]",
           "nullValue=NULL_VALUE",
           "nullValue=0",
           "nullValue=null",
           "empty=",
           "empty={}",
           "empty=x",
           "any=x",
           "any.type_url=x",
           "any.typeUrl=type.googleapis.com/penstock.testing.v1.Item",
           "anys=x",
           "nesteds.number=5",
           "nesteds=x"},
          &rows);
  AddEach("query", "/v1/everything:echo?",
          {"choiceString=a",
           "choiceString=a&choiceInt64=5",
           "choiceNested.number=5&choiceNested.text=x",
           "choiceColor=RED",
           "optionalInt32=0",
           "optionalString=",
           "optionalNull=NULL_VALUE",
           "%40other%20name=x",
           "@other+name=x",
           "renamed=x",
           "stringValue=a%2",
           "stringValue=%zz",
           "%zz=a",
           "stringValue=a+b%20c",
           "stringValue=%ff",
           "stringValue=a;int32Value=5",
           "stringValue=a&&int32Value=5",
           "=5",
           "&",
           "stringValue",
           "stringValue=a=b",
           "nestedValue.=5",
           ".=5",
           "nestedValue..text=5",
           "STRINGVALUE=a",
           "unpackedInt32s=1",
           "stringValue=%00",
           "nestedValue.child=",
           "values=1&values=%22a%22",
           "valueByString[a]=5",
           "valueByString[a]={%22b%22:1}",
           "doubles=1&doubles=NaN",
           "strings=",
           "strings=a&strings=",
           "bools=1&bools=f",
           "bytesList=YQ&bytesList=",
           "",
           "nulls=0",
           "sint32s=-1&sfixed64s=-2&fixed32s=3"},
          &rows);
  rows.push_back({"a query beside a body that is all is ignored",
                  PostJson("/v1/everything:echo?stringValue=x&int32Value=x", "{}")});
  rows.push_back({"a bad query beside a body that is all is ignored", PostJson("/v1/everything:echo?a=%zz", "{}")});
  rows.push_back({"a body without one in the rule is ignored",
                  Request("GET", "/v1/everything:echo?stringValue=x", R"({"stringValue":"y"})")});
  rows.push_back({"a body that is no JSON without one in the rule", Request("GET", "/v1/everything:echo", "{bad")});
  return rows;
}

}  // namespace penstock::testing
