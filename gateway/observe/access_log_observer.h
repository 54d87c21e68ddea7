// The observer that writes the access log: a line when a request is over, and one a minute while a stream goes on.
//
// One per loop, on its thread; the log is shared.
#ifndef PENSTOCK_GATEWAY_OBSERVE_ACCESS_LOG_OBSERVER_H_
#define PENSTOCK_GATEWAY_OBSERVE_ACCESS_LOG_OBSERVER_H_

#include "absl/strings/string_view.h"
#include "gateway/observe/access_log.h"
#include "gateway/observe/request_observer.h"

namespace penstock::observe {

class AccessLogObserver final : public RequestObserver {
 public:
  // `log` outlives it.
  explicit AccessLogObserver(AccessLog& log) : log_(log) {}

  void OnOpen(const RequestFacts& facts) override { Write(facts, "open"); }
  void OnEnd(const RequestFacts& facts) override { Write(facts, EndReasonName(facts.end_reason)); }
  bool wants_open_reports() const override { return log_.enabled(); }

 private:
  void Write(const RequestFacts& facts, absl::string_view end_reason);

  AccessLog& log_;
};

}  // namespace penstock::observe

#endif  // PENSTOCK_GATEWAY_OBSERVE_ACCESS_LOG_OBSERVER_H_
