// What an exchange reports of its request: that it came, that it became a call, each record, and how it ended. Metrics
// and the access log are observers; the exchange knows neither.
//
// One set of observers per loop, on that loop's thread; the same for all of its requests.
//
//   observers.OnRequest();
//   observers.OnCall({method.path, /*streams=*/true});
//   observers.OnRecord(bytes);              // for each
//   observers.OnEnd(facts);                 // exactly once for each OnRequest
#ifndef PENSTOCK_GATEWAY_OBSERVE_REQUEST_OBSERVER_H_
#define PENSTOCK_GATEWAY_OBSERVE_REQUEST_OBSERVER_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "gateway/observe/end_reason.h"

namespace penstock::observe {

// What is known of a request at one moment. Views are valid during the call that passes it.
struct RequestFacts {
  absl::string_view method;        // of HTTP
  absl::string_view path;          // without the query, which may hold secrets
  absl::string_view route;         // the template that it matched; empty: none
  absl::string_view http_version;  // "HTTP/1.1"
  absl::string_view peer;
  absl::string_view trace_id;    // of the client's traceparent; empty: it sent none that is one
  absl::string_view request_id;  // of its X-Request-Id; empty: it sent none
  absl::string_view call_path;   // "/package.Service/Method" of the call; empty: none was made
  absl::string_view upstream;    // of the call, as configured
  bool streams = false;          // the call's answer is a stream
  int status = 0;                // of HTTP; 0: no head was sent
  absl::StatusCode code = absl::StatusCode::kOk;
  EndReason end_reason = EndReason::kOk;
  absl::Duration age;                            // since its head
  absl::optional<absl::Duration> first_message;  // from the head to the first message
  absl::Duration deadline = absl::InfiniteDuration();
  uint64_t messages = 0;  // from the upstream
  uint64_t bytes = 0;     // of the answer's messages, before any framing by HTTP
};

// A request became a call.
struct CallFacts {
  absl::string_view path;  // "/package.Service/Method"
  bool streams = false;    // its answer is a stream
};

class RequestObserver {
 public:
  virtual ~RequestObserver() = default;

  virtual void OnRequest() {}
  virtual void OnCall(const CallFacts& /*call*/) {}
  // One message of a stream was written, `bytes` long.
  virtual void OnRecord(size_t /*bytes*/) {}
  virtual void OnHeartbeat() {}
  // A stream goes on: once a minute, where wants_open_reports().
  virtual void OnOpen(const RequestFacts& /*facts*/) {}
  virtual void OnEnd(const RequestFacts& /*facts*/) {}

  // Whether OnOpen, and the ids that clients send, are of interest: they cost a timer and memory per request.
  virtual bool wants_open_reports() const { return false; }
};

// Several observers as one; they outlive it.
class RequestObservers final : public RequestObserver {
 public:
  explicit RequestObservers(std::vector<RequestObserver*> observers) : observers_(std::move(observers)) {}

  void OnRequest() override {
    for (RequestObserver* observer : observers_) observer->OnRequest();
  }
  void OnCall(const CallFacts& call) override {
    for (RequestObserver* observer : observers_) observer->OnCall(call);
  }
  void OnRecord(size_t bytes) override {
    for (RequestObserver* observer : observers_) observer->OnRecord(bytes);
  }
  void OnHeartbeat() override {
    for (RequestObserver* observer : observers_) observer->OnHeartbeat();
  }
  void OnOpen(const RequestFacts& facts) override {
    for (RequestObserver* observer : observers_) observer->OnOpen(facts);
  }
  void OnEnd(const RequestFacts& facts) override {
    for (RequestObserver* observer : observers_) observer->OnEnd(facts);
  }
  bool wants_open_reports() const override {
    for (const RequestObserver* observer : observers_) {
      if (observer->wants_open_reports()) return true;
    }
    return false;
  }

 private:
  const std::vector<RequestObserver*> observers_;
};

}  // namespace penstock::observe

#endif  // PENSTOCK_GATEWAY_OBSERVE_REQUEST_OBSERVER_H_
