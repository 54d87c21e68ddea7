#include "gateway/config/origin.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace penstock::config {

bool IsOrigin(absl::string_view text) {
  const bool secure = absl::ConsumePrefix(&text, "https://");
  if (!secure && !absl::ConsumePrefix(&text, "http://")) return false;
  if (text.empty() || absl::EndsWith(text, secure ? ":443" : ":80")) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) || absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           absl::StrContains("-._:[]", absl::string_view(&c, 1));
  });
}

}  // namespace penstock::config
