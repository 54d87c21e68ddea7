#include "gateway/observe/end_reason.h"

namespace penstock::observe {
namespace {

constexpr absl::string_view kEndReasonNames[kEndReasons] = {
    "ok",          "local",       "upstream_error", "upstream_lost", "bad_message",
    "client_gone", "slow_client", "drain",          "max_duration",
};

}  // namespace

absl::string_view EndReasonName(EndReason reason) { return kEndReasonNames[static_cast<size_t>(reason)]; }

}  // namespace penstock::observe
