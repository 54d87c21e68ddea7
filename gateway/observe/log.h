// The process's own log, on stderr: text for people or JSON for machines, written by a thread that nothing waits for (a
// full queue drops its oldest lines). Log through spdlog::info and its kin from any thread.
#ifndef PENSTOCK_GATEWAY_OBSERVE_LOG_H_
#define PENSTOCK_GATEWAY_OBSERVE_LOG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace penstock::observe {

// Makes it the default logger. Call once, before the first line. `level`: "debug", "info", "warn" or "error".
void StartLog(const std::string& level, bool json);

// Writes what is queued and ends the thread: the last act of a process.
void StopLog();

// How long the last lines may wait for whoever reads them.
inline constexpr absl::Duration kLastLinesTime = absl::Seconds(2);

// From now on the process ends within `patience`, with `exit_code`, although nobody reads its outputs and its logs
// cannot be ended. For when all else is done.
void LeaveWithin(absl::Duration patience, int exit_code);

// A message as a log line shows it: control characters escaped, so that what a peer sent cannot forge a line or act on
// a terminal.
std::string EscapedForLog(absl::string_view message);

}  // namespace penstock::observe

#endif  // PENSTOCK_GATEWAY_OBSERVE_LOG_H_
