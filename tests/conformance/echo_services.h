// Services of everything.proto, everything_proto2.proto and overlap.proto that return the request message: tests see
// how the gateway transcoded the HTTP request and the reply. Stateless; gRPC's own threads.
#ifndef PENSTOCK_TESTS_CONFORMANCE_ECHO_SERVICES_H_
#define PENSTOCK_TESTS_CONFORMANCE_ECHO_SERVICES_H_

#include <memory>
#include <vector>

namespace grpc {
class Service;
}

namespace penstock::testing {

// BindingService, HttpBodyService and Proto2Service.
std::vector<std::unique_ptr<grpc::Service>> EchoServices();

// Of overlap.proto, whose rules the native dialect refuses.
std::unique_ptr<grpc::Service> OverlapService();

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_CONFORMANCE_ECHO_SERVICES_H_
