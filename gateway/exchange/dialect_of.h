// The dialect that `--dialect` names.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_DIALECT_OF_H_
#define PENSTOCK_GATEWAY_EXCHANGE_DIALECT_OF_H_

#include "gateway/config/dialect.h"
#include "gateway/protocol/dialect.h"

namespace penstock {

const Dialect& DialectOf(config::Dialect dialect);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_DIALECT_OF_H_
