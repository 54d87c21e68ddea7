// The baseline ("floor") for the gateway and the service: a process that only calls send().
//
// It sends the same lines as a tick stream, at the same times (from the service's schedule), on the same number of
// connections, one send() per line. A line costs what the kernel takes for it; a process that forwards lines one at a
// time cannot cost less.
//
//   pid = spawn({self, "--role=floor"});   // prints "floor ready address=127.0.0.1:PORT"
//   connect, send FloorRequest(...), read lines
#ifndef PENSTOCK_TESTS_BENCH_FLOOR_SENDER_H_
#define PENSTOCK_TESTS_BENCH_FLOOR_SENDER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace penstock::bench {

// What a client sends once connected: when its lines are due, how many there are, and the message in each.
std::string FloorRequest(absl::Duration interval, uint64_t count, absl::string_view message);

// The ticks that the floor at `address` has skipped since it started, because the time for them had gone by.
absl::StatusOr<uint64_t> FloorSkipped(absl::string_view address);

// Listens on a port of the kernel's choice, prints the ready line and serves until it is killed. Returns only when it
// cannot start, the exit status.
int RunFloorSender();

}  // namespace penstock::bench

#endif  // PENSTOCK_TESTS_BENCH_FLOOR_SENDER_H_
