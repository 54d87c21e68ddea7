// What an HTTP/1.1 connection has yet to write: heads as they are, bodies framed by chunks or by a length.
//
// Pure. A body is appended in place and framed once a turn, so what a turn appends leaves as one chunk. Its buffer
// comes from a pool and goes back when the socket has taken everything.
//
//   writer.AppendHead(200, headers, date_line, {.chunked = true});
//   writer.BeginBody(Http1Writer::Framing::kChunked);
//   writer.Body().append("…"), writer.Commit();
//   writer.EndBody(trailers);
//   drained = writer.Took(write(writer.Unwritten()));    // after FramePiece(), at the end of the turn
#ifndef PENSTOCK_GATEWAY_HTTP_HTTP1_WRITER_H_
#define PENSTOCK_GATEWAY_HTTP_HTTP1_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http/buffer_pool.h"
#include "gateway/http/headers.h"
#include "gateway/http/response_head.h"

namespace penstock::http {

class Http1Writer {
 public:
  enum class Framing : uint8_t {
    kDropped,  // there is no body, whatever is appended
    kLength,
    kChunked,
    kUntilClose,
  };

  // `pool` outlives it.
  explicit Http1Writer(BufferPool& pool) : pool_(pool) {}
  Http1Writer(const Http1Writer&) = delete;
  Http1Writer& operator=(const Http1Writer&) = delete;

  // An interim response.
  void AppendRaw(absl::string_view text);
  void AppendHead(int status, const Headers& headers, absl::string_view date_line, const ResponseFraming& framing);

  // The body of the response whose head was appended last. `length`: with kLength.
  void BeginBody(Framing framing, uint64_t length = 0);
  // Where to append to it. Cutting off again what the same turn appended is allowed, too.
  std::string& Body();
  // Body() has changed.
  void Commit();
  // Frames what was appended since the last time: Unwritten() is whole then.
  void FramePiece();
  // The body is complete. Trailers are for kChunked only.
  void EndBody(const Headers& trailers);

  // More or less was appended than the length that was announced: the client must see a cut.
  bool broken() const { return broken_; }
  // The body's end is not in sight of the client.
  bool open_ended() const { return framing_ == Framing::kChunked || framing_ == Framing::kUntilClose; }

  // Nothing waits.
  bool empty() const { return out_ == nullptr; }
  absl::string_view Unwritten() const { return absl::string_view(*out_).substr(sent_); }
  // The socket took the first `bytes` of Unwritten(). Returns how many bytes of the body have drained by that: while
  // framing waits along with a body, the body's bytes count as the last to go.
  size_t Took(size_t bytes);

  // Bytes of the body that were committed and not drained.
  size_t unsent() const { return unsent_; }
  // Nobody will take them any more.
  void Forget() { unsent_ = 0; }

 private:
  static constexpr size_t kNoPiece = ~size_t{0};

  std::string& Out();
  void Account();

  BufferPool& pool_;
  BufferPool::Buffer out_;   // while something is to be written
  size_t sent_ = 0;          // bytes of out_ that the socket took
  size_t piece_ = kNoPiece;  // where the piece of the body that is being appended begins
  size_t accounted_ = 0;     // out_->size() at the last commit
  size_t unsent_ = 0;
  uint64_t owed_ = 0;  // of an announced length, bytes that are still to be appended
  Framing framing_ = Framing::kDropped;
  bool broken_ = false;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_HTTP1_WRITER_H_
