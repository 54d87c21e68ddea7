// The head of one HTTP/2 request, put together field by field and checked as the HTTP/1.1 parser checks its own: what
// one of them refuses the other refuses with the same status.
//
// Pure. Used by one stream until its head is complete. It keeps no more than the limits allow, whatever HPACK expands
// a block to.
//
//   Http2Request request(limits);
//   request.Add(":method", "GET"); …
//   if (request.Complete(end_stream)) handle(request.TakeHead());
//   else refuse(request.error());
#ifndef PENSTOCK_GATEWAY_HTTP_HTTP2_REQUEST_H_
#define PENSTOCK_GATEWAY_HTTP_HTTP2_REQUEST_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "gateway/http/http1_parser.h"
#include "gateway/http/request_head.h"

namespace penstock::http {

class Http2Request {
 public:
  // What each field costs beside its bytes, as SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113 section 6.5.2).
  static constexpr size_t kFieldOverheadBytes = 32;

  // `limits` must outlive it.
  explicit Http2Request(const ParserLimits& limits) : limits_(&limits) {}

  // The next field of the block, pseudo-header fields first, names in lower case.
  void Add(absl::string_view name, absl::string_view value);

  // Refuses the request whatever else it holds; the first reason counts.
  void Fail(int status, absl::string_view message);

  // The block is complete; `end_stream`: no body follows. False: refused for error().
  bool Complete(bool end_stream);

  const Http1Parser::Error& error() const { return error_; }

  // After Complete(); once. `peer` is not filled in.
  RequestHead TakeHead() { return std::move(head_); }

 private:
  void AddPseudo(absl::string_view name, absl::string_view value);
  void AddCookie(absl::string_view crumb);
  void CheckTarget();
  void CheckAuthority();

  const ParserLimits* limits_;
  size_t bytes_ = 0;
  size_t fields_ = 0;
  size_t cookie_ = ~size_t{0};  // index of the cookie field among the headers
  bool has_path_ = false;
  std::string host_;  // of the Host field, which :authority replaces
  RequestHead head_;
  Http1Parser::Error error_;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_HTTP2_REQUEST_H_
