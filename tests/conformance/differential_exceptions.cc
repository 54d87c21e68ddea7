// Deliberate differences between grpc-gateway and --dialect=grpc-gateway, by reason. docs/from-grpc-gateway.md lists
// those that clients can observe.
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
      {"google.api.http: the kind * is any method",
       {
           {"the kind * is a method of that name, not any", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
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
      {"Go's words are a formatting accident",
       {
           {"two members of a oneof in the path", {Aspect::kMessage}},
           {"two members of a oneof, path and body field", {Aspect::kMessage}},
           {"two members of a oneof, path and whole body", {Aspect::kMessage}},
       }},
      {"a message that lacks a required field is the client's fault, not ours",
       {
           {"proto2: a required field that the query leaves out", {Aspect::kStatus, Aspect::kBody}},
       }},
      {"an extension of another message is dropped as any unknown field",
       {
           {"json: {\"[penstock.testing.v1.label]\":\"x\"}", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
       }},
      {"half a surrogate pair is an error and bytes are base64, as in every other body",
       {
           {"body string: \"\\ud800\"", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
           {"body bytes: [1,2]", {Aspect::kStatus, Aspect::kBody, Aspect::kHeaders}},
       }},
      {"grpc-gateway sends the metadata twice, with the reply that it cannot print and with the error",
       {
           {"response_body double: doubleValue=NaN", {Aspect::kHeaders}},
           {"response_body double: doubleValue=-Infinity", {Aspect::kHeaders}},
           {"response_body doubles: doubles=NaN", {Aspect::kHeaders}},
           {"response_body double_by_string: doubleByString[a]=NaN", {Aspect::kHeaders}},
       }},
      {"Go's words hold a message in protobuf's text format",
       {
           {"details of another code", {Aspect::kMessage}},
       }},
      {"map keys are sorted as the numbers that they are",
       {
           {"response_body by_int64: byInt64[10]=a&byInt64[9]=b", {Aspect::kBody}},
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
