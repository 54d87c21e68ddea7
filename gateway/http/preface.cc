#include "gateway/http/preface.h"

#include <algorithm>

namespace penstock::http {

PrefaceSniffer::Verdict PrefaceSniffer::Feed(absl::string_view input) {
  if (input.empty()) return Verdict::kNeedMore;
  if (taken_ == 0 && input.front() == kTlsHandshakeByte) return Verdict::kTls;
  const absl::string_view expected = kHttp2Preface.substr(taken_);
  const size_t common = std::min(input.size(), expected.size());
  if (input.substr(0, common) != expected.substr(0, common)) return Verdict::kHttp1;
  if (common == expected.size()) return Verdict::kHttp2;
  taken_ = static_cast<uint8_t>(taken_ + common);
  return Verdict::kNeedMore;
}

}  // namespace penstock::http
