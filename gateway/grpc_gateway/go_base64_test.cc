#include "gateway/grpc_gateway/go_base64.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::grpc_gateway {
namespace {

// The decoded bytes, or the error.
std::string Decode(absl::string_view text, GoBase64 kind) {
  std::string bytes;
  const GoError error = DecodeGoBase64(text, kind, &bytes);
  return error.empty() ? bytes : "! " + error;
}

TEST(GoBase64Test, EachUserHasAnAlphabetAndAPadding) {
  const struct {
    const char* text;
    const char* padded;
    const char* standard;
    const char* either;
    const char* reason;
  } kRows[] = {
      {"", "", "", "", "nothing"},
      {"YWI=", "ab", "ab", "ab", "padded"},
      {"YW\nI=", "ab", "! illegal base64 data at input byte 4", "! illegal base64 data at input byte 4",
       "a line break, which counts where padding is deduced from the length"},
      {"YWI", "! illegal base64 data at input byte 0", "ab", "ab", "unpadded"},
      {"++++", "\xfb\xef\xbe", "\xfb\xef\xbe", "\xfb\xef\xbe", "the standard alphabet"},
      {"----", "! illegal base64 data at input byte 0", "! illegal base64 data at input byte 0", "\xfb\xef\xbe",
       "the URL's alphabet"},
      {"YWI*", "! illegal base64 data at input byte 3", "! illegal base64 data at input byte 3",
       "! illegal base64 data at input byte 3", "no digit"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Decode(row.text, GoBase64::kPadded), row.padded) << row.reason;
    EXPECT_EQ(Decode(row.text, GoBase64::kStandard), row.standard) << row.reason;
    EXPECT_EQ(Decode(row.text, GoBase64::kEither), row.either) << row.reason;
  }
}

}  // namespace
}  // namespace penstock::grpc_gateway
