#include "gateway/upstream/address.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"

namespace penstock::upstream {
namespace {

TEST(AddressTest, Forms) {
  struct Row {
    const char* text;
    const char* host;
    uint16_t port;
    const char* unix_path;
    const char* authority;
  };
  const Row rows[] = {
      {"localhost:50051", "localhost", 50051, "", "localhost:50051"},
      {"10.0.0.1:1", "10.0.0.1", 1, "", "10.0.0.1:1"},
      {"[::1]:65535", "::1", 65535, "", "[::1]:65535"},
      {"dns:///ticks.svc:80", "ticks.svc", 80, "", "ticks.svc:80"},
      {"unix:run/ticks.sock", "", 0, "run/ticks.sock", "localhost"},
      {"unix:/run/ticks.sock", "", 0, "/run/ticks.sock", "localhost"},
      {"unix:///run/ticks.sock", "", 0, "/run/ticks.sock", "localhost"},
  };
  for (const Row& row : rows) {
    const absl::StatusOr<Address> address = ParseAddress(row.text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->host, row.host) << row.text;
    EXPECT_EQ(address->port, row.port) << row.text;
    EXPECT_EQ(address->unix_path, row.unix_path) << row.text;
    EXPECT_EQ(address->authority, row.authority) << row.text;
  }
}

TEST(AddressTest, RefusalsNameTheTextAndTheRemedy) {
  const std::string texts[] = {
      "",
      "localhost",
      "localhost:",
      ":50051",
      "localhost:0",
      "localhost:65536",
      "localhost:http",
      "::1:80",
      "[::1:80",
      "a b:80",
      "http://x:80/",
      "unix:",
      "u@h:80",
      "localhost:123456",
      "unix:" + std::string(108, 'p'),
  };
  for (const std::string& text : texts) {
    const absl::StatusOr<Address> address = ParseAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_TRUE(absl::StrContains(address.status().message(), "\"" + text + "\"")) << address.status();
    EXPECT_TRUE(absl::StrContains(address.status().message(), "host:port")) << address.status();
  }
}

}  // namespace
}  // namespace penstock::upstream
