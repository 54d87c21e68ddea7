// Where the schema comes from: descriptor-set files, read once, or the upstream's reflection, asked until it answers.
//
// Reflection runs on one loop over that loop's channel. The channel's readiness wakes it; an answer that cannot be used
// is asked for again with growing pauses, because the upstream may be in the middle of a rollout.
#ifndef PENSTOCK_GATEWAY_SCHEMA_SOURCE_H_
#define PENSTOCK_GATEWAY_SCHEMA_SOURCE_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/loop.h"
#include "gateway/route/api_config.h"
#include "gateway/schema.h"
#include "gateway/timer_wheel.h"
#include "gateway/upstream/call.h"
#include "gateway/upstream/reflection.h"

namespace penstock {

// The schema of FileDescriptorSet files (what `protoc --include_imports --descriptor_set_out` writes). A file that two
// sets hold counts once. Errors name the file and the remedy.
absl::StatusOr<std::shared_ptr<const Schema>> SchemaFromFiles(const std::vector<std::string>& paths,
                                                              const SchemaOptions& options);

// The rules of a gRPC API Configuration file. Errors name the file, line and column, and the remedy.
absl::StatusOr<std::vector<route::ApiRule>> ApiRulesFromFile(const std::string& path);

// The loop's thread only.
class ReflectedSchema final : private Timer {
 public:
  // OK: a schema to publish. Else: why there is none yet; another attempt follows by itself.
  using Listener = std::function<void(absl::StatusOr<std::shared_ptr<const Schema>> schema)>;

  // Pauses between attempts, from the first doubling to the last.
  static constexpr std::chrono::milliseconds kFirstPause{200};
  static constexpr std::chrono::milliseconds kLongestPause{5000};

  // `name` is the upstream's, for messages; `options` and `channel` outlive it.
  ReflectedSchema(Loop& loop, upstream::Channel& channel, std::string name, const SchemaOptions& options,
                  Listener listener);

  // The channel became ready: ask, unless there is an answer already.
  void OnChannelReady();

 private:
  void OnTimer() override;
  void OnAnswer(absl::StatusOr<google::protobuf::FileDescriptorSet> files);

  Loop& loop_;
  upstream::Channel& channel_;
  const SchemaOptions& options_;
  const Listener listener_;
  upstream::ReflectionClient client_;
  std::chrono::milliseconds pause_ = kFirstPause;
  bool published_ = false;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SCHEMA_SOURCE_H_
