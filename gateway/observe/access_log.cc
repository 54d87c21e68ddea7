#include "gateway/observe/access_log.h"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/base/json_string.h"

namespace penstock::observe {
namespace {

void AppendString(absl::string_view key, absl::string_view value, std::string* line) {
  absl::StrAppend(line, ",\"", key, "\":");
  AppendJsonString(value, line);
}

double Milliseconds(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

}  // namespace

std::string FormatAccessLine(const AccessEntry& entry) {
  std::string line =
      absl::StrCat("{\"ts\":\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", entry.end_time, absl::UTCTimeZone()), "\"");
  if (!entry.trace_id.empty()) AppendString("trace_id", entry.trace_id, &line);
  if (!entry.request_id.empty()) AppendString("request_id", entry.request_id, &line);
  AppendString("method", entry.method, &line);
  AppendString("path", entry.path, &line);
  AppendString("route", entry.route, &line);
  AppendString("protocol", entry.protocol, &line);
  absl::StrAppendFormat(&line, ",\"status\":%d,\"grpc_code\":%d", entry.status, static_cast<int>(entry.grpc_code));
  AppendString("end_reason", entry.end_reason, &line);
  absl::StrAppendFormat(&line, ",\"duration_ms\":%.3f", Milliseconds(entry.duration));
  if (entry.first_message) absl::StrAppendFormat(&line, ",\"ttfm_ms\":%.3f", Milliseconds(*entry.first_message));
  absl::StrAppendFormat(&line, ",\"messages\":%d,\"bytes\":%d", entry.messages, entry.bytes);
  AppendString("peer", entry.peer, &line);
  if (!entry.upstream.empty()) AppendString("upstream", entry.upstream, &line);
  if (entry.deadline != absl::InfiniteDuration()) {
    absl::StrAppendFormat(&line, ",\"deadline_ms\":%.0f", Milliseconds(entry.deadline));
  }
  line += "}\n";
  return line;
}

// spdlog's queue and thread; the lines come ready made.
class AccessLog::Writer {
 public:
  // Lines that may wait for a slow reader of the log: at about 300 bytes each, 2.5 MB.
  static constexpr size_t kQueuedLines = 8192;

  explicit Writer(spdlog::sink_ptr sink) {
    sink->set_pattern("%v");
    logger_ = std::make_shared<spdlog::async_logger>("access", std::move(sink), pool_,
                                                     spdlog::async_overflow_policy::overrun_oldest);
    logger_->flush_on(spdlog::level::info);
  }

  void Write(absl::string_view line) {
    // The sink ends the line itself.
    if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    logger_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  std::shared_ptr<spdlog::details::thread_pool> pool_ = std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1);
  std::shared_ptr<spdlog::async_logger> logger_;
};

AccessLog::AccessLog(Target target, const std::string& path) {
  if (target == Target::kStdout) {
    writer_ = std::make_unique<Writer>(std::make_shared<spdlog::sinks::stdout_sink_mt>());
  } else if (target == Target::kFile) {
    writer_ = std::make_unique<Writer>(std::make_shared<spdlog::sinks::basic_file_sink_mt>(path));
  }
}

AccessLog::~AccessLog() = default;

void AccessLog::Write(absl::string_view line) {
  if (writer_ != nullptr) writer_->Write(line);
}

}  // namespace penstock::observe
