// A gRPC C++ server of everything.proto, for tests: with reflection and health, and counters of what it did.
//
//   EverythingServer server;
//   CHECK(server.Start("127.0.0.1:0"));
//   Connect(server.address());
//   server.stats().flood_bytes
//
// Runs on gRPC's own threads (callback API); the counters may be read from any thread.
#ifndef PENSTOCK_TESTS_CONFORMANCE_EVERYTHING_SERVER_H_
#define PENSTOCK_TESTS_CONFORMANCE_EVERYTHING_SERVER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace grpc {
class Server;
}

namespace penstock::testing {

// See StatsReply in everything.proto.
struct EverythingStats {
  std::atomic<int64_t> live{0};
  std::atomic<int64_t> flood_bytes{0};
  std::atomic<int64_t> cancelled{0};
  std::atomic<int64_t> calls{0};
  std::atomic<int64_t> deadline_milliseconds{-1};
};

class EverythingServer {
 public:
  // `with_overlap`: also what overlap.proto says, which the native dialect refuses to load.
  explicit EverythingServer(bool with_overlap = false);
  // Cancels what still runs.
  ~EverythingServer();
  EverythingServer(const EverythingServer&) = delete;
  EverythingServer& operator=(const EverythingServer&) = delete;

  // `address` is "host:port", port 0 for one of the kernel's choice. False: it cannot be had.
  bool Start(const std::string& address);

  const std::string& address() const { return address_; }
  const EverythingStats& stats() const { return stats_; }

 private:
  struct Services;

  EverythingStats stats_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_CONFORMANCE_EVERYTHING_SERVER_H_
