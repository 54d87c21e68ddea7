// From what HTTP/2 says about the end of a call to a CallEnd.
//
// Pure functions. They keep apart what the upstream said (`from_upstream`) and what is inferred here.
#ifndef PENSTOCK_GATEWAY_UPSTREAM_STATUS_H_
#define PENSTOCK_GATEWAY_UPSTREAM_STATUS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/upstream/call.h"

namespace penstock::upstream {

// One received header block, sorted into what matters: a response's head, or its trailers.
struct ResponseFields {
  int http_status = 0;             // 0: no :status, so the block is trailers
  bool grpc_content_type = false;  // application/grpc, +proto or other suffixes
  bool has_grpc_status = false;
  std::string grpc_status;     // as received
  std::string grpc_message;    // percent-decoded
  std::string status_details;  // the bytes of grpc-status-details-bin
  // What is not the protocol's own; of that only content-type and grpc-accept-encoding.
  Metadata metadata;

  // Takes one field as received. REQUIRES: `name` is in lower case, as HTTP/2 has it.
  void Add(absl::string_view name, absl::string_view value);
};

// The end that trailers, or a trailers-only head, announce. `http_status` is that of the head: without a grpc-status it
// decides (gRPC's "HTTP to gRPC Status Code Mapping"). A number that gRPC does not define is the status's raw_code(),
// while its code() is UNKNOWN.
CallEnd EndFromFields(ResponseFields fields, int http_status);

// The end of a call whose head is no gRPC answer: an HTTP status but 200, or another content type.
CallEnd EndFromHttp(const ResponseFields& head);

// The end by RST_STREAM with this HTTP/2 error code (RFC 9113 section 7). REFUSED_STREAM leaves the call unprocessed.
CallEnd EndFromReset(uint32_t error_code);

// An end that is inferred here.
CallEnd InferredEnd(absl::Status status, bool unprocessed = false);

// A gRPC code by number; UNKNOWN beyond 16.
absl::StatusCode GrpcCode(int code);

// gRPC's code for an HTTP status that came without a grpc-status.
absl::StatusCode CodeFromHttpStatus(int http_status);

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_STATUS_H_
