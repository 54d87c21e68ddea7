// The gateway's flags: what --help says of each, and which field of Config it sets. Internal to config; pure.
//
//   Config config;
//   const FlagTable flags = FlagsOf(config);
#ifndef PENSTOCK_GATEWAY_CONFIG_FLAGS_H_
#define PENSTOCK_GATEWAY_CONFIG_FLAGS_H_

#include "gateway/config/config.h"
#include "gateway/config/flag_table.h"

namespace penstock::config {

// Its value decides the defaults of others.
inline constexpr char kDialectFlag[] = "--dialect";

// Asks for something to be done, and is no setting.
inline constexpr char kCheckFlag[] = "--check";

// Bound to `config`, whose values are the defaults and which outlives the table.
FlagTable FlagsOf(Config& config);

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_FLAGS_H_
