// Writes JSON text: tokens into a fixed buffer that is flushed into a std::string, never beyond a limit.
//
// Used by the printer and by the plan's compiler, nobody else. The buffer saves a bounds check and a size update of
// the string for every token; it is lent by the caller and may be reused for the next writer.
//
//   JsonWriter json(buffer, max_bytes, &out);
//   json.Raw("{\"name\":");
//   if (!json.String(name)) return InvalidUtf8();
//   json.Raw("}");
//   if (!json.Finish()) return TooLarge();
#ifndef PENSTOCK_GATEWAY_CODEC_JSON_TEXT_H_
#define PENSTOCK_GATEWAY_CODEC_JSON_TEXT_H_

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"

namespace penstock::codec {

// Constant text that may be copied in blocks of kBlock bytes: the bytes behind it, up to a whole block, may be read.
class PaddedText {
 public:
  static constexpr size_t kBlock = 32;
  PaddedText() : PaddedText(absl::string_view()) {}
  explicit PaddedText(absl::string_view text) : text_(text.data(), text.size()), size_(text.size()) {
    text_.resize(size_ + kBlock);
  }
  const char* data() const { return text_.data(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  absl::string_view view() const { return absl::string_view(text_.data(), size_); }

 private:
  std::string text_;
  size_t size_;
};

// The buffer of a JsonWriter.
struct JsonBuffer {
  // A socket's write is about as large; larger does not pay, and stays in the second-level cache.
  static constexpr size_t kBytes = 64 * 1024;
  char bytes[kBytes];
};

class JsonWriter {
 public:
  // What a number or any other token of bounded length takes at most.
  static constexpr size_t kTokenBytes = 64;

  // `out` is appended to; `max_bytes` bounds by how much. Both, and the buffer, must outlive the writer.
  JsonWriter(JsonBuffer& buffer, size_t max_bytes, std::string* out)
      : begin_(buffer.bytes), p_(buffer.bytes), end_(buffer.bytes + JsonBuffer::kBytes), room_(max_bytes), out_(out) {}
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  // Hands over what is still in the buffer. False: the limit was passed and *out holds only a part.
  bool Finish() {
    Flush();
    return !full_;
  }

  // The limit has been passed: nothing more will reach *out, writing on is wasted. Known at a flush.
  bool full() const { return full_; }

  void Char(char c) {
    Room(1);
    *p_++ = c;
  }
  void Raw(absl::string_view text);

  // `text` without its first `skip` bytes.
  void Padded(const PaddedText& text, size_t skip = 0) {
    if (ABSL_PREDICT_FALSE(text.size() > kMaxPaddedBytes)) return Raw(text.view().substr(skip));
    Room(kMaxPaddedBytes + PaddedText::kBlock);
    const size_t size = text.size() - skip;
    const char* from = text.data() + skip;
    for (size_t i = 0; i < size; i += PaddedText::kBlock) std::memcpy(p_ + i, from + i, PaddedText::kBlock);
    p_ += size;
  }

  template <typename Int>
  void Integer(Int value) {
    Room(kTokenBytes);
    p_ = std::to_chars(p_, p_ + kTokenBytes, value).ptr;
  }
  template <typename Int>
  void QuotedInteger(Int value) {
    Room(kTokenBytes);
    *p_++ = '"';
    p_ = std::to_chars(p_, p_ + kTokenBytes, value).ptr;
    *p_++ = '"';
  }
  void Bool(bool value) { value ? Raw("true") : Raw("false"); }

  // The shortest text that reads back as the same value, as ECMAScript lays it out; "NaN", "Infinity", "-Infinity".
  void Double(double value);
  void Float(float value);

  // A quoted string. False: not UTF-8; what was written is of no use then.
  bool String(absl::string_view text);

  // Quoted standard base64 with padding.
  void Base64(absl::string_view bytes);

  // Room for a token of at most kTokenBytes that the caller writes itself, then hands to Advance.
  char* Token() {
    Room(kTokenBytes);
    return p_;
  }
  void Advance(char* end) { p_ = end; }

 private:
  static constexpr size_t kMaxPaddedBytes = 1024;

  void Room(size_t bytes) {
    if (ABSL_PREDICT_FALSE(static_cast<size_t>(end_ - p_) < bytes)) Flush();
  }
  void Flush();
  const char* Special(const char* from, const char* end);
  const char* NotAscii(const char* from, const char* end);
  void Escape(unsigned char c);

  char* const begin_;
  char* p_;
  char* const end_;
  size_t room_;  // bytes that *out may still grow by
  std::string* out_;
  bool full_ = false;
};

// How many bytes from the front are well-formed UTF-8 (RFC 3629).
size_t Utf8Prefix(absl::string_view text);

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_JSON_TEXT_H_
