#include "gateway/net/cidr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace penstock::net {
namespace {

using testing::HasSubstr;

TEST(ParseCidr, ReadsEveryForm) {
  struct Row {
    const char* text;
    const char* printed;
    const char* reason;
  };
  for (const Row& row : {
           Row{"10.0.0.0/8", "10.0.0.0/8", "IPv4"},
           Row{"10.1.2.3", "10.1.2.3/32", "one address"},
           Row{"10.1.2.3/32", "10.1.2.3/32", "one address, said so"},
           Row{"0.0.0.0/0", "0.0.0.0/0", "all of IPv4"},
           Row{"172.16.0.0/12", "172.16.0.0/12", "a prefix that ends inside a byte"},
           Row{"fd00::/8", "fd00::/8", "IPv6"},
           Row{"2001:DB8:0:0::/32", "2001:db8::/32", "spelled otherwise"},
           Row{"::1", "::1/128", "one address"},
           Row{"::/0", "::/0", "everything, mapped IPv4 too"},
           Row{"::ffff:10.0.0.0/104", "10.0.0.0/8", "IPv4, mapped"},
           Row{"::ffff:0:0/96", "0.0.0.0/0", "all of IPv4, mapped"},
       }) {
    const auto cidr = ParseCidr(row.text);
    ASSERT_TRUE(cidr.ok()) << row.reason << ": " << cidr.status();
    EXPECT_EQ(PrintCidr(*cidr), row.printed) << row.reason;
    EXPECT_TRUE(ParseCidr(row.printed).value() == *cidr) << row.reason;
  }
}

TEST(ParseCidr, RefusesTheRestWithTheRemedy) {
  struct Row {
    std::string text;
    const char* says;
  };
  for (const Row& row : {
           Row{"", "write address/bits"},
           Row{"localhost", "write address/bits"},
           Row{"10.0.0/8", "write address/bits"},
           Row{"10.0.0.0:80", "write address/bits"},
           Row{"[::1]", "write address/bits"},
           Row{"fe80::1%eth0", "write address/bits"},
           Row{" 10.0.0.0/8", "write address/bits"},
           Row{std::string("10.0.0.0\0/8", 11), "write address/bits"},
           Row{"10.0.0.0/", "from 0 to 32"},
           Row{"10.0.0.0/33", "from 0 to 32"},
           Row{"10.0.0.0/-1", "from 0 to 32"},
           Row{"10.0.0.0/+8", "from 0 to 32"},
           Row{"10.0.0.0/8/8", "from 0 to 32"},
           Row{"10.0.0.0/255.0.0.0", "from 0 to 32"},
           Row{"10.0.0.0/99999999999", "from 0 to 32"},
           Row{"::/129", "from 0 to 128"},
           Row{"10.0.0.1/8", "write 10.0.0.0/8"},
           Row{"172.16.0.0/11", "write 172.0.0.0/11"},
           Row{"2001:db8::1/32", "write 2001:db8::/32"},
       }) {
    const auto cidr = ParseCidr(row.text);
    ASSERT_FALSE(cidr.ok()) << row.text;
    EXPECT_THAT(std::string(cidr.status().message()), HasSubstr(row.says)) << row.text;
    EXPECT_THAT(std::string(cidr.status().message()), HasSubstr(absl::StrCat("\"", row.text, "\"")));
  }
}

TEST(Cidr, Contains) {
  struct Row {
    const char* cidr;
    const char* address;
    bool contains;
    const char* reason;
  };
  for (const Row& row : {
           Row{"10.0.0.0/8", "10.255.0.1", true, "IPv4"},
           Row{"10.0.0.0/8", "::ffff:10.255.0.1", true, "as a listener for both families sees it"},
           Row{"10.0.0.0/8", "11.0.0.0", false, "the next block"},
           Row{"10.0.0.0/8", "a00::1", false, "the same bits, but IPv6"},
           Row{"172.16.0.0/12", "172.31.255.255", true, "the last one"},
           Row{"172.16.0.0/12", "172.32.0.0", false, "one further"},
           Row{"10.1.2.3", "10.1.2.3", true, "itself"},
           Row{"10.1.2.3", "10.1.2.2", false, "its neighbour"},
           Row{"0.0.0.0/0", "1.2.3.4", true, "all of IPv4"},
           Row{"0.0.0.0/0", "::1", false, "and no IPv6"},
           Row{"::/0", "1.2.3.4", true, "everything"},
           Row{"fd00::/8", "fdff::1", true, "IPv6"},
           Row{"fd00::/8", "fe00::1", false, "another block"},
           Row{"::1", "::1", true, "itself"},
       }) {
    const auto address = ParseIpAddress(row.address);
    ASSERT_TRUE(address.has_value()) << row.address;
    EXPECT_EQ(ParseCidr(row.cidr).value().Contains(*address), row.contains) << row.reason;
  }
}

}  // namespace
}  // namespace penstock::net
