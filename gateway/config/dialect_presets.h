// The dialects as --dialect names them, each with the defaults that are its own. Internal to config; pure.
#ifndef PENSTOCK_GATEWAY_CONFIG_DIALECT_PRESETS_H_
#define PENSTOCK_GATEWAY_CONFIG_DIALECT_PRESETS_H_

#include "absl/types/span.h"
#include "gateway/config/config.h"
#include "gateway/config/dialect.h"

namespace penstock::config {

struct DialectPreset {
  const char* name;
  Dialect dialect;
  void (*set_defaults)(Config& config);  // where they differ from what a Config has
};

// The first one is the default.
absl::Span<const DialectPreset> DialectPresets();

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_DIALECT_PRESETS_H_
