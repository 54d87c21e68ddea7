#include "gateway/config/dialect_presets.h"

namespace penstock::config {

absl::Span<const DialectPreset> DialectPresets() {
  static constexpr DialectPreset kPresets[] = {
      {"native", Dialect::kNative, [](Config&) {}},
      {"grpc-gateway", Dialect::kGrpcGateway,
       [](Config& config) {
         config.unbound_methods = false;
         config.unescape = route::Unescape::kLegacy;
         config.max_request_bytes = kNoSizeLimit;
         config.unary_timeout = absl::InfiniteDuration();
       }},
  };
  return kPresets;
}

}  // namespace penstock::config
