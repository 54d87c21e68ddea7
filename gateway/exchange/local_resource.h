// What the gateway answers itself, for requests that no API route takes: files of the page, the console's list of
// methods, documents. A server has an ordered list of them; the first that knows the path answers.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_LOCAL_RESOURCE_H_
#define PENSTOCK_GATEWAY_EXCHANGE_LOCAL_RESOURCE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/http/request_head.h"
#include "gateway/http/static_files.h"

namespace penstock {

class LocalResource {
 public:
  virtual ~LocalResource() = default;

  // The complete reply; absent: `path` is not one of its own. The loop's thread.
  virtual absl::optional<http::StaticReply> Find(const http::RequestHead& head, absl::string_view path) const = 0;
};

// The files of the page.
class FileResource final : public LocalResource {
 public:
  // `files` outlives it.
  explicit FileResource(const http::StaticFiles& files) : files_(files) {}

  absl::optional<http::StaticReply> Find(const http::RequestHead& head, absl::string_view /*path*/) const override {
    return files_.Find(head.method, head.target, head.headers);
  }

 private:
  const http::StaticFiles& files_;
};

// One JSON document at one path, replaced as a whole when what it describes changes. One per loop.
class DocumentResource final : public LocalResource {
 public:
  explicit DocumentResource(std::string path) : path_(std::move(path)) {}

  // Null: there is none, and its path is not known.
  void Set(std::shared_ptr<const std::string> json) { json_ = std::move(json); }

  absl::optional<http::StaticReply> Find(const http::RequestHead& head, absl::string_view path) const override;

 private:
  const std::string path_;
  std::shared_ptr<const std::string> json_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_LOCAL_RESOURCE_H_
