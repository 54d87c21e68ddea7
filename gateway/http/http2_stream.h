// One request on an HTTP/2 connection, and its answer: the ResponseStream that a handler writes to.
//
//   request:   fields ──▶ head ──▶ body … ──▶ end            answer:  head ──▶ body … ──▶ END_STREAM, or RST_STREAM
//
// Made by its Http2Session when a header block begins, destroyed by it at the end of the turn in which nghttp2 closed
// the stream. Body bytes count as drained when they were put into DATA frames, which the client's windows and the
// socket allow: the session frames only while nothing it framed before waits for the socket, so what is framed and not
// sent is bounded for the connection, not for each stream. There are many of these, most of them idle: the body's
// buffer exists while something waits to be framed.
#ifndef PENSTOCK_GATEWAY_HTTP_HTTP2_STREAM_H_
#define PENSTOCK_GATEWAY_HTTP_HTTP2_STREAM_H_

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/http/buffer_pool.h"
#include "gateway/http/http2_request.h"
#include "gateway/http/request_handler.h"
#include "gateway/http/session_deadline.h"
#include "gateway/net/timer_wheel.h"

namespace penstock::http {

class Http2Session;

struct AllStreams;
struct WaitingStreams;
template <typename Tag>
using StreamHook = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>,
                                                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class Http2Stream final : public ResponseStream,
                          public StreamHook<AllStreams>,
                          public StreamHook<WaitingStreams>,
                          private net::Timer {
 public:
  // What the session is to do next with the stream's DATA.
  enum class Piece : uint8_t {
    kNone,    // nothing now
    kMore,    // bytes, and others may follow
    kLast,    // the last bytes, possibly none
    kBroken,  // the handler appended more or less than the length it announced
  };

  Http2Stream(Http2Session& session, int32_t id);
  ~Http2Stream() override;

  int32_t id() const { return id_; }

  // What the session reads of the request.
  Http2Request& fields() { return *fields_; }
  void OnHead(bool end_stream);
  void OnBody(absl::string_view data);
  void OnBodyEnd();

  // For framing the body: how much of at most `size` bytes goes next, then its bytes.
  Piece NextPiece(size_t& size);
  void AppendPiece(size_t size, std::string& out);
  // Trailers to follow the last piece; null: none.
  const Headers* trailers() const { return trailers_.get(); }
  void OnEndFramed();

  // Tells the handler how much was framed since it was last told.
  void TellDrained();

  // Nothing more can be framed in this turn although something waits: the client's window is shut, or the socket.
  void OnBlocked();

  // The stream is over for `reason`; the session destroys it at the end of the turn.
  void OnClosed(absl::string_view reason);

  // Cut by the session: told to the handler, reset with `error_code`.
  void Cut(absl::string_view reason, uint32_t error_code);

  // The answer is whole.
  bool ended() const { return end_framed_; }
  // Cut by us, not by the client.
  bool aborted() const { return aborted_; }

 private:
  // ResponseStream
  void SendHead(int status, const Headers& headers, absl::optional<uint64_t> content_length) override;
  std::string& Body() override;
  void CommitBody() override;
  using ResponseStream::Finish;
  void Finish(const Headers& trailers) override;
  void Abort() override;
  size_t Unsent() const override { return committed_ - framed_; }
  void ReleaseRequestBody(size_t bytes) override;

  // How it ends has been said, or nobody is left to say it to.
  bool answered() const { return finished_ || aborted_ || closed_; }
  void Refuse(int status, absl::string_view message);
  void Resume();
  void StopWaiting();
  bool waits() const { return Unsent() > 0 || (finished_ && !end_framed_); }
  SessionDeadline::Kind WantedDeadline() const;
  void UpdateDeadline(bool progress = false);
  void OnTimer() override;

  Http2Session& session_;
  std::unique_ptr<RequestHandler> handler_;
  std::unique_ptr<Http2Request> fields_;  // until the head is complete
  std::unique_ptr<Headers> trailers_;
  BufferPool::Buffer body_;   // while something waits to be framed
  size_t framed_ = 0;         // bytes of body_ that are in frames
  size_t committed_ = 0;      // bytes of body_ that may be
  size_t drained_ = 0;        // framed, and the handler not told
  SessionDeadline deadline_;  // of what was framed
  size_t unreleased_ = 0;     // request body bytes delivered and not released
  uint64_t owed_ = 0;         // of an announced length, bytes not framed yet
  const int32_t id_;
  bool request_complete_ = false;
  bool to_head_ = false;  // HEAD: no body
  bool head_sent_ = false;
  bool bodiless_ = false;    // what is appended is dropped
  bool has_length_ = false;  // owed_ counts
  bool blocked_ = false;     // waits although the last turn framed what it could
  bool deferred_ = false;    // nghttp2 waits to be told of more
  bool finished_ = false;
  bool end_framed_ = false;
  bool aborted_ = false;
  bool closed_ = false;
};

using Http2StreamList = boost::intrusive::list<Http2Stream, boost::intrusive::base_hook<StreamHook<AllStreams>>,
                                               boost::intrusive::constant_time_size<false>>;
using WaitingStreamList = boost::intrusive::list<Http2Stream, boost::intrusive::base_hook<StreamHook<WaitingStreams>>,
                                                 boost::intrusive::constant_time_size<false>>;

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_HTTP2_STREAM_H_
