#include "gateway/http/session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace penstock::http {
namespace {

constexpr absl::string_view kDateName = "Date: ";
constexpr absl::string_view kLineEnd = "\r\n";

}  // namespace

SessionContext::SessionContext(net::Loop& loop, const SessionOptions& options, HandlerFactory factory)
    : loop(loop), options(options), factory(std::move(factory)) {}

void SessionContext::Arm(net::Timer& timer, const SessionDeadline& deadline) {
  if (const auto limit = deadline.Limit(options)) {
    loop.Arm(&timer, *limit);
  } else {
    timer.Disarm();
  }
}

absl::string_view SessionContext::DateLine() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    date_line_ = absl::StrCat(
        kDateName, absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::FromTimeT(now), absl::UTCTimeZone()), kLineEnd);
  }
  return date_line_;
}

absl::string_view SessionContext::DateValue() {
  const absl::string_view line = DateLine();
  return line.substr(kDateName.size(), line.size() - kDateName.size() - kLineEnd.size());
}

}  // namespace penstock::http
