// Numbers and booleans as grpc-gateway reads them from paths and queries, which is by Go's strconv. Pure; internal to
// the grpc-gateway dialect.
//
// Each takes the whole text and gives back Go's error, or an empty one. *value is set only then.
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_NUMBER_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_NUMBER_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "gateway/grpc_gateway/go_error.h"

namespace penstock::grpc_gateway {

// Decimal digits, a sign before them; `bits` is 32 or 64.
GoError ParseGoInt(absl::string_view text, int bits, int64_t* value);
// Decimal digits without a sign.
GoError ParseGoUint(absl::string_view text, int bits, uint64_t* value);

// What ParseFloat takes (`.5`, `5.` and `+5` among it), but for hexadecimal, underscores, and infinity and NaN in other
// spellings than "Infinity", "-Infinity" and "NaN".
GoError ParseGoFloat(absl::string_view text, float* value);
GoError ParseGoFloat(absl::string_view text, double* value);

// 1, t, T, true, TRUE, True, and the same for false.
GoError ParseGoBool(absl::string_view text, bool* value);

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_NUMBER_H_
