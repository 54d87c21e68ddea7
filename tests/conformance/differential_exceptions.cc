// Where grpc-gateway and its dialect here answer differently on purpose, by reason. What a user could meet stands in
// docs/from-grpc-gateway.md too.
#include "tests/conformance/differential_rows.h"

namespace penstock::testing {
namespace {

struct Differing {
  const char* row;
  std::vector<Aspect> aspects;
};

struct Reason {
  const char* why;
  std::vector<Differing> differences;
};

const std::vector<Reason>& Reasons() {
  static const auto* const kReasons = new std::vector<Reason>{
      {"ours drops a -Bin header whose base64 is broken, and takes both alphabets and lists of values",
       {
           {"legacy: binary that is no base64", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"legacy: binary in the other alphabet", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"legacy: binary, two in one line", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
       }},
      {"ours drops a header that names no key",
       {
           {"legacy: an empty key", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
       }},
      {"Go's server answers it, before any gateway",
       {
           {"OPTIONS of the server itself", {Aspect::kStatus, Aspect::kBody, Aspect::kContentType}},
       }},
      {"google.api.http: the kind * is any method",
       {
           {"the kind * is a method of that name, not any", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
       }},
      {"a path that is not UTF-8 is the client's fault, not ours",
       {
           {"UTF-8 that is none", {Aspect::kStatus, Aspect::kBody, Aspect::kContentType, Aspect::kHeaders}},
       }},
      {"Go's server closes without a length; ours has one",
       {
           {"a bad escape", {Aspect::kFraming}},
           {"a bad escape where nothing is", {Aspect::kFraming}},
           {"an escape that is cut", {Aspect::kFraming}},
       }},
      {"refused by the HTTP parser in both, each in its words",
       {
           {"a target that is no path", {Aspect::kBody, Aspect::kContentType, Aspect::kFraming}},
       }},
      {"RFC 9112 section 3.2: a target has no fragment",
       {
           {"a fragment is part of the query", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
       }},
      {"ours has the line break of no encoder, and the upstream's metadata as any answer",
       {
           {"/healthz asks the upstream", {Aspect::kBody, Aspect::kHeaders}},
       }},
      {"Go's words are a formatting accident",
       {
           {"two members of a oneof in the path", {Aspect::kMessage}},
           {"two members of a oneof, path and body field", {Aspect::kMessage}},
           {"two members of a oneof, path and whole body", {Aspect::kMessage}},
       }},
      {"ours still reads the body that Go's form parser has eaten",
       {
           {"an override to a method with a body: the form has taken it", {Aspect::kBody}},
       }},
      {"a message that lacks a required field is the client's fault, not ours",
       {
           {"proto2: a required field that the query leaves out", {Aspect::kStatus, Aspect::kBody}},
       }},
      {"an extension of another message is dropped as any unknown field",
       {
           {"json: {\"[penstock.testing.v1.label]\":\"x\"}", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
       }},
      {"protobuf: a number that a closed enum does not have is no value of the field",
       {
           {"proto2: {\"size\":9}", {Aspect::kBody}},
           {"proto2: {\"sizes\":[9]}", {Aspect::kBody}},
       }},
      {"protobuf's JSON name of a group is in lower case",
       {
           {"proto2: {\"Part\":{\"weight\":1}}", {Aspect::kBody}},
       }},
      {"extensions are printed in order of their numbers; there of their names",
       {
           {"proto2: {\"[penstock.testing.v1.label]\":\"x\",\"[penstock.testing.v1.inner_label]\":{\"id\":1}}",
            {Aspect::kBody}},
       }},
      {"a body that is no message is read as protobuf's JSON, as everywhere else; there by encoding/json",
       {
           {"body string: \"\\ud800\"", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body int64: \"5\"", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body int64: 5.0", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body int64: 1e1", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body double: \"NaN\"", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body bytes: \"YQ\"", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body bytes: \"_-8=\"", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body bytes: [1,2]", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body color: \"RED\"", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body color: 1.5", {Aspect::kMessage}},
           {"body color: null", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body color: 4294967296", {Aspect::kMessage}},
           {"body strings: [\"a\",null]", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body int64s: [1,\"2\"]", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body int64s: [null]", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body int64s: [1.0]", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body colors: [\"RED\"]", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body by_string: {\"a\":null}", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body by_int32: {\"x\":\"a\"}", {Aspect::kMessage}},
           {"body by_int32: {\"0x5\":\"a\"}", {Aspect::kMessage}},
       }},
      {"an Any without a type holds nothing, so the mask names it",
       {
           {"patch: {\"any\":{}}", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
       }},
      {"protobuf's JSON has NaN and infinities",
       {
           {"response_body double: doubleValue=NaN", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"response_body double: doubleValue=-Infinity", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"response_body doubles: doubles=NaN", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"response_body double_by_string: doubleByString[a]=NaN",
            {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
       }},
      {"map keys are sorted as the numbers that they are",
       {
           {"response_body by_int64: byInt64[10]=a&byInt64[9]=b", {Aspect::kBody}},
       }},
      {"a code that gRPC does not have is UNKNOWN, its number in the words",
       {
           {"a code that is none, in a stream", {Aspect::kBody}},
           {"a code that is none: 17", {Aspect::kBody}},
           {"a code that is none: 42", {Aspect::kBody}},
           {"a code that is none: 100", {Aspect::kBody}},
       }},
      {"the words are grpc-message's; a server that sends two says different things",
       {
           {"a stream's details", {Aspect::kBody}},
           {"the details' message goes before the status'", {Aspect::kMessage}},
           {"details of google.rpc", {Aspect::kMessage}},
       }},
      {"details that nobody can read are shown as base64, and do not hide the error itself",
       {
           {"details of an unknown type, before the first message", {Aspect::kBody}},
           {"details of an unknown type, after the header", {Aspect::kBody}},
           {"details of an unknown type, after a message", {Aspect::kBody}},
           {"details of an unknown type", {Aspect::kStatus, Aspect::kBody}},
           {"details of an unknown type, after the header's metadata",
            {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"details that do not parse as their type", {Aspect::kStatus, Aspect::kBody}},
       }},
      {"an empty or impossible Content-Type is not sent",
       {
           {"HttpBody: no type", {Aspect::kContentType}},
           {"HttpBody: nothing", {Aspect::kContentType}},
           {"HttpBody: a type with a line break", {Aspect::kContentType}},
           {"HttpBody in: nothing", {Aspect::kContentType}},
           {"HttpBody stream in: nothing", {Aspect::kContentType}},
       }},
      {"bytes are taken as they are where their type says that they are no JSON",
       {
           {"HttpBody in: it is not raw", {Aspect::kStatus, Aspect::kBody, Aspect::kContentType, Aspect::kHeaders}},
       }},
      {"an HttpBody has the type that it says",
       {
           {"HttpBody as response_body", {Aspect::kContentType}},
           {"HttpBody as response_body: nothing", {Aspect::kContentType}},
       }},
      {"grpc-status is what counts",
       {
           {"details of another code", {Aspect::kStatus, Aspect::kBody}},
       }},
      {"what a header cannot hold is not sent in one",
       {
           {"UNAUTHENTICATED in words that a header cannot hold", {Aspect::kHeaders}},
       }},
      {"binary metadata comes back as base64: control characters never pass into a header",
       {
           {"binary metadata", {Aspect::kHeaders, Aspect::kTrailers}},
       }},
      {"Trailer is a name that frames",
       {
           {"metadata that has the names of HTTP headers", {Aspect::kHeaders}},
       }},
      {"a deadline in more than a year is none",
       {
           {"Grpc-Timeout 100000000S", {Aspect::kBody}},
       }},
  };
  return *kReasons;
}

}  // namespace

std::vector<Exception> Exceptions() {
  std::vector<Exception> all;
  for (const Reason& reason : Reasons()) {
    for (const auto& [row, aspects] : reason.differences) {
      for (const Aspect aspect : aspects) all.push_back({row, aspect, reason.why});
    }
  }
  return all;
}

}  // namespace penstock::testing
