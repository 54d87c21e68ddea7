#include "gateway/protocol/response_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::pair<std::string, std::string>> Pairs(const http::Headers& headers) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const http::Header& header : headers) pairs.emplace_back(header.name, header.value);
  return pairs;
}

http::Headers ResponseHeaders(const upstream::Metadata& metadata, const MetadataOptions& options) {
  http::Headers headers;
  AppendResponseHeaders(metadata, options, &headers);
  return headers;
}

TEST(ResponseMetadata, CarriesThePrefixAndDropsWhatCouldSplitTheHead) {
  const upstream::Metadata metadata = {{"x", "1"},    {"x", "2"}, {"y", "a\r\nSet-Cookie: b"}, {"z-bin", "\x01\x02"},
                                       {"t", "a\tb"}, {"x", "3"}};
  EXPECT_THAT(Pairs(ResponseHeaders(metadata, {})),
              ElementsAre(Pair("Grpc-Metadata-x", "1"), Pair("Grpc-Metadata-x", "2"),
                          Pair("Grpc-Metadata-z-bin", "AQI="), Pair("Grpc-Metadata-x", "3")));
  EXPECT_THAT(Pairs(ResponseTrailers(metadata, {})),
              ElementsAre(Pair("Grpc-Trailer-x", "1"), Pair("Grpc-Trailer-x", "2"), Pair("Grpc-Trailer-z-bin", "AQI="),
                          Pair("Grpc-Trailer-x", "3")));
}

TEST(ResponseMetadata, TheProtocolsOwnFieldsAreShownWhereAskedFor) {
  const upstream::Metadata metadata = {
      {"content-type", "application/grpc"}, {"grpc-accept-encoding", "gzip"}, {"x", "1"}};
  EXPECT_THAT(Pairs(ResponseHeaders(metadata, {})), ElementsAre(Pair("Grpc-Metadata-x", "1")));
  MetadataOptions options;
  options.show_protocol_metadata = true;
  EXPECT_THAT(Pairs(ResponseHeaders(metadata, options)),
              ElementsAre(Pair("Grpc-Metadata-content-type", "application/grpc"),
                          Pair("Grpc-Metadata-grpc-accept-encoding", "gzip"), Pair("Grpc-Metadata-x", "1")));
}

TEST(ResponseMetadata, EachTrailersNameIsAnnouncedOnce) {
  EXPECT_THAT(Pairs(TrailerAnnouncement(ResponseTrailers({{"x", "1"}, {"y", "2"}, {"x", "3"}}, {}))),
              ElementsAre(Pair("Trailer", "Grpc-Trailer-x"), Pair("Trailer", "Grpc-Trailer-y")));
  EXPECT_THAT(TrailerAnnouncement({}), IsEmpty());
}

TEST(ResponseMetadata, TrailersAreForThoseWhoWantThem) {
  const struct {
    const char* why;
    http::Headers headers;
    bool wanted;
  } kRows[] = {
      {"nothing is said", {}, false},
      {"plainly", {{"te", "trailers"}}, true},
      {"in a list, in any case", {{"te", "gzip;q=0.5 , Trailers"}}, true},
      {"in a second line", {{"te", "gzip"}, {"te", "trailers"}}, true},
      {"another word", {{"te", "trailersx"}}, false},
      {"another header", {{"trailer", "trailers"}}, false},
  };
  for (const auto& row : kRows) EXPECT_EQ(WantsTrailers(row.headers), row.wanted) << row.why;
}

}  // namespace
}  // namespace penstock
