#include "gateway/http/http1_writer.h"

#include <algorithm>
#include <utility>

#include "gateway/base/check.h"

namespace penstock::http {
namespace {

// "0000006d\r\n": reserved before a chunk's data and filled in when its length is known. Eight digits are more than a
// turn can append; leading zeros are part of the grammar (RFC 9112 section 7.1).
constexpr size_t kSizeDigits = 8;
constexpr absl::string_view kSizeLine = "00000000\r\n";

void Append(std::string& out, absl::string_view text) { out.append(text.data(), text.size()); }

}  // namespace

std::string& Http1Writer::Out() {
  if (!out_) out_ = pool_.Take();
  return *out_;
}

void Http1Writer::AppendRaw(absl::string_view text) {
  Append(Out(), text);
  accounted_ = out_->size();
}

void Http1Writer::AppendHead(int status, const Headers& headers, absl::string_view date_line,
                             const ResponseFraming& framing) {
  AppendResponseHead(status, headers, date_line, framing, Out());
  accounted_ = out_->size();
}

void Http1Writer::BeginBody(Framing framing, uint64_t length) {
  framing_ = framing;
  owed_ = framing == Framing::kLength ? length : 0;
  broken_ = false;
}

std::string& Http1Writer::Body() {
  std::string& out = Out();
  if (piece_ == kNoPiece) {
    if (framing_ == Framing::kChunked) Append(out, kSizeLine);
    piece_ = accounted_ = out.size();
  }
  return out;
}

void Http1Writer::Account() {
  unsent_ += out_->size() - accounted_;  // unsigned: a cut-off subtracts
  accounted_ = out_->size();
}

void Http1Writer::Commit() {
  if (out_ && piece_ != kNoPiece) Account();
}

void Http1Writer::FramePiece() {
  if (!out_ || piece_ == kNoPiece) return;
  Account();
  const size_t length = out_->size() - piece_;
  if (framing_ == Framing::kDropped) {
    out_->resize(piece_);
  } else if (framing_ == Framing::kChunked && length == 0) {
    out_->resize(piece_ - kSizeLine.size());
  } else if (framing_ == Framing::kChunked) {
    const size_t line = piece_ - kSizeLine.size();
    size_t digit = kSizeDigits;
    PENSTOCK_CHECK((uint64_t{length} >> (4 * kSizeDigits)) == 0);
    for (size_t rest = length; rest != 0; rest >>= 4) (*out_)[line + --digit] = "0123456789abcdef"[rest & 15];
    if (sent_ == line) sent_ += digit;  // nothing before it waits: the leading zeros need not travel
    Append(*out_, "\r\n");
  } else if (framing_ == Framing::kLength) {
    if (length > owed_) broken_ = true;  // more would be read as the next response
    owed_ -= std::min<uint64_t>(length, owed_);
  }
  piece_ = kNoPiece;
  accounted_ = out_->size();
}

void Http1Writer::EndBody(const Headers& trailers) {
  FramePiece();
  if (owed_ > 0) broken_ = true;
  if (framing_ != Framing::kChunked) return;
  std::string& out = Out();
  Append(out, "0\r\n");
  AppendFields(trailers, out);
  Append(out, "\r\n");
  accounted_ = out.size();
}

size_t Http1Writer::Took(size_t bytes) {
  sent_ += bytes;
  const size_t waiting = out_->size() - sent_;
  const size_t drained = unsent_ - std::min(unsent_, waiting);
  unsent_ -= drained;
  if (waiting == 0) {
    pool_.Give(std::move(out_));
    sent_ = accounted_ = 0;
    piece_ = kNoPiece;
  } else if (sent_ >= waiting) {
    out_->erase(0, sent_);  // each byte moves at most once on average
    sent_ = 0;
    accounted_ = out_->size();
  }
  return drained;
}

}  // namespace penstock::http
