#include "gateway/grpc_gateway/go_metadata.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::grpc_gateway {
namespace {

TEST(CheckLegacyHeaders, RefusesThoseThatHoldOrNameNothing) {
  const struct {
    http::Header header;
    absl::Status status;
  } kRows[] = {
      {{"grpc-metadata-a-bin", "AAE="}, absl::OkStatus()},
      {{"grpc-metadata-a-bin", "AAE"}, absl::OkStatus()},
      {{"grpc-metadata-a-bin", "%%%"},
       absl::InvalidArgumentError("invalid binary header Grpc-Metadata-A-Bin: illegal base64 data at input byte 0")},
      {{"grpc-metadata-a-bin", "_-8="},
       absl::InvalidArgumentError("invalid binary header Grpc-Metadata-A-Bin: illegal base64 data at input byte 0")},
      {{"grpc-metadata-", "v"}, absl::InternalError("there is an empty key in the header")},
      {{"a-bin", "%%%"}, absl::OkStatus()},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(CheckLegacyHeaders({row.header}), row.status) << row.header.name << " " << row.header.value;
  }
}

TEST(GoTimeout, TakesAnyNumberOfDigitsAndZeroForNone) {
  const auto read = [](const char* text) { return GoTimeout({{"grpc-timeout", text}}); };
  EXPECT_EQ(**read("999999999n"), absl::Nanoseconds(999999999)) << "any number of digits";
  EXPECT_EQ(**read("0S"), absl::InfiniteDuration()) << "zero is none";
  EXPECT_EQ(*read(""), absl::nullopt) << "an empty header is no header";
  EXPECT_GT(**read("18446744073709551615H"), absl::Hours(24 * 365)) << "no overflow";
  for (const char* bad : {"10", "S", "-1S", "1s", "99999999999999999999S"}) {
    EXPECT_EQ(std::string(read(bad).status().message()), std::string("invalid grpc-timeout: ") + bad);
  }
}

}  // namespace
}  // namespace penstock::grpc_gateway
