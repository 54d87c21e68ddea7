#include "gateway/schema/schema_store.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <utility>

namespace penstock {
namespace {

using google::protobuf::FileDescriptorSet;

// The same bytes for the same content, in this process.
std::string Serialize(const FileDescriptorSet& files) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  files.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

SchemaStore::SchemaStore(std::vector<std::string> upstreams, SchemaOptions options)
    : upstreams_(std::move(upstreams)),
      options_(std::move(options)),
      taken_(upstreams_.size()),
      refused_(upstreams_.size()) {}

absl::StatusOr<bool> SchemaStore::Offer(size_t upstream, const FileDescriptorSet& files) {
  std::string bytes = Serialize(files);
  if (taken_[upstream] == bytes && !new_options_) {
    refused_[upstream].reset();
    return false;
  }
  if (refused_[upstream] && refused_[upstream]->bytes == bytes) return refused_[upstream]->why;
  std::vector<absl::optional<std::string>> offered = taken_;
  offered[upstream] = bytes;
  if (absl::Status status = Compile(offered); !status.ok()) {
    refused_[upstream] = Refusal{std::move(bytes), status};
    return status;
  }
  taken_ = std::move(offered);
  return true;
}

void SchemaStore::SetOptions(SchemaOptions options) {
  options_ = std::move(options);
  new_options_ = true;
  refused_.assign(upstreams_.size(), absl::nullopt);
}

absl::StatusOr<bool> SchemaStore::Refresh() {
  if (!new_options_ || schema_ == nullptr) return false;
  if (absl::Status status = Compile(taken_); !status.ok()) return status;
  return true;
}

absl::Status SchemaStore::Compile(const std::vector<absl::optional<std::string>>& bytes) {
  std::vector<FileDescriptorSet> files(bytes.size());
  std::vector<Schema::Api> apis;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] && !files[i].ParseFromString(*bytes[i])) return absl::InternalError("descriptors changed in memory");
    apis.push_back({upstreams_[i], bytes[i] ? &files[i] : nullptr});
  }
  auto schema = Schema::Build(apis, options_);
  if (!schema.ok()) return schema.status();
  schema_ = *std::move(schema);
  new_options_ = false;
  refused_.assign(upstreams_.size(), absl::nullopt);
  return absl::OkStatus();
}

}  // namespace penstock
