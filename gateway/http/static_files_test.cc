#include "gateway/http/static_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

namespace penstock::http {

// testdata/, by the embed rule.
absl::Span<const EmbeddedFile> EmbeddedTestFiles();

namespace {

std::string Get(const StaticReply& reply, absl::string_view name) {
  for (const Header& header : reply.headers) {
    if (absl::string_view(header.name) == name) return header.value;
  }
  return "(none)";
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(StaticFiles, EmbeddedFilesAreTheFilesByteForByte) {
  const absl::Span<const EmbeddedFile> files = EmbeddedTestFiles();
  ASSERT_EQ(files.size(), 3u);
  EXPECT_STREQ(files[0].name, "app.js");
  EXPECT_STREQ(files[1].name, "index.html");
  EXPECT_STREQ(files[2].name, "sub/bytes.bin");
  for (const EmbeddedFile& file : files) {
    EXPECT_EQ(std::string(file.data, file.size), ReadAll(absl::StrCat("gateway/http/testdata/", file.name)));
  }
}

TEST(StaticFiles, ThePage) {
  const StaticFiles files = StaticFiles::Embedded(EmbeddedTestFiles());
  const auto reply = files.Find("GET", "/?a=/../b", {});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  EXPECT_TRUE(absl::StartsWith(reply->body, "<!doctype html>"));
  EXPECT_EQ(Get(*reply, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(Get(*reply, "Cache-Control"), "no-cache");
  EXPECT_EQ(Get(*reply, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(Get(*reply, "Referrer-Policy"), "no-referrer");
  EXPECT_EQ(Get(*reply, "Content-Security-Policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  EXPECT_EQ(Get(*files.Find("HEAD", "/app.js", {}), "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(Get(*files.Find("GET", "/sub/byte%73.bin", {}), "Content-Type"), "application/octet-stream");
}

TEST(StaticFiles, WhatTheClientHasIsNotSentAgain) {
  const StaticFiles files = StaticFiles::Embedded(EmbeddedTestFiles());
  const std::string etag = Get(*files.Find("GET", "/", {}), "ETag");
  ASSERT_GE(etag.size(), 4u);
  EXPECT_EQ(etag.front(), '"') << "strong";
  EXPECT_NE(etag, Get(*files.Find("GET", "/app.js", {}), "ETag"));
  const struct {
    const char* reason;
    std::string value;
    int status;
  } cases[] = {
      {"the tag", etag, 304},
      {"the tag, weakened on the way", "W/" + etag, 304},
      {"in a list", "\"x\", " + etag + ", \"y\"", 304},
      {"anything", " * ", 304},
      {"another tag", "\"x\"", 200},
      {"without quotes", etag.substr(1, etag.size() - 2), 200},
      {"a longer tag", "\"x" + etag.substr(1), 200},
      {"nothing", "", 200},
  };
  for (const auto& c : cases) {
    const auto reply = files.Find("GET", "/", {{"if-none-match", c.value}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, c.status) << c.reason;
    EXPECT_EQ(reply->body.empty(), c.status == 304) << c.reason;
    EXPECT_EQ(Get(*reply, "ETag"), etag) << c.reason;
  }
}

TEST(StaticFiles, OnlyReading) {
  const auto reply = StaticFiles::Embedded(EmbeddedTestFiles()).Find("POST", "/", {});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 405);
  EXPECT_EQ(Get(*reply, "Allow"), "GET, HEAD");
  EXPECT_EQ(reply->body, R"({"code":12,"message":"a file can only be read","details":[]})");
}

// A folder with a page, a secret beside it, and links both ways.
class Folder {
 public:
  Folder() {
    std::string pattern = absl::StrCat(std::getenv("TEST_TMPDIR") ? std::getenv("TEST_TMPDIR") : "/tmp", "/webXXXXXX");
    base_ = ::mkdtemp(pattern.data());
    ::mkdir(Path("root").c_str(), 0755);
    ::mkdir(Path("root/sub").c_str(), 0755);
    Write("secret.txt", "secret");
    Write("root/index.html", "index");
    Write("root/sub/a b.txt", "inside");
    Write("root/empty.txt", "");
    Link("../secret.txt", "root/out.txt");
    Link("..", "root/up");
    Link("/etc", "root/etc");
    Link("/proc/self/root", "root/magic");
    Link("sub/a b.txt", "root/in.txt");
    ::mkfifo(Path("root/fifo").c_str(), 0644);
  }
  ~Folder() {
    for (const char* name : {"secret.txt", "root/index.html", "root/sub/a b.txt", "root/empty.txt", "root/out.txt",
                             "root/up", "root/etc", "root/magic", "root/in.txt", "root/fifo"}) {
      ::unlink(Path(name).c_str());
    }
    for (const char* name : {"root/sub", "root", ""}) ::rmdir(Path(name).c_str());
  }
  std::string Path(absl::string_view name) const { return absl::StrCat(base_, "/", name); }

 private:
  void Write(absl::string_view name, absl::string_view content) { std::ofstream(Path(name)) << content; }
  void Link(const char* to, absl::string_view name) { EXPECT_EQ(::symlink(to, Path(name).c_str()), 0) << name; }
  std::string base_;
};

TEST(StaticFiles, ADirectory) {
  const Folder folder;
  const auto files = StaticFiles::Directory(folder.Path("root"));
  ASSERT_TRUE(files.ok()) << files.status();
  const auto index = files->Find("GET", "/", {});
  ASSERT_TRUE(index);
  EXPECT_EQ(index->body, "index");
  EXPECT_EQ(Get(*index, "Content-Security-Policy"), "(none)") << "the policy goes with the embedded page only";
  EXPECT_EQ(files->Find("GET", "/", {{"if-none-match", Get(*index, "ETag")}})->status, 304);
  EXPECT_EQ(files->Find("GET", "/sub/a%20b.txt", {})->body, "inside");
  EXPECT_EQ(files->Find("GET", "/empty.txt", {})->body, "");
  EXPECT_EQ(files->Find("DELETE", "/", {})->status, 405);
}

TEST(StaticFiles, NothingOutsideTheDirectory) {
  const Folder folder;
  const auto files = StaticFiles::Directory(folder.Path("root"));
  ASSERT_TRUE(files.ok()) << files.status();
  const struct {
    const char* reason;
    std::string target;
  } cases[] = {
      {"the parent", "/../secret.txt"},
      {"the parent from below", "/sub/../../secret.txt"},
      {"even where it stays inside", "/sub/../index.html"},
      {"the parent, escaped", "/%2e%2e/secret.txt"},
      {"half escaped", "/.%2E/secret.txt"},
      {"an escaped slash", "/..%2fsecret.txt"},
      {"an escaped slash inside", "/sub%2Fa%20b.txt"},
      {"a double escape is decoded once", "/%252e%252e/secret.txt"},
      {"a backslash", "/..\\secret.txt"},
      {"an escaped backslash", "/..%5csecret.txt"},
      {"NUL", "/index.html%00.txt"},
      {"a raw NUL", std::string("/index.html\0.txt", 16)},
      {"a broken escape", "/index%2.html"},
      {"an escape cut short", "/index.html%2"},
      {"an escape that is none", "/%zz"},
      {"an empty segment", "//index.html"},
      {"an absolute path", "//etc/passwd"},
      {"a dot segment", "/./index.html"},
      {"a folder", "/sub"},
      {"a folder with its slash", "/sub/"},
      {"a link to a file outside", "/out.txt"},
      {"a link to the parent", "/up/secret.txt"},
      {"an absolute link", "/etc/passwd"},
      {"a link of the kernel's", "/magic/etc/passwd"},
      {"a pipe, which must not block either", "/fifo"},
      {"no such file", "/nothing"},
      {"the asterisk", "*"},
      {"no path", ""},
      {"a name too long", "/" + std::string(5000, 'a')},
  };
  for (const auto& c : cases) EXPECT_FALSE(files->Find("GET", c.target, {})) << c.reason;
}

TEST(StaticFiles, NoSuchDirectory) {
  const auto files = StaticFiles::Directory("/nowhere/at/all");
  EXPECT_EQ(files.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(files.status().message(), "\"/nowhere/at/all\"")) << files.status();
}

TEST(StaticFiles, NoFilesAtAll) { EXPECT_FALSE(StaticFiles().Find("GET", "/", {})); }

}  // namespace
}  // namespace penstock::http
