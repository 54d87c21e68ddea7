#include "gateway/request_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

upstream::Metadata Of(http::Headers headers, MetadataOptions options = {}) {
  http::RequestHead head;
  head.headers = std::move(headers);
  return RequestMetadata(head, options);
}

TEST(RequestMetadata, CredentialsAndTraceContextKeepTheirNames) {
  EXPECT_THAT(Of({{"traceparent", "00-a"}, {"tracestate", "b"}}),
              ElementsAre(Pair("traceparent", "00-a"), Pair("tracestate", "b")));
  EXPECT_THAT(Of({{"authorization", "Bearer x"}}),
              ElementsAre(Pair("authorization", "Bearer x"), Pair("grpcgateway-authorization", "Bearer x")));
}

TEST(RequestMetadata, PermanentHeadersCarryThePrefixAndOthersStayBehind) {
  EXPECT_THAT(Of({{"user-agent", "curl"}, {"x-custom", "1"}, {"connection", "close"}}),
              ElementsAre(Pair("grpcgateway-user-agent", "curl")));
}

TEST(RequestMetadata, NamedHeadersGoOnAndBinaryOnesAreDecoded) {
  MetadataOptions options;
  options.forward_headers = {"x-tenant", "x-blob-bin"};
  EXPECT_THAT(Of({{"x-tenant", "a"}, {"x-blob-bin", "AAEC"}, {"x-blob-bin", "AQ=="}, {"x-blob-bin", "AQ"}}, options),
              ElementsAre(Pair("x-tenant", "a"), Pair("x-blob-bin", std::string("\0\1\2", 3)), Pair("x-blob-bin", "\1"),
                          Pair("x-blob-bin", "\1")));
  EXPECT_THAT(Of({{"x-blob-bin", "!"}}, options), IsEmpty());
}

TEST(RequestMetadata, LegacyHeadersOnlyWhenAskedForAndNeverIntoTrustedNames) {
  const http::Headers headers = {{"grpc-metadata-x", "1"},
                                 {"grpc-metadata-grpc-timeout", "1S"},
                                 {"grpc-metadata-grpcgateway-user", "root"},
                                 {"grpc-metadata-", "empty"}};
  EXPECT_THAT(Of(headers), IsEmpty());
  MetadataOptions options;
  options.legacy_metadata_headers = true;
  EXPECT_THAT(Of(headers, options), ElementsAre(Pair("x", "1")));
}

TEST(RequestMetadata, ValuesThatGrpcCannotCarryAreDroppedOneByOne) {
  EXPECT_THAT(Of({{"authorization", "caf\xc3\xa9"}, {"traceparent", "ok"}}), ElementsAre(Pair("traceparent", "ok")));
}

TEST(RequestMetadata, ForwardingHeadersAreMadeFromTheConnection) {
  http::RequestHead head;
  head.peer = "[2001:db8::1]:4242";
  head.authority = "example.org";
  head.headers = {{"x-forwarded-for", "6.6.6.6"}, {"x-forwarded-host", "evil"}};
  EXPECT_THAT(RequestMetadata(head, {}),
              ElementsAre(Pair("x-forwarded-for", "2001:db8::1"), Pair("x-forwarded-host", "example.org")));
}

TEST(RequestTimeout, TakesWhatGrpcTakesAndNothingElse) {
  struct Row {
    const char* text;
    absl::Duration expected;  // ZeroDuration with `ok` false: refused
    bool ok;
    const char* why;
  };
  for (const Row& row : {
           Row{"1H", absl::Hours(1), true, "hours"},
           Row{"2M", absl::Minutes(2), true, "minutes"},
           Row{"3S", absl::Seconds(3), true, "seconds"},
           Row{"250m", absl::Milliseconds(250), true, "milliseconds"},
           Row{"7u", absl::Microseconds(7), true, "microseconds"},
           Row{"99999999n", absl::Nanoseconds(99999999), true, "eight digits are allowed"},
           Row{"999999999n", {}, false, "nine are not"},
           Row{"10", {}, false, "no unit"},
           Row{"S", {}, false, "no digits"},
           Row{"-1S", {}, false, "a sign"},
           Row{" 1S", {}, false, "a space"},
           Row{"1s", {}, false, "units are case-sensitive"},
           Row{"", {}, false, "empty"},
       }) {
    const auto timeout = RequestTimeout({{"grpc-timeout", row.text}}, absl::InfiniteDuration());
    ASSERT_EQ(timeout.ok(), row.ok) << row.why;
    if (row.ok) {
      EXPECT_EQ(*timeout, row.expected) << row.why;
    }
    if (!row.ok) {
      EXPECT_THAT(std::string(timeout.status().message()), HasSubstr("Grpc-Timeout"));
    }
  }
  EXPECT_EQ(*RequestTimeout({}, absl::Seconds(30)), absl::Seconds(30));
}

TEST(ResponseHeaders, CarryThePrefixAndDropWhatCouldSplitTheHead) {
  const http::Headers headers = ResponseHeaders({{"x", "1"}, {"y", "a\r\nSet-Cookie: b"}, {"z-bin", "\x01\x02"}});
  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers[0].name, "Grpc-Metadata-x");
  EXPECT_EQ(headers[0].value, "1");
  EXPECT_EQ(headers[1].name, "Grpc-Metadata-z-bin");
  EXPECT_EQ(headers[1].value, "AQI=");
}

}  // namespace
}  // namespace penstock
