// Starts the project's binaries for a test, on ports that the kernel chooses, and waits until they serve.
//
//   std::unique_ptr<Server> service = StartService();
//   std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + service->address()});
//   Exchange(gateway->address(), Request("POST", "/v1/ticks:subscribe", "{}"), deadline);
//
// A binary is found in the test's runfiles (list it as `data`), or at the path in an environment variable, for a run by
// hand: PENSTOCK_GATEWAY, PENSTOCK_TICKS, PENSTOCK_EVERYTHING_SERVER and so on.
//
// The functions never return null: if a server does not start, they print its output and end the test program with a
// failure.
#ifndef PENSTOCK_TESTS_SUPPORT_SERVERS_H_
#define PENSTOCK_TESTS_SUPPORT_SERVERS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/support/process.h"

namespace penstock::testing {

// How long a test waits for what should take milliseconds. Generous, since a loaded machine is no fault.
inline absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

class Server {
 public:
  Server(std::unique_ptr<Process> process, std::string address, std::string admin_address)
      : process_(std::move(process)), address_(std::move(address)), admin_address_(std::move(admin_address)) {}

  Process& process() { return *process_; }
  const std::string& address() const { return address_; }              // "127.0.0.1:port" that serves
  const std::string& admin_address() const { return admin_address_; }  // of /readyz, /metrics

  // One sample of the admin address's /metrics: the sum over all label sets of `name`; 0 when it is not there.
  double Metric(absl::string_view name) const;

  // Kills it as a crash would (SIGKILL) and waits.
  void Kill();

 private:
  std::unique_ptr<Process> process_;
  std::string address_;
  std::string admin_address_;
};

// Where `runfile` ("gateway/penstock-gateway") is; the environment variable `variable` overrides.
std::string FindBinary(absl::string_view runfile, const char* variable);

// //service:penstock-ticks. `listen` fixes the port, for a service that comes back where it was.
std::unique_ptr<Server> StartService(std::vector<std::string> flags = {}, absl::string_view listen = "127.0.0.1:0");

// //tests/conformance:everything_server.
std::unique_ptr<Server> StartEverythingServer(std::vector<std::string> flags = {},
                                              absl::string_view listen = "127.0.0.1:0");

// //gateway:penstock-gateway, listening and, unless `wait_ready` is false, ready (GET /readyz is 200).
std::unique_ptr<Server> StartGateway(std::vector<std::string> flags, bool wait_ready = true);

// //tests/conformance:reference_gateway, everything.proto by grpc-gateway v2; ready as above.
std::unique_ptr<Server> StartReferenceGateway(std::vector<std::string> flags);

// //gateway/reference:reference-gateway, the tick service by grpc-gateway v2; ready as above.
std::unique_ptr<Server> StartTickReferenceGateway(std::vector<std::string> flags);

// Whether /readyz of `server` answers `status` before the deadline.
bool WaitForReadiness(const Server& server, int status, absl::Time deadline);

// A port of 127.0.0.1 that nothing listens on, and that nothing is given while this lives.
class ReservedPort {
 public:
  ReservedPort();
  ~ReservedPort();
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;
  const std::string& address() const { return address_; }

  // Lets the port go, for a server to listen on. Others could take it in between; nothing else here picks ports
  // by number.
  void Release();

 private:
  int fd_ = -1;
  std::string address_;
};

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_SUPPORT_SERVERS_H_
