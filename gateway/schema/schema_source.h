// Where descriptors come from: descriptor-set files, or an upstream's reflection, asked until it answers.
//
// Reflection runs on one loop over that loop's channel. An answer that is of no use is asked for again with growing
// pauses, because the upstream may be in the middle of a rollout.
#ifndef PENSTOCK_GATEWAY_SCHEMA_SCHEMA_SOURCE_H_
#define PENSTOCK_GATEWAY_SCHEMA_SCHEMA_SOURCE_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/route/api_config.h"
#include "gateway/schema/schema.h"
#include "gateway/upstream/call.h"
#include "gateway/upstream/reflection.h"
#include "google/protobuf/descriptor.pb.h"

namespace penstock {

// What FileDescriptorSet files hold (those that `protoc --include_imports --descriptor_set_out` writes). A file that
// two sets hold counts once. Errors name the file and the remedy.
absl::StatusOr<google::protobuf::FileDescriptorSet> DescriptorsFromFiles(const std::vector<std::string>& paths);

// The schema of them.
absl::StatusOr<std::shared_ptr<const Schema>> SchemaFromFiles(const std::vector<std::string>& paths,
                                                              const SchemaOptions& options);

// The rules of a gRPC API Configuration file. Errors name the file, line and column, and the remedy.
absl::StatusOr<std::vector<route::ApiRule>> ApiRulesFromFile(const std::string& path);

// The loop's thread only.
class ReflectedDescriptors final : private net::Timer {
 public:
  // The descriptors, or why there are none. Returns whether they are of use; if not, another attempt follows by itself.
  using Listener = std::function<bool(absl::StatusOr<google::protobuf::FileDescriptorSet> files)>;

  // Pauses between attempts, from the first doubling to the last.
  static constexpr std::chrono::milliseconds kFirstPause{200};
  static constexpr std::chrono::milliseconds kLongestPause{30'000};

  // `name` is the upstream's, for messages; `channel` outlives it.
  ReflectedDescriptors(net::Loop& loop, upstream::Channel& channel, std::string name, Listener listener);

  // Asks now: the upstream may have changed. While it is away nothing is asked; call again when it is back.
  void Ask();

 private:
  void OnTimer() override;
  void OnAnswer(absl::StatusOr<google::protobuf::FileDescriptorSet> files);

  net::Loop& loop_;
  upstream::Channel& channel_;
  const Listener listener_;
  upstream::ReflectionClient client_;
  std::chrono::milliseconds pause_ = kFirstPause;
  bool again_ = false;  // what is being fetched may be outdated
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SCHEMA_SCHEMA_SOURCE_H_
