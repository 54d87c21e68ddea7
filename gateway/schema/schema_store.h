// The schema in use, and the descriptors that it was made of: the last good ones of each upstream.
//
// Pure. Descriptors come in one upstream at a time, as often as anybody asks; only those that differ from the last ones
// are compiled, together with what the other upstreams said before. What does not compile, or clashes with the others,
// is refused: the schema stays as it was.
//
//   SchemaStore store({"ticks:50051", "users:50051"}, options);
//   absl::StatusOr<bool> changed = store.Offer(0, descriptors);
//   if (changed.ok() && *changed) Publish(store.schema());
#ifndef PENSTOCK_GATEWAY_SCHEMA_SCHEMA_STORE_H_
#define PENSTOCK_GATEWAY_SCHEMA_SCHEMA_STORE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "gateway/schema/schema.h"
#include "google/protobuf/descriptor.pb.h"

namespace penstock {

class SchemaStore {
 public:
  // `upstreams` by name, for messages.
  SchemaStore(std::vector<std::string> upstreams, SchemaOptions options);

  // These are the descriptors of an upstream now. Whether schema() is another one afterwards; else why they are
  // refused, naming the upstream where there are several.
  absl::StatusOr<bool> Offer(size_t upstream, const google::protobuf::FileDescriptorSet& files);

  // Other options, for whatever is compiled from here on. Until something was, schema() is as it was.
  void SetOptions(SchemaOptions options);

  // Compiles what is known, if the options are others than those of schema(). As Offer.
  absl::StatusOr<bool> Refresh();

  // Null: no upstream's descriptors are known.
  const std::shared_ptr<const Schema>& schema() const { return schema_; }
  bool known(size_t upstream) const { return taken_[upstream].has_value(); }

 private:
  struct Refusal {
    std::string bytes;
    absl::Status why;
  };

  absl::Status Compile(const std::vector<absl::optional<std::string>>& bytes);

  const std::vector<std::string> upstreams_;
  SchemaOptions options_;
  bool new_options_ = false;  // schema_ has others
  // Serialized: a fraction of the objects' size, and quick to compare.
  std::vector<absl::optional<std::string>> taken_;
  // The last ones refused, valid while nothing else has changed: an upstream that stands by them costs no second
  // attempt.
  std::vector<absl::optional<Refusal>> refused_;
  std::shared_ptr<const Schema> schema_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SCHEMA_SCHEMA_STORE_H_
