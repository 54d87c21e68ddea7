#include "tests/conformance/differential_rows.h"

namespace penstock::testing {

std::vector<Exception> Exceptions() { return {}; }

}  // namespace penstock::testing
