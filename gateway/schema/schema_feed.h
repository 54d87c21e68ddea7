// Keeps the schema up to date: at start, when an upstream is there (again), and when told to.
//
// With descriptor files it reads them; else it asks the reflection of each upstream whenever one of its addresses
// joins. Rules of an API configuration are read from its file. What is new goes to the publisher; what cannot be used
// is logged, counted and left aside: the schema in use stays. An upstream that goes away changes nothing.
//
//   auto feed = SchemaFeed::Create({.upstreams = {"ticks:50051"}});
//   (*feed)->Start(loop, channels, [](std::shared_ptr<const Schema> schema, std::string missing) { ... });
//   (*feed)->OnJoined(0);   // a connection is up
//   (*feed)->Reload();      // SIGHUP
//
// Create on any thread; everything else on the loop's, or while the loop does not run.
#ifndef PENSTOCK_GATEWAY_SCHEMA_SCHEMA_FEED_H_
#define PENSTOCK_GATEWAY_SCHEMA_SCHEMA_FEED_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/base/log_pace.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/route/api_config.h"
#include "gateway/schema/schema.h"
#include "gateway/schema/schema_source.h"
#include "gateway/schema/schema_store.h"
#include "gateway/upstream/call.h"
#include "google/protobuf/descriptor.pb.h"

namespace penstock {

struct SchemaFeedOptions {
  std::vector<std::string> upstreams;    // their names, in the order of channels and Schema::Method::upstream
  std::vector<std::string> descriptors;  // files of the first upstream's API; empty: reflection
  std::string api_config;                // file; empty: none
  SchemaOptions schema;                  // without the rules of that file
};

class SchemaFeed {
 public:
  // What is served from now on: null while no upstream's schema is known; and which are not known yet and why, empty
  // once all are.
  using Publisher = std::function<void(std::shared_ptr<const Schema> schema, std::string missing)>;

  // Reads the files. Errors name the file, or what is wrong in it, and the remedy.
  static absl::StatusOr<std::unique_ptr<SchemaFeed>> Create(SchemaFeedOptions options);

  // Publishes what the files gave. `channels`, one for each upstream, outlive it. Once.
  void Start(net::Loop& loop, const std::vector<upstream::Channel*>& channels, Publisher publisher);

  // An address of the upstream has a connection that had none: it may be another version.
  void OnJoined(size_t upstream);

  // Reads the files again, and asks every upstream that is there.
  void Reload();

  // Which upstreams' schemas are not known yet, and why.
  std::vector<std::string> Missing() const;

  int64_t changes() const { return changes_; }    // schemas taken into use
  int64_t refusals() const { return refusals_; }  // of files or answers that could not be used

 private:
  // What is known about one upstream's schema.
  struct Source {
    std::unique_ptr<ReflectedDescriptors> reflection;  // null: files
    std::string missing;                               // why there is no schema of it; empty: there is
    LogPace pace;
    bool told_to_reload = false;  // somebody waits for a line in the log
  };

  explicit SchemaFeed(SchemaFeedOptions options);
  absl::Status ReadRules();
  void AskAgain();
  bool OnAnswer(size_t upstream, absl::StatusOr<google::protobuf::FileDescriptorSet> files);
  bool Take(size_t upstream, const google::protobuf::FileDescriptorSet& files);
  void Refuse(size_t upstream, const absl::Status& why);
  void OnNewSchema();
  void Publish();
  void LogServing() const;

  const SchemaFeedOptions options_;
  std::vector<route::ApiRule> api_rules_;  // of the file, as it was read last
  SchemaStore store_;
  std::vector<Source> sources_;  // by upstream
  Publisher publisher_;
  int64_t changes_ = 0;
  int64_t refusals_ = 0;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SCHEMA_SCHEMA_FEED_H_
