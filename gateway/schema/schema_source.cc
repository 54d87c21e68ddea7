#include "gateway/schema/schema_source.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace penstock {

absl::StatusOr<google::protobuf::FileDescriptorSet> DescriptorsFromFiles(const std::vector<std::string>& paths) {
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
  return all;
}

absl::StatusOr<std::shared_ptr<const Schema>> SchemaFromFiles(const std::vector<std::string>& paths,
                                                              const SchemaOptions& options) {
  const auto files = DescriptorsFromFiles(paths);
  if (!files.ok()) return files.status();
  return Schema::Build(*files, options);
}

absl::StatusOr<std::vector<route::ApiRule>> ApiRulesFromFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("--api-config=", path, ": cannot be read"));
  const std::string yaml(std::istreambuf_iterator<char>(file), {});
  auto rules = route::ParseApiConfig(yaml);
  if (rules.ok()) return rules;
  return absl::Status(rules.status().code(), absl::StrCat("--api-config=", path, ": ", rules.status().message()));
}

ReflectedDescriptors::ReflectedDescriptors(net::Loop& loop, upstream::Channel& channel, std::string name,
                                           Listener listener)
    : loop_(loop), channel_(channel), listener_(std::move(listener)), client_(loop, channel, std::move(name)) {}

void ReflectedDescriptors::Ask() {
  pause_ = kFirstPause;
  again_ = client_.fetching();
  OnTimer();
}

void ReflectedDescriptors::OnTimer() {
  if (client_.fetching() || !channel_.ready()) return;
  Disarm();
  client_.Fetch([this](absl::StatusOr<google::protobuf::FileDescriptorSet> files) { OnAnswer(std::move(files)); });
}

void ReflectedDescriptors::OnAnswer(absl::StatusOr<google::protobuf::FileDescriptorSet> files) {
  const bool of_use = listener_(std::move(files));
  if (std::exchange(again_, false)) return OnTimer();
  if (of_use) return;
  loop_.Arm(this, pause_);
  pause_ = std::min(pause_ * 2, kLongestPause);
}

}  // namespace penstock
