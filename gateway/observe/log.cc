#include "gateway/observe/log.h"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <ctime>
#include <memory>
#include <thread>
#include <utility>

#include "gateway/base/json_string.h"

namespace penstock::observe {
namespace {

// Lines that may wait for a reader of stderr that is slow or stuck.
constexpr size_t kQueuedLines = 1024;

// `%*`: the message, escaped; in quotes for JSON.
class EscapedMessage final : public spdlog::custom_flag_formatter {
 public:
  explicit EscapedMessage(bool quoted) : quoted_(quoted) {}

  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/, spdlog::memory_buf_t& line) override {
    const absl::string_view payload(message.payload.data(), message.payload.size());
    std::string text;
    if (quoted_) {
      AppendJsonString(payload, &text);
    } else {
      text = EscapedForLog(payload);
    }
    line.append(text.data(), text.data() + text.size());
  }

  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<EscapedMessage>(quoted_); }

 private:
  const bool quoted_;
};

}  // namespace

std::string EscapedForLog(absl::string_view message) {
  std::string text;
  AppendJsonString(message, &text);
  text = text.substr(1, text.size() - 2);
  // Quotes and backslashes are no danger in text, and are easier to read as they are.
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    plain.push_back(text[i]);
  }
  return plain;
}

void StartLog(const std::string& level, bool json) {
  spdlog::init_thread_pool(kQueuedLines, 1);
  auto logger = spdlog::create_async_nb<spdlog::sinks::stderr_sink_mt>("penstock");
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<EscapedMessage>('*', json);
  formatter->set_pattern(json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %l %*");
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void StopLog() { spdlog::shutdown(); }

void LeaveWithin(absl::Duration patience, int exit_code) {
  std::thread([patience, exit_code] {
    std::this_thread::sleep_for(absl::ToChronoNanoseconds(patience));
    // Not _exit(): a sanitizer's flushes stdio first, on which the stuck thread has its hand.
    syscall(SYS_exit_group, exit_code);
  }).detach();
}

}  // namespace penstock::observe
