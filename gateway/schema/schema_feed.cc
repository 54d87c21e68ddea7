#include "gateway/schema/schema_feed.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace penstock {

using google::protobuf::FileDescriptorSet;

namespace {

bool Same(const std::vector<route::ApiRule>& a, const std::vector<route::ApiRule>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const route::ApiRule& x, const route::ApiRule& y) {
    return x.place == y.place && x.rule.SerializeAsString() == y.rule.SerializeAsString();
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<SchemaFeed>> SchemaFeed::Create(SchemaFeedOptions options) {
  std::unique_ptr<SchemaFeed> feed(new SchemaFeed(std::move(options)));
  if (absl::Status status = feed->ReadRules(); !status.ok()) return status;
  if (feed->options_.descriptors.empty()) return feed;
  const auto files = DescriptorsFromFiles(feed->options_.descriptors);
  if (!files.ok()) return files.status();
  if (const auto taken = feed->store_.Offer(0, *files); !taken.ok()) {
    return absl::Status(taken.status().code(), absl::StrCat("the API cannot be served: ", taken.status().message()));
  }
  feed->sources_.front().missing.clear();
  feed->changes_ = 1;
  return feed;
}

SchemaFeed::SchemaFeed(SchemaFeedOptions options)
    : options_(std::move(options)), store_(options_.upstreams, options_.schema), sources_(options_.upstreams.size()) {
  for (size_t i = 0; i < sources_.size(); ++i) {
    sources_[i].missing = absl::StrCat("the reflection of ", options_.upstreams[i], " has not answered yet");
  }
}

void SchemaFeed::Start(net::Loop& loop, const std::vector<upstream::Channel*>& channels, Publisher publisher) {
  publisher_ = std::move(publisher);
  if (options_.descriptors.empty()) {
    for (size_t i = 0; i < sources_.size(); ++i) {
      sources_[i].reflection = std::make_unique<ReflectedDescriptors>(
          loop, *channels[i], options_.upstreams[i],
          [this, i](absl::StatusOr<FileDescriptorSet> files) { return OnAnswer(i, std::move(files)); });
    }
  }
  if (store_.schema() != nullptr) LogServing();
  Publish();
}

void SchemaFeed::OnJoined(size_t upstream) {
  if (sources_[upstream].reflection != nullptr) sources_[upstream].reflection->Ask();
}

absl::Status SchemaFeed::ReadRules() {
  if (options_.api_config.empty()) return absl::OkStatus();
  auto rules = ApiRulesFromFile(options_.api_config);
  if (!rules.ok()) return rules.status();
  if (Same(*rules, api_rules_)) return absl::OkStatus();
  api_rules_ = *std::move(rules);
  SchemaOptions schema = options_.schema;
  schema.api_rules = api_rules_;
  store_.SetOptions(std::move(schema));
  return absl::OkStatus();
}

void SchemaFeed::Reload() {
  for (Source& source : sources_) {
    source.told_to_reload = true;
    source.pace = LogPace();
  }
  if (const absl::Status status = ReadRules(); !status.ok()) {
    ++refusals_;
    spdlog::warn("the rules stay as they were: {}", std::string(status.message()));
  }
  if (options_.descriptors.empty()) return AskAgain();
  const auto files = DescriptorsFromFiles(options_.descriptors);
  if (files.ok()) {
    Take(0, *files);
  } else {
    ++refusals_;
    Refuse(0, files.status());
  }
}

void SchemaFeed::AskAgain() {
  // Other rules go with the descriptors that are known, should an upstream be away.
  if (const absl::StatusOr<bool> changed = store_.Refresh(); !changed.ok()) {
    ++refusals_;
    spdlog::warn("the schema stays as it was: {}", std::string(changed.status().message()));
  } else if (*changed) {
    OnNewSchema();
  }
  for (Source& source : sources_) source.reflection->Ask();
}

bool SchemaFeed::OnAnswer(size_t upstream, absl::StatusOr<FileDescriptorSet> files) {
  if (files.ok()) return Take(upstream, *files);
  Refuse(upstream, files.status());
  return false;
}

bool SchemaFeed::Take(size_t upstream, const FileDescriptorSet& files) {
  const absl::StatusOr<bool> changed = store_.Offer(upstream, files);
  if (!changed.ok()) {
    ++refusals_;
    Refuse(upstream, changed.status());
    return false;
  }
  Source& source = sources_[upstream];
  const bool told = std::exchange(source.told_to_reload, false);
  if (*changed) {
    source.missing.clear();
    OnNewSchema();
  } else if (told) {
    spdlog::info("the schema of upstream {} is as it was", options_.upstreams[upstream]);
  }
  return true;
}

void SchemaFeed::Refuse(size_t upstream, const absl::Status& why) {
  Source& source = sources_[upstream];
  const std::string reason(why.message());
  source.told_to_reload = false;
  const bool known = store_.known(upstream);
  if (!known && source.missing != reason) {
    source.missing = reason;
    Publish();
  }
  const auto skipped = source.pace.Due(net::TimerWheel::Clock::now());
  if (!skipped) return;
  spdlog::warn("{} upstream {}: {}{}", known ? "no other schema of" : "no schema yet of", options_.upstreams[upstream],
               reason, *skipped == 0 ? "" : absl::StrCat(" (failures since the last such line: ", *skipped, ")"));
}

void SchemaFeed::OnNewSchema() {
  ++changes_;
  LogServing();
  Publish();
}

void SchemaFeed::Publish() { publisher_(store_.schema(), absl::StrJoin(Missing(), "; ")); }

void SchemaFeed::LogServing() const {
  spdlog::info("serving {} methods on {} routes", store_.schema()->method_count(), store_.schema()->routes().size());
}

std::vector<std::string> SchemaFeed::Missing() const {
  std::vector<std::string> missing;
  for (const Source& source : sources_) {
    if (!source.missing.empty()) missing.push_back(source.missing);
  }
  return missing;
}

}  // namespace penstock
