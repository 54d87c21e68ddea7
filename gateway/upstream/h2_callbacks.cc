#include "gateway/upstream/h2_callbacks.h"

#include <cstdint>
#include <new>

#include "absl/strings/string_view.h"
#include "gateway/upstream/h2_connection.h"
#include "gateway/upstream/h2_stream.h"

namespace penstock::upstream {
namespace {

absl::string_view View(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// Null: it has ended for us already.
H2Stream* StreamOf(nghttp2_session* session, int32_t id) {
  return static_cast<H2Stream*>(nghttp2_session_get_stream_user_data(session, id));
}

}  // namespace

// None lets an error out: what a stream cannot take ends that stream only.
struct H2Callbacks::Calls {
  static H2Connection& Self(void* user) { return *static_cast<H2Connection*>(user); }

  static int OnBeginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void*) {
    if (H2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->OnHeadersBegin();
    return 0;
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void*) {
    if (H2Stream* stream = StreamOf(session, frame->hd.stream_id)) {
      stream->OnHeader(View(name, name_size), View(value, value_size));
    }
    return 0;
  }

  static int OnData(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
    Self(user).received_ += size;
    if (H2Stream* stream = StreamOf(session, id)) stream->OnData(View(data, size));
    return 0;
  }

  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    const bool end_stream = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_DATA:
        if (!end_stream) return 0;
        if (H2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->OnDataEnd();
        return 0;
      case NGHTTP2_HEADERS:
        if (H2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->OnHeadersEnd(end_stream);
        return 0;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) Self(user).OnSettings();
        return 0;
      case NGHTTP2_GOAWAY:
        Self(user).Drain();
        return 0;
      default:
        return 0;
    }
  }

  static int OnFrameSent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS) {
      if (H2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->OnHeadersSent();
    } else if (frame->hd.type == NGHTTP2_GOAWAY && Self(user).broken_.empty()) {
      Self(user).broken_ = nghttp2_http2_strerror(frame->goaway.error_code);  // what the session holds against the peer
    }
    return 0;
  }

  static int OnStreamClose(nghttp2_session* session, int32_t id, uint32_t error_code, void* user) {
    H2Connection& self = Self(user);
    --self.open_streams_;
    if (H2Stream* stream = StreamOf(session, id)) stream->OnReset(error_code);
    if (self.owner_ != nullptr) self.owner_->OnStreamClosed();
    return 0;
  }

  static int OnError(nghttp2_session*, int, const char* message, size_t size, void* user) {
    Self(user).broken_.assign(message, size);
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session* session, int32_t id, uint8_t* buffer, size_t size, uint32_t* flags,
                          nghttp2_data_source*, void*) {
    H2Stream* stream = StreamOf(session, id);
    if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;  // its RST_STREAM is queued
    bool end = false;
    const size_t count = stream->ReadBody(reinterpret_cast<char*>(buffer), size, &end);
    if (end) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    } else if (count == 0) {
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(count);
  }

  static nghttp2_session_callbacks* Make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, OnFrameSent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnStreamClose);
    nghttp2_session_callbacks_set_error_callback2(callbacks, OnError);
    return callbacks;
  }
};

nghttp2_session* H2Callbacks::NewSession(H2Connection* connection) {
  static nghttp2_session_callbacks* const callbacks = Calls::Make();  // read only from here on: shared by all threads
  nghttp2_option* option = nullptr;
  nghttp2_session* session = nullptr;
  if (nghttp2_option_new(&option) != 0) throw std::bad_alloc();
  nghttp2_option_set_no_auto_window_update(option, 1);
  const int error = nghttp2_session_client_new2(&session, callbacks, connection, option);
  nghttp2_option_del(option);
  if (error != 0) throw std::bad_alloc();
  return session;
}

nghttp2_data_provider H2Callbacks::BodyProvider() {
  nghttp2_data_provider provider = {};
  provider.read_callback = Calls::ReadBody;
  return provider;
}

}  // namespace penstock::upstream
