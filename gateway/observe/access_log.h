// The access line: one JSON object a request, written when it is over, and once a minute while a stream goes on (with
// "open" where the reason for the end stands). Formatting is pure; writing is a thread's that
// no request waits for (a full queue drops its oldest lines).
//
//   AccessLog log(AccessLog::Target::kStdout, "");
//   log.Write(FormatAccessLine(entry));      // any thread
#ifndef PENSTOCK_GATEWAY_OBSERVE_ACCESS_LOG_H_
#define PENSTOCK_GATEWAY_OBSERVE_ACCESS_LOG_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace penstock::observe {

// What there is to say of a request. Views are valid during FormatAccessLine only. Credentials have no place here.
struct AccessEntry {
  absl::Time end_time;
  absl::string_view trace_id;    // of the client's traceparent; empty: it sent none that is one
  absl::string_view request_id;  // of its X-Request-Id; empty: it sent none
  absl::string_view method;
  absl::string_view path;      // without the query, which may hold secrets
  absl::string_view route;     // template of the route; empty: none matched
  absl::string_view protocol;  // "HTTP/1.1"
  absl::string_view peer;
  int status = 0;  // 0: no head was sent
  absl::StatusCode grpc_code = absl::StatusCode::kOk;
  absl::string_view end_reason;
  absl::Duration duration;
  absl::optional<absl::Duration> first_message;  // from the head to the first message
  uint64_t messages = 0;
  uint64_t bytes = 0;
  absl::string_view upstream;                          // as configured; empty: no call was made
  absl::Duration deadline = absl::InfiniteDuration();  // of the call; infinite: none
};

// One line, newline included; what a client chose is escaped as AppendJsonString says.
std::string FormatAccessLine(const AccessEntry& entry);

// Where access lines go.
class AccessLog {
 public:
  enum class Target { kOff, kStdout, kFile };

  // `path`: of kFile, opened for appending. Throws spdlog::spdlog_ex where it cannot be opened.
  AccessLog(Target target, const std::string& path);
  // Writes what is still queued.
  ~AccessLog();

  // False: lines are not wanted, so need not be formatted. Any thread.
  bool enabled() const { return writer_ != nullptr; }

  // Any thread; never blocks.
  void Write(absl::string_view line);

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace penstock::observe

#endif  // PENSTOCK_GATEWAY_OBSERVE_ACCESS_LOG_H_
