#include "tests/fuzz/frames.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/expect.h"

namespace penstock::fuzz {
namespace {

constexpr size_t kFrameHeaderBytes = 9;
constexpr size_t kStreams = 4;

void AppendNumber(uint64_t number, size_t bytes, std::string* out) {
  while (bytes-- > 0) out->push_back(static_cast<char>(number >> (8 * bytes)));
}

uint32_t ReadNumber(absl::string_view bytes) {
  uint32_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<uint8_t>(c);
  return number;
}

// HPACK's string literal, not Huffman-coded: a length of seven bits, then what is above them in groups of seven.
void AppendString(absl::string_view text, std::string* out) {
  constexpr size_t kPrefix = 127;
  if (text.size() < kPrefix) {
    out->push_back(static_cast<char>(text.size()));
  } else {
    out->push_back(static_cast<char>(kPrefix));
    size_t left = text.size() - kPrefix;
    for (; left >= 128; left /= 128) out->push_back(static_cast<char>(left % 128 + 128));
    out->push_back(static_cast<char>(left));
  }
  out->append(text.data(), text.size());
}

std::string SettingsPayload(Input& input) {
  static constexpr uint32_t kValues[] = {0, 1, 100, 4096, 16384, 65535, 0x7fffffff, 0xffffffff};
  std::string payload;
  for (size_t count = input.Below(4); count > 0; --count) {
    AppendNumber(input.Below(8), 2, &payload);
    AppendNumber(kValues[input.Below(8)], 4, &payload);
  }
  return payload;
}

uint32_t Increment(Input& input) {
  static constexpr uint32_t kValues[] = {0, 1, 100, 65535, 1u << 20, 0x7fffffff, 0x80000001, 16};
  return kValues[input.Below(8)];
}

}  // namespace

std::string Frame(uint8_t type, uint8_t flags, uint32_t id, absl::string_view payload) {
  std::string frame;
  AppendNumber(payload.size(), 3, &frame);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  AppendNumber(id, 4, &frame);
  return frame.append(payload.data(), payload.size());
}

std::string PlainBlock(const Fields& fields) {
  std::string block;
  for (const auto& [name, value] : fields) {
    block.push_back(0);  // literal, not indexed
    AppendString(name, &block);
    AppendString(value, &block);
  }
  return block;
}

std::string AnyFrame(Input& input, uint32_t first_id, Fields (*fields)(Input& input)) {
  const auto id = static_cast<uint32_t>(first_id + 2 * input.Below(kStreams));
  std::string payload;
  switch (input.Below(12)) {
    case 0:
    case 1:
    case 2: {
      const uint8_t flags = NGHTTP2_FLAG_END_HEADERS | (input.Flag() ? NGHTTP2_FLAG_END_STREAM : 0);
      return Frame(NGHTTP2_HEADERS, flags, id, PlainBlock(fields(input)));
    }
    case 3:
    case 4: {
      const uint8_t flags = input.Flag() ? NGHTTP2_FLAG_END_STREAM : 0;
      return Frame(NGHTTP2_DATA, flags, id, input.Take(input.Byte()));
    }
    case 5:
      AppendNumber(input.Below(16), 4, &payload);
      return Frame(NGHTTP2_RST_STREAM, 0, id, payload);
    case 6:
      AppendNumber(Increment(input), 4, &payload);
      return Frame(NGHTTP2_WINDOW_UPDATE, 0, input.Flag() ? id : 0, payload);
    case 7:
      return Frame(NGHTTP2_SETTINGS, 0, 0, SettingsPayload(input));
    case 8:
      return Frame(NGHTTP2_PING, input.Flag() ? NGHTTP2_FLAG_ACK : 0, 0, "12345678");
    case 9:
      AppendNumber(input.Below(16), 4, &payload);
      AppendNumber(input.Below(16), 4, &payload);
      return Frame(NGHTTP2_GOAWAY, 0, 0, payload);
    case 10: {  // a head in two frames, the second of which may not come
      const std::string block = PlainBlock(fields(input));
      const size_t cut = std::min<size_t>(input.Byte(), block.size());
      const std::string first = Frame(NGHTTP2_HEADERS, 0, id, absl::string_view(block).substr(0, cut));
      if (input.Flag()) return first;
      return first + Frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, id, absl::string_view(block).substr(cut));
    }
    default: {
      const uint8_t type = input.Byte() % 12;
      const uint8_t flags = input.Byte();
      return Frame(type, flags, input.Flag() ? id : 0, input.Take(input.Below(64)));
    }
  }
}

// ---- reading

FrameReader::FrameReader(size_t max_frame, bool to_client) : max_frame_(max_frame), to_client_(to_client) {
  FUZZ_EXPECT(nghttp2_hd_inflate_new(&inflater_) == 0);
}

FrameReader::~FrameReader() { nghttp2_hd_inflate_del(inflater_); }

void FrameReader::Feed(absl::string_view bytes) {
  rest_.append(bytes.data(), bytes.size());
  absl::string_view left = rest_;
  while (left.size() >= kFrameHeaderBytes) {
    const size_t length = ReadNumber(left.substr(0, 3));
    FUZZ_EXPECT(length <= max_frame_, "a frame of ", length, " bytes");
    if (left.size() < kFrameHeaderBytes + length) break;
    OnFrame(static_cast<uint8_t>(left[3]), static_cast<uint8_t>(left[4]), ReadNumber(left.substr(5, 4)),
            left.substr(kFrameHeaderBytes, length));
    left.remove_prefix(kFrameHeaderBytes + length);
  }
  rest_.erase(0, rest_.size() - left.size());
}

void FrameReader::OnFrame(uint8_t type, uint8_t flags, uint32_t id, absl::string_view payload) {
  FUZZ_EXPECT(settings_seen_ || (type == NGHTTP2_SETTINGS && (flags & NGHTTP2_FLAG_ACK) == 0), "SETTINGS come first");
  FUZZ_EXPECT(block_id_ == 0 || (type == NGHTTP2_CONTINUATION && id == block_id_), "a frame inside a head");
  const bool ends = (flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (type) {
    case NGHTTP2_SETTINGS:
      FUZZ_EXPECT(id == 0 && payload.size() % 6 == 0 && ((flags & NGHTTP2_FLAG_ACK) == 0 || payload.empty()));
      settings_seen_ = true;
      return;
    case NGHTTP2_HEADERS:
      FUZZ_EXPECT(id != 0 && (flags & (NGHTTP2_FLAG_PADDED | NGHTTP2_FLAG_PRIORITY)) == 0);
      block_ = std::string(payload);
      block_id_ = id;
      block_flags_ = flags;
      break;
    case NGHTTP2_CONTINUATION:
      FUZZ_EXPECT(block_id_ == id, "CONTINUATION of nothing");
      block_.append(payload.data(), payload.size());
      break;
    case NGHTTP2_DATA: {
      Stream& stream = streams_[id];
      FUZZ_EXPECT(!stream.blocks.empty() && !stream.ended && !stream.reset, "DATA on stream ", id);
      stream.data += payload.size();
      stream.ended = ends;
      return;
    }
    case NGHTTP2_RST_STREAM:
      FUZZ_EXPECT(id != 0 && payload.size() == 4);
      streams_[id].reset = true;
      return;
    case NGHTTP2_GOAWAY:
      FUZZ_EXPECT(id == 0 && payload.size() >= 8);
      goaway_ = ReadNumber(payload.substr(4, 4));
      return;
    case NGHTTP2_WINDOW_UPDATE:
      FUZZ_EXPECT(payload.size() == 4 && ReadNumber(payload) != 0);
      streams_[id].window += ReadNumber(payload);
      return;
    case NGHTTP2_PING:
      FUZZ_EXPECT(id == 0 && payload.size() == 8);
      return;
    default:
      FUZZ_EXPECT(false, "a frame of type ", int{type});
  }
  if ((flags & NGHTTP2_FLAG_END_HEADERS) == 0) return;
  OnHeaders(block_flags_, block_id_, block_);
  block_id_ = 0;
}

void FrameReader::OnHeaders(uint8_t flags, uint32_t id, absl::string_view block) {
  Stream& stream = streams_[id];
  FUZZ_EXPECT(!stream.ended && !stream.reset, "HEADERS behind the end of stream ", id);
  Fields fields = Inflate(block);
  const bool head = !fields.empty() && fields.front().first[0] == ':';
  const bool interim = head && to_client_ && fields.front().second[0] == '1';
  FUZZ_EXPECT(head != (!stream.blocks.empty()), "head and trailers on stream ", id);
  stream.ended = (flags & NGHTTP2_FLAG_END_STREAM) != 0;
  FUZZ_EXPECT(head || stream.ended, "trailers end a stream");
  FUZZ_EXPECT(!head || !to_client_ || fields.front().first == ":status");
  if (!interim) stream.blocks.push_back(std::move(fields));
}

Fields FrameReader::Inflate(absl::string_view block) {
  Fields fields;
  const auto* at = reinterpret_cast<const uint8_t*>(block.data());
  size_t left = block.size();
  for (;;) {
    nghttp2_nv field;
    int flags = 0;
    const ssize_t n = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, at, left, 1);
    FUZZ_EXPECT(n >= 0, "a head that does not decompress: ", n);
    at += n;
    left -= static_cast<size_t>(n);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields.emplace_back(std::string(reinterpret_cast<const char*>(field.name), field.namelen),
                          std::string(reinterpret_cast<const char*>(field.value), field.valuelen));
      FUZZ_EXPECT(!fields.back().first.empty());
      FUZZ_EXPECT(nghttp2_check_header_value(field.value, field.valuelen) != 0, fields.back().first);
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    FUZZ_EXPECT(left > 0 || (flags & NGHTTP2_HD_INFLATE_EMIT) != 0, "a head that is cut");
  }
  nghttp2_hd_inflate_end_headers(inflater_);
  FUZZ_EXPECT(!fields.empty(), "an empty head");
  return fields;
}

}  // namespace penstock::fuzz
