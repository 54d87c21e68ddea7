// Services of everything.proto about metadata and client streaming: StreamService and MetadataService. Stateless;
// gRPC's own threads.
#ifndef PENSTOCK_TESTS_CONFORMANCE_METADATA_SERVICES_H_
#define PENSTOCK_TESTS_CONFORMANCE_METADATA_SERVICES_H_

#include <memory>
#include <vector>

namespace grpc {
class Service;
}

namespace penstock::testing {

std::vector<std::unique_ptr<grpc::Service>> MetadataServices();

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_CONFORMANCE_METADATA_SERVICES_H_
