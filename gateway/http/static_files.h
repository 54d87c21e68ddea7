// The page: files embedded in the binary, or a directory's, for requests that no API route takes.
//
// Immutable once made; used from any thread. The embedded files are pure values; a directory is read at each request
// (blocking, meant for development and small pages) and nothing outside it is reachable.
//
//   auto files = StaticFiles::Embedded(EmbeddedWeb());
//   if (auto reply = files.Find(head.method, head.target, head.headers)) reply->SendTo(response);
#ifndef PENSTOCK_GATEWAY_HTTP_STATIC_FILES_H_
#define PENSTOCK_GATEWAY_HTTP_STATIC_FILES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "gateway/http/embedded_file.h"
#include "gateway/http/response_stream.h"
#include "gateway/net/unique_fd.h"

namespace penstock::http {

struct StaticReply {
  int status = 200;
  Headers headers;
  absl::string_view body;                    // into the binary, or into `owned`
  std::shared_ptr<const std::string> owned;  // keeps a directory's file alive

  // Head, body and finish. The session leaves the body out for HEAD.
  void SendTo(ResponseStream& response) const;
};

class StaticFiles {
 public:
  // A directory's file above this is not found: it would be held in memory whole.
  static constexpr size_t kMaxFileBytes = 16 * 1024 * 1024;

  // Serves nothing.
  StaticFiles() = default;

  // Files compiled into the binary, with a strict Content-Security-Policy. `files` must be static.
  static StaticFiles Embedded(absl::Span<const EmbeddedFile> files);

  // The files below `root`, without a policy of ours. Fails when it is no directory.
  static absl::StatusOr<StaticFiles> Directory(const std::string& root);

  // The reply to a request for one of these files; nothing when `target` (its query is ignored) names none. "/" is
  // index.html. 304 where If-None-Match fits, 405 for anything but GET and HEAD.
  absl::optional<StaticReply> Find(absl::string_view method, absl::string_view target, const Headers& headers) const;

 private:
  struct StoredFile {
    std::string path;  // "/index.html"
    absl::string_view content;
    std::string etag;
  };

  const StoredFile* FindEmbedded(absl::string_view path) const;

  std::vector<StoredFile> embedded_;
  std::shared_ptr<net::UniqueFd> root_;  // null: not a directory's
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_STATIC_FILES_H_
