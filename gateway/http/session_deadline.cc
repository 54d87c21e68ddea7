#include "gateway/http/session_deadline.h"

namespace penstock::http {

absl::optional<std::chrono::milliseconds> SessionDeadline::Limit(const SessionOptions& options) const {
  switch (kind_) {
    case Kind::kNone:
      return absl::nullopt;
    case Kind::kIdle:
      return options.idle_timeout;
    case Kind::kHeader:
      return options.header_timeout;
    case Kind::kBody:
      return options.body_timeout;
    case Kind::kSlow:
      return options.slow_client_timeout;
    case Kind::kDrain:
      return kDrainNotice;
    case Kind::kLinger:
      return options.linger_timeout;
  }
  return absl::nullopt;
}

bool SessionDeadline::IsTooSlow(uint64_t bytes, const SessionOptions& options) {
  const double seconds = std::chrono::duration<double>(options.slow_client_timeout).count();
  return static_cast<double>(bytes) < static_cast<double>(options.slow_client_rate) * seconds;
}

}  // namespace penstock::http
