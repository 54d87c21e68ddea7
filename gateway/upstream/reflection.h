// Asks an upstream for its schema by gRPC server reflection: v1, then v1alpha where that is all it has. Files come with
// their imports or one by one, as the server likes; of google/protobuf and google/api our own stand in for those that
// it does not have.
//
// One fetch at a time, on the loop's thread, over a Channel that must outlive it. The result holds every file that
// defines a listed service, with all they import, each file after its imports: what a DescriptorPool takes in order.
//
//   ReflectionClient client(loop, channel, "localhost:50051");
//   client.Fetch([](absl::StatusOr<google::protobuf::FileDescriptorSet> schema) { ... });
#ifndef PENSTOCK_GATEWAY_UPSTREAM_REFLECTION_H_
#define PENSTOCK_GATEWAY_UPSTREAM_REFLECTION_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/net/loop.h"
#include "gateway/upstream/call.h"
#include "google/protobuf/descriptor.pb.h"

namespace penstock::upstream {

class ReflectionClient {
 public:
  using Callback = std::function<void(absl::StatusOr<google::protobuf::FileDescriptorSet> schema)>;

  // A whole fetch takes at most this long.
  static constexpr absl::Duration kTimeout = absl::Seconds(10);
  // Descriptors of even the largest APIs are a few MiB; more than this is a fault or an attack.
  static constexpr size_t kMaxSchemaBytes = 64 * 1024 * 1024;

  // `name` is the upstream's, for messages.
  ReflectionClient(net::Loop& loop, Channel& channel, std::string name);
  // Silences the callback and cancels the call.
  ~ReflectionClient();

  // `callback` is called once, from the loop; it may destroy the client or fetch again. Errors say which upstream and
  // which step failed. REQUIRES: no fetch in progress.
  void Fetch(Callback callback);

  bool fetching() const { return fetch_ != nullptr; }

 private:
  class FetchState;

  net::Loop& loop_;
  Channel& channel_;
  const std::string name_;
  std::unique_ptr<FetchState> fetch_;
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_REFLECTION_H_
