// HTTP/2 frames for fuzz targets: a writer of valid and invalid frames, driven by the input, and a strict reader.
#ifndef PENSTOCK_TESTS_FUZZ_FRAMES_H_
#define PENSTOCK_TESTS_FUZZ_FRAMES_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/fuzz/input.h"

namespace penstock::fuzz {

std::string Frame(uint8_t type, uint8_t flags, uint32_t id, absl::string_view payload);

using Fields = std::vector<std::pair<std::string, std::string>>;

// An HPACK block without compression.
std::string PlainBlock(const Fields& fields);

// A frame of any type, chosen by the input, on one of a few streams: `first_id`, `first_id` + 2, … `fields` makes the
// block of HEADERS.
std::string AnyFrame(Input& input, uint32_t first_id, Fields (*fields)(Input& input));

// Reads what a peer sent and holds it to RFC 9113: frames of a legal size, SETTINGS first, on each stream HEADERS that
// decompress, then DATA, nothing behind its end.
class FrameReader {
 public:
  struct Stream {
    std::vector<Fields> blocks;  // heads, then trailers
    size_t data = 0;
    size_t window = 0;   // given by WINDOW_UPDATE; of stream 0, the connection's
    bool ended = false;  // END_STREAM
    bool reset = false;
  };

  // `max_frame`: the largest that its peer allowed. `to_client`: what is read are answers, not requests.
  FrameReader(size_t max_frame, bool to_client);
  ~FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  void Feed(absl::string_view bytes);

  const std::map<uint32_t, Stream>& streams() const { return streams_; }
  // The error code of the last GOAWAY; -1: none yet.
  int64_t goaway() const { return goaway_; }
  // No frame is cut.
  bool between_frames() const { return rest_.empty(); }

 private:
  void OnFrame(uint8_t type, uint8_t flags, uint32_t id, absl::string_view payload);
  void OnHeaders(uint8_t flags, uint32_t id, absl::string_view block);
  Fields Inflate(absl::string_view block);

  const size_t max_frame_;
  const bool to_client_;
  nghttp2_hd_inflater* inflater_ = nullptr;
  std::string rest_;
  std::string block_;  // of a head that goes on
  uint32_t block_id_ = 0;
  uint8_t block_flags_ = 0;
  bool settings_seen_ = false;
  int64_t goaway_ = -1;
  std::map<uint32_t, Stream> streams_;
};

}  // namespace penstock::fuzz

#endif  // PENSTOCK_TESTS_FUZZ_FRAMES_H_
