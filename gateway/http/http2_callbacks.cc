#include "gateway/http/http2_callbacks.h"

#include <cstdint>
#include <new>

#include "absl/strings/string_view.h"
#include "gateway/http/flood_guard.h"
#include "gateway/http/http2_fields.h"
#include "gateway/http/http2_session.h"
#include "gateway/http/http2_stream.h"

namespace penstock::http {
namespace {

// nghttp2's own bounds: answers to PING and SETTINGS that wait, and CONTINUATION frames of one block beyond those that
// the largest head needs.
constexpr size_t kMaxWaitingAnswers = 256;
constexpr size_t kSpareContinuations = 8;
constexpr size_t kFrameBytes = 16 * 1024;

absl::string_view View(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// Null: refused, or closed already.
Http2Stream* StreamOf(nghttp2_session* session, int32_t id) {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
}

bool IsRequestHead(const nghttp2_frame& frame) {
  return frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
}

bool EndsStream(const nghttp2_frame_hd& frame) { return (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0; }

// What a frame costs its sender beside its bytes. HEADERS are bounded by the streams that may be open; WINDOW_UPDATE
// does what it is for.
int PriceOf(const nghttp2_frame_hd& frame) {
  switch (frame.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_WINDOW_UPDATE:
      return 0;
    case NGHTTP2_DATA:
      return frame.length == 0 && !EndsStream(frame) ? FloodGuard::kFrame : 0;
    case NGHTTP2_SETTINGS:
      return FloodGuard::kSettings;
    default:
      return FloodGuard::kFrame;
  }
}

}  // namespace

// None lets an error out that is one stream's: what a stream cannot take ends that stream only.
struct Http2Callbacks::Calls {
  static Http2Session& Self(void* user) { return *static_cast<Http2Session*>(user); }

  static int OnBeginFrame(nghttp2_session*, const nghttp2_frame_hd* frame, void* user) {
    Http2Session& self = Self(user);
    if (frame->type != NGHTTP2_CONTINUATION) self.in_header_block_ = false;  // also after one that was refused
    // The failure ends nghttp2_session_mem_recv at once; the session then says GOAWAY.
    return self.Charge(PriceOf(*frame)) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int OnInvalidFrame(nghttp2_session*, const nghttp2_frame*, int, void* user) {
    return Self(user).Charge(FloodGuard::kInvalid) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int OnBeginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Http2Session& self = Self(user);
    self.in_header_block_ = true;
    if (!IsRequestHead(*frame)) return 0;
    auto* stream = new Http2Stream(self, frame->hd.stream_id);
    self.streams_.push_back(*stream);
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
    return 0;
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void*) {
    if (!IsRequestHead(*frame)) return 0;  // trailers: checked by nghttp2 and dropped
    if (Http2Stream* stream = StreamOf(session, frame->hd.stream_id)) {
      stream->fields().Add(View(name, name_size), View(value, value_size));
    }
    return 0;
  }

  static int OnInvalidHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t*, size_t,
                             const uint8_t*, size_t, uint8_t, void*) {
    if (!IsRequestHead(*frame)) return 0;
    if (Http2Stream* stream = StreamOf(session, frame->hd.stream_id)) {
      stream->fields().Fail(400, "a field's name or value has bytes that may not stand there");
    }
    return 0;
  }

  static int OnData(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
    Self(user).received_ += size;
    if (Http2Stream* stream = StreamOf(session, id)) stream->OnBody(View(data, size));
    return 0;
  }

  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Http2Session& self = Self(user);
    Http2Stream* stream = StreamOf(session, frame->hd.stream_id);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        self.in_header_block_ = false;
        self.header_block_ended_ = true;
        if (stream == nullptr) return 0;
        if (IsRequestHead(*frame)) {
          stream->OnHead(EndsStream(frame->hd));
        } else if (EndsStream(frame->hd)) {
          stream->OnBodyEnd();
        }
        return 0;
      case NGHTTP2_DATA:
        if (stream != nullptr && EndsStream(frame->hd)) stream->OnBodyEnd();
        return 0;
      case NGHTTP2_SETTINGS:
        self.OnClientSettings();
        return 0;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) self.OnPingAck();
        return 0;
      default:
        return 0;
    }
  }

  static int OnFrameSent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) Self(user).OnGoawaySent();
    const bool body = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (!body || !EndsStream(frame->hd)) return 0;
    if (Http2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->OnEndFramed();
    return 0;
  }

  // A head that is too large for nghttp2, for one: the stream must not hang.
  static int OnFrameNotSent(nghttp2_session* session, const nghttp2_frame* frame, int, void*) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (Http2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->Cut("reset", NGHTTP2_INTERNAL_ERROR);
    return 0;
  }

  static int OnStreamClose(nghttp2_session* session, int32_t id, uint32_t, void* user) {
    if (Http2Stream* stream = StreamOf(session, id)) Self(user).OnStreamClosed(*stream);
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session* session, int32_t id, uint8_t*, size_t size, uint32_t* flags,
                          nghttp2_data_source*, void*) {
    Http2Stream* stream = StreamOf(session, id);
    if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;
    switch (stream->NextPiece(size)) {
      case Http2Stream::Piece::kNone:
        return NGHTTP2_ERR_DEFERRED;
      case Http2Stream::Piece::kBroken:
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // RST_STREAM (INTERNAL_ERROR)
      case Http2Stream::Piece::kMore:
        break;
      case Http2Stream::Piece::kLast:
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (const Headers* trailers = stream->trailers()) {
          Http2Fields fields;
          fields.Add(*trailers);
          if (fields.size() > 0 && nghttp2_submit_trailer(session, id, fields.data(), fields.size()) == 0) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
          }
        }
        break;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    return static_cast<ssize_t>(size);
  }

  static int SendBody(nghttp2_session* session, nghttp2_frame* frame, const uint8_t* header, size_t size,
                      nghttp2_data_source*, void* user) {
    constexpr size_t kFrameHeaderBytes = 9;
    Http2Session& self = Self(user);
    std::string& out = *self.out_;
    out.append(reinterpret_cast<const char*>(header), kFrameHeaderBytes);
    self.data_framed_ += size;
    if (Http2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->AppendPiece(size, out);
    return 0;
  }

  static nghttp2_session_callbacks* Make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, OnBeginFrame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, OnInvalidFrame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, OnInvalidHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, OnFrameSent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, OnFrameNotSent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnStreamClose);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, SendBody);
    return callbacks;
  }
};

nghttp2_session* Http2Callbacks::NewSession(Http2Session* session) {
  static nghttp2_session_callbacks* const callbacks = Calls::Make();  // read only from here on: shared by all threads
  nghttp2_option* option = nullptr;
  nghttp2_session* made = nullptr;
  if (nghttp2_option_new(&option) != 0) throw std::bad_alloc();
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);  // else each keeps 300 bytes for the sake of priorities
  nghttp2_option_set_max_outbound_ack(option, kMaxWaitingAnswers);
  nghttp2_option_set_max_continuations(
      option, kSpareContinuations + session->context_.options.parser.max_header_bytes / kFrameBytes);
  const int error = nghttp2_session_server_new2(&made, callbacks, session, option);
  nghttp2_option_del(option);
  if (error != 0) throw std::bad_alloc();
  return made;
}

nghttp2_data_provider Http2Callbacks::BodyProvider() {
  nghttp2_data_provider provider = {};
  provider.read_callback = Calls::ReadBody;
  return provider;
}

}  // namespace penstock::http
