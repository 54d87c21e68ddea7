// The fields of a response or of its trailers as nghttp2 wants them: lower-case names, no field that belongs to
// HTTP/1.1's framing, none whose name or value could not stand in a head.
//
// Pure. Owns the text; data() is valid until the next Add.
//
//   Http2Fields fields;
//   fields.AddOwn(":status", "200");
//   fields.Add(headers);
//   nghttp2_submit_response(session, id, fields.data(), fields.size(), &body);
#ifndef PENSTOCK_GATEWAY_HTTP_HTTP2_FIELDS_H_
#define PENSTOCK_GATEWAY_HTTP_HTTP2_FIELDS_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/http/headers.h"

namespace penstock::http {

class Http2Fields {
 public:
  // What a handler gave.
  void Add(const Headers& headers);

  // What the session adds: a lower-case name that is known to be good.
  void AddOwn(absl::string_view name, absl::string_view value);

  const nghttp2_nv* data();
  size_t size() const { return fields_.size(); }

 private:
  struct Extent {
    size_t name;
    size_t value;
    size_t end;
  };

  std::string text_;  // names and values, one after the other
  std::vector<Extent> fields_;
  std::vector<nghttp2_nv> built_;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_HTTP2_FIELDS_H_
