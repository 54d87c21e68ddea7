#include "gateway/net/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace penstock::net {
namespace {

using testing::HasSubstr;

constexpr auto Tcp = Address::Tcp;
constexpr auto Unix = Address::Unix;

TEST(ParseListenAddress, ReadsEveryForm) {
  struct Row {
    std::string text;
    Address address;
    std::string printed;
  };
  const std::string long_path(kMaxUnixPathBytes, 'p');
  for (const Row& row : std::vector<Row>{
           {":8080", Tcp("", 8080), ":8080"},
           {"127.0.0.1:0", Tcp("127.0.0.1", 0), "127.0.0.1:0"},
           {"localhost:65535", Tcp("localhost", 65535), "localhost:65535"},
           {"my_host-1.example:80", Tcp("my_host-1.example", 80), "my_host-1.example:80"},
           {"[::1]:8080", Tcp("::1", 8080), "[::1]:8080"},
           {"[fe80::1%eth0]:1", Tcp("fe80::1%eth0", 1), "[fe80::1%eth0]:1"},
           {"unix:/run/p.sock", Unix("/run/p.sock"), "unix:/run/p.sock"},
           {"unix:relative.sock", Unix("relative.sock"), "unix:relative.sock"},
           {"unix:///run/p.sock", Unix("/run/p.sock"), "unix:/run/p.sock"},
           {"unix:" + long_path, Unix(long_path), "unix:" + long_path},
       }) {
    const auto parsed = ParseListenAddress(row.text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_TRUE(*parsed == row.address) << row.text;
    EXPECT_EQ(PrintAddress(*parsed), row.printed);
    EXPECT_TRUE(ParseListenAddress(row.printed).value() == row.address) << row.text;
  }
}

TEST(ParseListenAddress, RefusesTheRestWithTheRemedy) {
  struct Row {
    std::string text;
    const char* says;
  };
  for (const Row& row : std::vector<Row>{
           {"", "has no port: write host:port"},
           {"8080", "has no port"},
           {"localhost", "has no port"},
           {"localhost:", "has the port \"\""},
           {"localhost:http", "has the port \"http\""},
           {":65536", "from 0 to 65535"},
           {":-1", "from 0 to 65535"},
           {":+1", "from 0 to 65535"},
           {": 1", "from 0 to 65535"},
           {":99999999999", "from 0 to 65535"},
           {"::1:8080", "goes in brackets"},
           {"[::1]", "has no \"]:\""},
           {"[::1", "has no \"]:\""},
           {"[localhost]:1", "no IPv6 address in its brackets"},
           {"[::1 ]:1", "no IPv6 address in its brackets"},
           {"a b:1", "invalid host"},
           {"http://a:1", "more than one colon"},
           {"a/b:1", "invalid host"},
           {"a,b:1", "invalid host"},
           {"unix:", "has no path"},
           {"unix:" + std::string(kMaxUnixPathBytes + 1, 'p'), "at most 107 bytes"},
       }) {
    const auto parsed = ParseListenAddress(row.text);
    ASSERT_FALSE(parsed.ok()) << row.text;
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(row.says));
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(absl::StrCat("\"", row.text, "\"")));
  }
}

TEST(ParseUpstreamAddresses, ReadsEveryForm) {
  struct Row {
    const char* text;
    std::vector<Address> addresses;
  };
  for (const Row& row : std::vector<Row>{
           {"localhost:50051", {Tcp("localhost", 50051)}},
           {"dns:///ticks.example:50051", {Tcp("ticks.example", 50051)}},
           {"dns:///[::1]:1", {Tcp("::1", 1)}},
           {"10.0.0.1:1", {Tcp("10.0.0.1", 1)}},
           {"[::1]:65535", {Tcp("::1", 65535)}},
           {"unix:/run/u.sock", {Unix("/run/u.sock")}},
           {"unix:///run/u.sock", {Unix("/run/u.sock")}},
           {"unix:run/u.sock", {Unix("run/u.sock")}},
           {"a:1,b:2,[::1]:3,unix:x", {Tcp("a", 1), Tcp("b", 2), Tcp("::1", 3), Unix("x")}},
           {"a:1,a:2", {Tcp("a", 1), Tcp("a", 2)}},
       }) {
    const auto parsed = ParseUpstreamAddresses(row.text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_TRUE(*parsed == row.addresses) << row.text;
    EXPECT_TRUE(*ParseUpstreamAddresses(PrintAddresses(*parsed, ",")) == row.addresses) << row.text;
  }
}

TEST(ParseUpstreamAddresses, RefusesTheRestWithTheRemedy) {
  struct Row {
    std::string text;
    const char* says;
  };
  for (const Row& row : std::vector<Row>{
           {"", "has an empty address"},
           {"a:1,", "has an empty address"},
           {"a:1,,b:1", "has an empty address"},
           {"a:1, b:1", "invalid host"},
           {"a", "has no port"},
           {":50051", "has no host"},
           {"a:0", "has port 0"},
           {"a:1,b", "\"b\" has no port"},
           {"a:1,a:1", "has a:1 twice"},
           {"a:1,dns:///a:1", "twice"},
           {"dns:a:1", "write dns:///host:port"},
           {"dns://8.8.8.8/a:1", "names a DNS server"},
           {"http://a:1", "unknown scheme"},
           {"http://x:80/", "unknown scheme"},
           {"unix:", "has no path"},
           {"localhost:", "has the port \"\""},
           {"localhost:65536", "from 0 to 65535"},
           {"localhost:123456", "from 0 to 65535"},
           {"localhost:http", "has the port \"http\""},
           {"::1:80", "goes in brackets"},
           {"[::1:80", "has no \"]:\""},
           {"a b:80", "no name or address"},
           {"u@h:80", "no name or address"},
           {"unix:" + std::string(kMaxUnixPathBytes + 1, 'p'), "at most 107 bytes"},
       }) {
    const auto parsed = ParseUpstreamAddresses(row.text);
    ASSERT_FALSE(parsed.ok()) << row.text;
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(row.says));
    if (absl::StrContains(row.text, ",")) continue;  // the one that is wrong is named
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(absl::StrCat("\"", row.text, "\"")));
  }
}

TEST(Address, Authority) {
  const struct {
    Address address;
    const char* authority;
  } kRows[] = {
      {Tcp("localhost", 50051), "localhost:50051"}, {Tcp("10.0.0.1", 1), "10.0.0.1:1"},
      {Tcp("::1", 65535), "[::1]:65535"},           {Tcp("ticks.svc", 80), "ticks.svc:80"},
      {Unix("run/ticks.sock"), "localhost"},        {Unix("/run/ticks.sock"), "localhost"},
  };
  for (const auto& row : kRows) EXPECT_EQ(row.address.authority(), row.authority) << PrintAddress(row.address);
}

}  // namespace
}  // namespace penstock::net
