#include "gateway/observe/access_log_observer.h"

#include "absl/time/clock.h"

namespace penstock::observe {

void AccessLogObserver::Write(const RequestFacts& facts, absl::string_view end_reason) {
  if (!log_.enabled()) return;
  AccessEntry entry;
  entry.end_time = absl::Now();
  entry.trace_id = facts.trace_id;
  entry.request_id = facts.request_id;
  entry.method = facts.method;
  entry.path = facts.path;
  entry.route = facts.route;
  entry.protocol = facts.http_version;
  entry.peer = facts.peer;
  entry.status = facts.status;
  entry.grpc_code = facts.code;
  entry.end_reason = end_reason;
  entry.duration = facts.age;
  entry.first_message = facts.first_message;
  entry.messages = facts.messages;
  entry.bytes = facts.bytes;
  entry.upstream = facts.upstream;
  entry.deadline = facts.deadline;
  log_.Write(FormatAccessLine(entry));
}

}  // namespace penstock::observe
