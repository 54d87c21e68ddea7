#include "gateway/upstream/status.h"

#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/upstream/metadata.h"

namespace penstock::upstream {
namespace {

// RFC 9113 section 7, by code.
constexpr absl::string_view kResetNames[] = {
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
};
constexpr uint32_t kRefusedStream = 7;
constexpr uint32_t kCancel = 8;
constexpr uint32_t kEnhanceYourCalm = 11;
constexpr uint32_t kInadequateSecurity = 12;

// gRPC over HTTP/2, "Errors".
absl::StatusCode CodeFromReset(uint32_t error_code) {
  switch (error_code) {
    case kRefusedStream:
      return absl::StatusCode::kUnavailable;
    case kCancel:
      return absl::StatusCode::kCancelled;
    case kEnhanceYourCalm:
      return absl::StatusCode::kResourceExhausted;
    case kInadequateSecurity:
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kInternal;
  }
}

// application/grpc, also with a suffix (+proto) or parameters.
bool IsGrpcContentType(absl::string_view value) {
  if (!absl::ConsumePrefix(&value, "application/grpc")) return false;
  return value.empty() || value[0] == '+' || value[0] == ';';
}

// A field of the protocol itself that callers may want to show: gRPC clients in Go hand these two on as metadata.
void AppendProtocolField(absl::string_view name, absl::string_view value, Metadata* metadata) {
  if (ValidMetadataValue(value)) metadata->emplace_back(std::string(name), std::string(value));
}

}  // namespace

void ResponseFields::Add(absl::string_view name, absl::string_view value) {
  if (name == ":status") {
    if (!absl::SimpleAtoi(value, &http_status)) http_status = 0;
  } else if (name == "content-type") {
    grpc_content_type = IsGrpcContentType(value);
    AppendProtocolField(name, value, &metadata);
  } else if (name == "grpc-accept-encoding") {
    AppendProtocolField(name, value, &metadata);
  } else if (name == "grpc-status") {
    has_grpc_status = true;
    grpc_status = std::string(value);
  } else if (name == "grpc-message") {
    grpc_message = PercentDecode(value);
  } else if (name == "grpc-status-details-bin") {
    if (!DecodeBinary(value, &status_details)) status_details.clear();
  } else {
    AppendFromWire(name, value, &metadata);
  }
}

absl::StatusCode GrpcCode(int code) {
  return code >= 0 && code <= 16 ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown;
}

absl::StatusCode CodeFromHttpStatus(int http_status) {
  switch (http_status) {
    case 400:
      return absl::StatusCode::kInternal;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kUnknown;
  }
}

CallEnd EndFromFields(ResponseFields fields, int http_status) {
  CallEnd end;
  end.trailers = std::move(fields.metadata);
  if (!fields.has_grpc_status) {
    end.status =
        absl::Status(CodeFromHttpStatus(http_status),
                     absl::StrCat("the upstream ended the call without a grpc-status (HTTP ", http_status, ")"));
    return end;
  }
  end.from_upstream = true;
  int code = -1;
  if (!absl::SimpleAtoi(fields.grpc_status, &code) || code < 0) {
    // What was said is worth knowing.
    end.status = absl::UnknownError(absl::StrCat(fields.grpc_message, fields.grpc_message.empty() ? "" : " ",
                                                 "(grpc-status ", absl::CHexEscape(fields.grpc_status), ")"));
  } else if (code == 0) {
    return end;
  } else {
    // A number that gRPC does not define stays the status's raw_code(); its code() is UNKNOWN.
    end.status = absl::Status(static_cast<absl::StatusCode>(code), fields.grpc_message);
  }
  if (!fields.status_details.empty()) end.status.SetPayload(kStatusDetailsUrl, absl::Cord(fields.status_details));
  return end;
}

CallEnd EndFromHttp(const ResponseFields& head) {
  absl::string_view why = head.grpc_content_type ? "" : ", which is not gRPC";
  return InferredEnd(absl::Status(CodeFromHttpStatus(head.http_status),
                                  absl::StrCat("the upstream answered with HTTP status ", head.http_status, why)));
}

CallEnd EndFromReset(uint32_t error_code) {
  std::string name =
      error_code < std::size(kResetNames) ? std::string(kResetNames[error_code]) : absl::StrCat("error ", error_code);
  return InferredEnd(absl::Status(CodeFromReset(error_code), absl::StrCat("the upstream's stream was reset: ", name)),
                     error_code == kRefusedStream);
}

CallEnd InferredEnd(absl::Status status, bool unprocessed) {
  CallEnd end;
  end.status = std::move(status);
  end.unprocessed = unprocessed;
  return end;
}

}  // namespace penstock::upstream
