#include "gateway/http/static_files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/error_reply.h"

namespace penstock::http {
namespace {

// The page needs its own scripts, styles and images and talks to its own origin: nothing else is allowed, so that text
// from a service can never run.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

absl::string_view ContentType(absl::string_view path) {
  static constexpr std::pair<absl::string_view, absl::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".txt", "text/plain; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".wasm", "application/wasm"},
  };
  for (const auto& [suffix, type] : kTypes) {
    if (absl::EndsWithIgnoreCase(path, suffix)) return type;
  }
  return "application/octet-stream";
}

// A strong validator from the content alone: 64 bits of FNV-1a and the length. It tells versions of one file apart; it
// is no defence against somebody who writes them.
std::string EtagOf(absl::string_view content) {
  uint64_t hash = 14695981039346656037u;
  for (char c : content) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return absl::StrCat("\"", absl::Hex(hash, absl::kZeroPad16), "-", absl::Hex(content.size()), "\"");
}

// RFC 9110 section 13.1.2: a weak comparison of a list. An entity tag holds no quotes, so searching for ours with its
// quotes finds exactly it.
bool NoneMatchFails(const Headers& headers, absl::string_view etag) {
  for (const Header& header : headers) {
    if (header.name != "if-none-match") continue;
    if (absl::StripAsciiWhitespace(header.value) == "*" || absl::StrContains(header.value, etag)) return true;
  }
  return false;
}

int HexDigit(char c) { return absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10; }

// The decoded path, or nothing where it could mean another place than it says: escapes that are broken or stand for a
// separator or NUL, and empty, "." and ".." segments.
absl::optional<std::string> SafePath(absl::string_view target) {
  const absl::string_view raw = target.substr(0, target.find('?'));
  if (raw.empty() || raw.front() != '/') return absl::nullopt;
  if (raw == "/") return std::string("/index.html");
  std::string path;
  for (size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      if (i + 2 >= raw.size() || !absl::ascii_isxdigit(raw[i + 1]) || !absl::ascii_isxdigit(raw[i + 2])) {
        return absl::nullopt;
      }
      c = static_cast<char>(HexDigit(raw[i + 1]) * 16 + HexDigit(raw[i + 2]));
      if (c == '/') return absl::nullopt;
      i += 2;
    }
    if (c == '\0' || c == '\\') return absl::nullopt;
    path.push_back(c);
  }
  for (size_t begin = 1; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const absl::string_view segment = absl::string_view(path).substr(begin, end - begin);
    if (segment.empty() || segment == "." || segment == "..") return absl::nullopt;
    begin = end + 1;
  }
  return path;
}

// For kernels and sandboxes without openat2: one component at a time, no link followed anywhere.
net::UniqueFd OpenWithoutLinks(int root, const std::string& relative) {
  net::UniqueFd folder(::fcntl(root, F_DUPFD_CLOEXEC, 0));
  size_t begin = 0;
  for (size_t slash = relative.find('/'); slash != std::string::npos && folder; slash = relative.find('/', begin)) {
    const std::string name = relative.substr(begin, slash - begin);
    folder = net::UniqueFd(::openat(folder.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    begin = slash + 1;
  }
  if (!folder) return folder;
  return net::UniqueFd(
      ::openat(folder.get(), relative.c_str() + begin, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY));
}

// Links inside the folder are followed (a mounted ConfigMap is made of them), none that leaves it.
net::UniqueFd OpenBeneath(int root, const std::string& relative) {
  open_how how{};
  how.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  net::UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, root, relative.c_str(), &how, sizeof(how))));
  if (!fd && (errno == ENOSYS || errno == EPERM)) return OpenWithoutLinks(root, relative);
  return fd;
}

// The content of a regular file of at most `limit` bytes.
absl::optional<std::string> ReadFile(int fd, size_t limit) {
  struct stat info;
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return absl::nullopt;
  if (static_cast<uint64_t>(info.st_size) > limit) return absl::nullopt;
  std::string content(static_cast<size_t>(info.st_size), '\0');
  size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t n = ::read(fd, content.data() + filled, content.size() - filled);
    if (n <= 0) break;  // it shrank since
    filled += static_cast<size_t>(n);
  }
  content.resize(filled);
  return content;
}

StaticReply Reply(absl::string_view method, absl::string_view path, absl::string_view content, absl::string_view etag,
                  const Headers& request, bool with_policy) {
  StaticReply reply;
  if (method != "GET" && method != "HEAD") {
    reply.status = 405;
    reply.owned = std::make_shared<const std::string>(ErrorJson(GrpcCodeOf(405), "a file can only be read"));
    reply.body = *reply.owned;
    reply.headers = {{"Content-Type", "application/json"}, {"Allow", "GET, HEAD"}};
    return reply;
  }
  const absl::string_view type = ContentType(path);
  reply.headers = {{"Content-Type", std::string(type.data(), type.size())},
                   {"ETag", std::string(etag.data(), etag.size())},
                   {"Cache-Control", "no-cache"},
                   {"X-Content-Type-Options", "nosniff"}};
  if (with_policy) {
    reply.headers.push_back({"Content-Security-Policy", kPolicy});
    reply.headers.push_back({"Referrer-Policy", "no-referrer"});
  }
  if (NoneMatchFails(request, etag)) {
    reply.status = 304;
  } else {
    reply.body = content;
  }
  return reply;
}

}  // namespace

void StaticReply::SendTo(ResponseStream& response) const {
  response.SendHead(status, headers, status == 304 ? absl::nullopt : absl::optional<uint64_t>(body.size()));
  if (!body.empty()) {
    response.Body().append(body.data(), body.size());
    response.CommitBody();
  }
  response.Finish();
}

StaticFiles StaticFiles::Embedded(absl::Span<const EmbeddedFile> files) {
  StaticFiles made;
  for (const EmbeddedFile& file : files) {
    const absl::string_view content(file.data, file.size);
    made.embedded_.push_back({absl::StrCat("/", file.name), content, EtagOf(content)});
  }
  return made;
}

absl::StatusOr<StaticFiles> StaticFiles::Directory(const std::string& root) {
  net::UniqueFd fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    return absl::InvalidArgumentError(absl::StrCat("cannot serve files from \"", root, "\": ", std::strerror(errno),
                                                   ". Name a folder that this user may read."));
  }
  StaticFiles made;
  made.root_ = std::make_shared<net::UniqueFd>(std::move(fd));
  return made;
}

const StaticFiles::StoredFile* StaticFiles::FindEmbedded(absl::string_view path) const {
  for (const StoredFile& entry : embedded_) {
    if (entry.path == path) return &entry;
  }
  return nullptr;
}

absl::optional<StaticReply> StaticFiles::Find(absl::string_view method, absl::string_view target,
                                              const Headers& headers) const {
  const absl::optional<std::string> path = SafePath(target);
  if (!path) return absl::nullopt;
  if (!root_) {
    const StoredFile* entry = FindEmbedded(*path);
    if (entry == nullptr) return absl::nullopt;
    return Reply(method, *path, entry->content, entry->etag, headers, /*with_policy=*/true);
  }
  const net::UniqueFd file = OpenBeneath(root_->get(), path->substr(1));
  if (!file) return absl::nullopt;
  absl::optional<std::string> content = ReadFile(file.get(), kMaxFileBytes);
  if (!content) return absl::nullopt;
  auto owned = std::make_shared<const std::string>(*std::move(content));
  StaticReply reply = Reply(method, *path, *owned, EtagOf(*owned), headers, /*with_policy=*/false);
  if (!reply.owned) reply.owned = std::move(owned);
  return reply;
}

}  // namespace penstock::http
