#include "gateway/protocol/request_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

upstream::Metadata Of(http::Headers headers, MetadataOptions options = {}) {
  http::RequestHead head;
  head.headers = std::move(headers);
  return RequestMetadata(head, options);
}

constexpr char kTraceparent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(RequestMetadata, CredentialsAndTraceContextKeepTheirNames) {
  EXPECT_THAT(Of({{"tracestate", "a=1"}, {"traceparent", kTraceparent}, {"tracestate", "b=2"}}),
              ElementsAre(Pair("traceparent", kTraceparent), Pair("tracestate", "a=1"), Pair("tracestate", "b=2")));
  EXPECT_THAT(Of({{"authorization", "Bearer x"}}),
              ElementsAre(Pair("authorization", "Bearer x"), Pair("grpcgateway-authorization", "Bearer x")));
}

TEST(RequestMetadata, ABadTraceparentIsNoneSoTheUpstreamBeginsANewTrace) {
  const std::string good = kTraceparent;
  const struct {
    const char* why;
    std::string value;
    bool passes;
  } kRows[] = {
      {"as the standard has it", good, true},
      {"a later version may say more", "01" + good.substr(2) + "-more", true},
      {"version 00 may not", good + "-more", false},
      {"a later version says more after a dash", "01" + good.substr(2) + "more", false},
      {"version ff is none", "ff" + good.substr(2), false},
      {"capitals", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false},
      {"an id of zeros", "00-00000000000000000000000000000000-b7ad6b7169203331-01", false},
      {"a parent of zeros", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false},
      {"too short", good.substr(1), false},
      {"empty", "", false},
  };
  for (const auto& row : kRows) {
    const upstream::Metadata metadata = Of({{"traceparent", row.value}, {"tracestate", "a=1"}});
    EXPECT_EQ(metadata.size(), row.passes ? 2u : 0u) << row.why;
    EXPECT_EQ(TraceIdOf({{"traceparent", row.value}}), row.passes ? "0af7651916cd43dd8448eb211c80319c" : "") << row.why;
  }
  EXPECT_THAT(Of({{"traceparent", good}, {"traceparent", good}}), IsEmpty()) << "two do not say which";
}

TEST(RequestMetadata, PermanentHeadersCarryThePrefixAndOthersStayBehind) {
  EXPECT_THAT(Of({{"user-agent", "curl"},
                  {"x-custom", "1"},
                  {"connection", "close"},
                  {"host", "x"},
                  {"te", "trailers"},
                  {"cookie", "a=1"},
                  {"cookie", "b=2"},
                  {"warning", "199"},
                  {"accept", "*/*"}}),
              ElementsAre(Pair("grpcgateway-user-agent", "curl"), Pair("grpcgateway-cookie", "a=1"),
                          Pair("grpcgateway-cookie", "b=2"), Pair("grpcgateway-warning", "199"),
                          Pair("grpcgateway-accept", "*/*")));
}

TEST(RequestMetadata, NamedHeadersGoOnAndBinaryOnesAreDecoded) {
  MetadataOptions options;
  options.forward_headers = {"x-tenant", "x-blob-bin"};
  EXPECT_THAT(Of({{"x-tenant", "a"}, {"x-blob-bin", "AAEC"}, {"x-blob-bin", "AQ=="}, {"x-blob-bin", "AQ"}}, options),
              ElementsAre(Pair("x-tenant", "a"), Pair("x-blob-bin", std::string("\0\1\2", 3)), Pair("x-blob-bin", "\1"),
                          Pair("x-blob-bin", "\1")));
  EXPECT_THAT(Of({{"x-blob-bin", "!"}}, options), IsEmpty());
  EXPECT_THAT(Of({{"x-tenant", "a"}, {"x-tenant", "b"}}, options), SizeIs(2)) << "each value stays one";
  // Naming them opens no door: these belong to gRPC, to grpc-gateway's prefix, to the connection, or are made here.
  options.forward_headers = {"grpc-timeout", "grpcgateway-x", "connection", "x-forwarded-for", "x-forwarded-host"};
  EXPECT_THAT(Of({{"grpc-timeout", "1S"},
                  {"grpcgateway-x", "1"},
                  {"connection", "x"},
                  {"x-forwarded-for", "6.6.6.6"},
                  {"x-forwarded-host", "evil"}},
                 options),
              IsEmpty());
}

TEST(RequestMetadata, LegacyHeadersOnlyWhenAskedForAndNeverIntoTrustedNames) {
  const http::Headers headers = {{"grpc-metadata-x", "1"},
                                 {"grpc-metadata-grpc-timeout", "1S"},
                                 {"grpc-metadata-grpcgateway-user", "root"},
                                 {"grpc-metadata-x-forwarded-for", "6.6.6.6"},
                                 {"grpc-metadata-x-forwarded-host", "evil"},
                                 {"grpc-metadata-te", "x"},
                                 {"grpc-metadata-sp ace", "x"},
                                 {"grpc-metadata-", "empty"}};
  EXPECT_THAT(Of(headers), IsEmpty());
  MetadataOptions options;
  options.legacy_metadata_headers = true;
  EXPECT_THAT(Of(headers, options), ElementsAre(Pair("x", "1")));
  EXPECT_THAT(Of({{"grpc-metadata-authorization", "forged"}, {"authorization", "real"}}, options).front(),
              Pair("authorization", "real"))
      << "who reads the first value reads the client's credentials";
  EXPECT_THAT(Of({{"grpc-metadata-key-bin", "AAE="}}, options), ElementsAre(Pair("key-bin", std::string("\0\1", 2))));
}

TEST(RequestMetadata, ValuesThatGrpcCannotCarryAreDroppedOneByOne) {
  MetadataOptions options;
  options.forward_headers = {"x"};
  EXPECT_THAT(Of({{"x", "caf\xc3\xa9"}, {"x", "a\tb"}, {"x", "fine"}, {"user-agent", "\x7f"}}, options),
              ElementsAre(Pair("x", "fine")));
}

TEST(RequestMetadata, TheForwardingChainIsWhatTrustedProxiesSaid) {
  const struct {
    const char* why;
    const char* peer;
    http::Headers headers;
    const char* forwarded_for;
    const char* forwarded_host;
  } kRows[] = {
      {"a client that forges",
       "203.0.113.9:4242",
       {{"x-forwarded-for", "6.6.6.6"}, {"x-forwarded-host", "evil"}},
       "203.0.113.9",
       "example.org"},
      {"an IPv6 peer", "[2001:db8::1]:4242", {}, "2001:db8::1", "example.org"},
      {"a trusted proxy",
       "10.0.0.1:1",
       {{"x-forwarded-for", "203.0.113.9"}, {"x-forwarded-host", "shop.example"}},
       "203.0.113.9, 10.0.0.1",
       "shop.example"},
      {"two of them, over two header lines",
       "10.0.0.1:1",
       {{"x-forwarded-for", "203.0.113.9"}, {"x-forwarded-for", "10.0.0.2"}},
       "203.0.113.9, 10.0.0.2, 10.0.0.1",
       "example.org"},
      {"what a client forged before a trusted proxy",
       "10.0.0.1:1",
       {{"x-forwarded-for", "6.6.6.6, 203.0.113.9"}},
       "203.0.113.9, 10.0.0.1",
       "example.org"},
      {"an address that is forged to be trusted is only a first hop",
       "10.0.0.1:1",
       {{"x-forwarded-for", "6.6.6.6, 10.9.9.9, 203.0.113.9"}},
       "203.0.113.9, 10.0.0.1",
       "example.org"},
      {"a proxy that gives ports",
       "10.0.0.1:1",
       {{"x-forwarded-for", "203.0.113.9:555, 10.0.0.2:80"}},
       "203.0.113.9:555, 10.0.0.2:80, 10.0.0.1",
       "example.org"},
      {"a hop that says nothing",
       "10.0.0.1:1",
       {{"x-forwarded-for", "203.0.113.9, unknown, 10.0.0.2"}},
       "10.0.0.2, 10.0.0.1",
       "example.org"},
      {"a value that cannot be carried",
       "10.0.0.1:1",
       {{"x-forwarded-for", "\xc3\xa9"}, {"x-forwarded-for", "203.0.113.9"}, {"x-forwarded-host", "\x01"}},
       "203.0.113.9, 10.0.0.1",
       "example.org"},
  };
  for (const auto& row : kRows) {
    MetadataOptions options;
    options.trusted_proxies = {*net::ParseCidr("10.0.0.0/8")};
    http::RequestHead head;
    head.peer = row.peer;
    head.authority = "example.org";
    head.headers = row.headers;
    EXPECT_THAT(RequestMetadata(head, options),
                ElementsAre(Pair("x-forwarded-host", row.forwarded_host), Pair("x-forwarded-for", row.forwarded_for)))
        << row.why;
  }
}

TEST(RequestMetadata, GrpcGatewayBelievesEveryForwardingHeader) {
  MetadataOptions options;
  options.trust_any_proxy = true;
  http::RequestHead head;
  head.peer = "203.0.113.9:4242";
  head.authority = "example.org";
  head.headers = {{"x-forwarded-for", "6.6.6.6, unknown"},
                  {"x-forwarded-for", "\xc3\xa9"},
                  {"x-forwarded-for", "7.7.7.7"},
                  {"x-forwarded-host", "shop.example"}};
  EXPECT_THAT(RequestMetadata(head, options),
              ElementsAre(Pair("x-forwarded-host", "shop.example"),
                          Pair("x-forwarded-for", "6.6.6.6, unknown, 7.7.7.7, 203.0.113.9")));
}

TEST(RequestMetadata, AUnixSocketHasNoAddressToForward) {
  http::RequestHead head;
  head.authority = "example.org";
  head.headers = {{"x-forwarded-for", "6.6.6.6"}};
  EXPECT_THAT(RequestMetadata(head, {}), ElementsAre(Pair("x-forwarded-host", "example.org")));
}

}  // namespace
}  // namespace penstock
