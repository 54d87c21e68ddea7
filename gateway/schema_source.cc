#include "gateway/schema_source.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace penstock {

absl::StatusOr<std::shared_ptr<const Schema>> SchemaFromFiles(const std::vector<std::string>& paths,
                                                              const SchemaOptions& options) {
  google::protobuf::FileDescriptorSet all;
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return absl::NotFoundError(absl::StrCat("--descriptors=", path, ": cannot be read"));
    google::protobuf::FileDescriptorSet set;
    if (!set.ParseFromIstream(&file)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--descriptors=", path,
                       ": is no FileDescriptorSet; make one with protoc --include_imports --descriptor_set_out"));
    }
    for (google::protobuf::FileDescriptorProto& one : *set.mutable_file()) {
      if (seen.insert(one.name()).second) all.add_file()->Swap(&one);
    }
  }
  auto schema = Schema::Build(all, options);
  if (schema.ok()) return schema;
  return absl::Status(schema.status().code(), absl::StrCat("the API cannot be served: ", schema.status().message()));
}

absl::StatusOr<std::vector<route::ApiRule>> ApiRulesFromFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("--api-config=", path, ": cannot be read"));
  const std::string yaml(std::istreambuf_iterator<char>(file), {});
  auto rules = route::ParseApiConfig(yaml);
  if (rules.ok()) return rules;
  return absl::Status(rules.status().code(), absl::StrCat("--api-config=", path, ": ", rules.status().message()));
}

ReflectedSchema::ReflectedSchema(Loop& loop, upstream::Channel& channel, std::string name, const SchemaOptions& options,
                                 Listener listener)
    : loop_(loop),
      channel_(channel),
      options_(options),
      listener_(std::move(listener)),
      client_(loop, channel, std::move(name)) {}

void ReflectedSchema::OnChannelReady() {
  pause_ = kFirstPause;
  OnTimer();
}

void ReflectedSchema::OnTimer() {
  if (published_ || client_.fetching() || !channel_.ready()) return;
  client_.Fetch([this](absl::StatusOr<google::protobuf::FileDescriptorSet> files) { OnAnswer(std::move(files)); });
}

void ReflectedSchema::OnAnswer(absl::StatusOr<google::protobuf::FileDescriptorSet> files) {
  absl::StatusOr<std::shared_ptr<const Schema>> schema =
      files.ok() ? Schema::Build(*files, options_) : absl::StatusOr<std::shared_ptr<const Schema>>(files.status());
  published_ = schema.ok();
  if (!published_) {
    loop_.Arm(this, pause_);
    pause_ = std::min(pause_ * 2, kLongestPause);
  }
  listener_(std::move(schema));
}

}  // namespace penstock
