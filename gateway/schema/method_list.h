// What the gateway serves, as JSON for whoever makes requests by hand: each method with its HTTP routes, and the shapes
// of the messages that it takes. The live console reads it.
//
//   {"methods":[{"name":"pkg.Service.Method","clientStreaming":false,"serverStreaming":true,"input":"pkg.Request",
//                "output":"pkg.Reply","routes":[{"verb":"POST","path":"/v1/{a=*}:b","body":"*","responseBody":""}]}],
//    "messages":{"pkg.Request":[{"name":"count","type":"uint64"},{"name":"kinds","type":"enum","of":"pkg.Kind",
//                "list":true},{"name":"by_key","type":"message","of":"pkg.Item","key":"string"}]},
//    "enums":{"pkg.Kind":["A","B"]}}
//
// Messages refer to each other by name, so one that holds itself is no loop; well-known types are named and not
// described. Pure; any thread.
#ifndef PENSTOCK_GATEWAY_SCHEMA_METHOD_LIST_H_
#define PENSTOCK_GATEWAY_SCHEMA_METHOD_LIST_H_

#include <cstddef>
#include <string>

#include "gateway/schema/schema.h"

namespace penstock {

// Where it is served.
inline constexpr char kMethodListPath[] = "/console/methods";

// Shapes beyond this many bytes are left out; their names stay, and a message without a shape is an empty one to who
// reads it.
inline constexpr size_t kMaxShapeBytes = size_t{1} << 20;

std::string PrintMethodList(const Schema& schema);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SCHEMA_METHOD_LIST_H_
