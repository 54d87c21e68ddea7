#include "tests/bench/http2_streams.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace penstock::bench {
namespace {

// What Chromium grants a stream and a connection.
constexpr int32_t kStreamWindow = 6 << 20;
constexpr int32_t kConnectionWindow = 15 << 20;

nghttp2_nv Field(absl::string_view name, absl::string_view value) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct Http2Streams::Calls {
  static Http2Streams& Of(void* user) { return *static_cast<Http2Streams*>(user); }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* user) {
    if (absl::string_view(reinterpret_cast<const char*>(name), name_size) != ":status") return 0;
    int status = 0;
    (void)absl::SimpleAtoi(absl::string_view(reinterpret_cast<const char*>(value), value_size), &status);
    Of(user).events_.on_status(nghttp2_session_get_stream_user_data(session, frame->hd.stream_id), status);
    return 0;
  }

  static int OnData(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
    Of(user).events_.on_data(nghttp2_session_get_stream_user_data(session, id),
                             absl::string_view(reinterpret_cast<const char*>(data), size));
    return 0;
  }

  static int OnStreamClose(nghttp2_session* session, int32_t id, uint32_t error_code, void* user) {
    Of(user).bodies_.erase(id);
    Of(user).events_.on_end(nghttp2_session_get_stream_user_data(session, id), error_code);
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session*, int32_t id, uint8_t* buffer, size_t size, uint32_t* flags,
                          nghttp2_data_source*, void* user) {
    std::string& body = Of(user).bodies_[id];
    const size_t count = std::min(size, body.size());
    memcpy(buffer, body.data(), count);
    body.erase(0, count);
    if (body.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }
};

Http2Streams::Http2Streams(Events events) : events_(std::move(events)) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Calls::OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Calls::OnData);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Calls::OnStreamClose);
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new(&session, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  session_.reset(session);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 1);
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

void Http2Streams::Post(void* stream, const std::string& target, std::string json) {
  const nghttp2_nv fields[] = {Field(":method", "POST"), Field(":scheme", "http"), Field(":authority", "bench"),
                               Field(":path", target), Field("content-type", "application/json")};
  nghttp2_data_provider body{};
  body.read_callback = &Calls::ReadBody;
  const int32_t id =
      nghttp2_submit_request(session_.get(), nullptr, fields, sizeof(fields) / sizeof(fields[0]), &body, stream);
  bodies_[id] = std::move(json);
}

absl::Status Http2Streams::Take(absl::string_view bytes) {
  const ssize_t taken =
      nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (taken < 0) return absl::InternalError(absl::StrCat("HTTP/2: ", nghttp2_strerror(static_cast<int>(taken))));
  return absl::OkStatus();
}

std::string Http2Streams::TakeOutput() {
  std::string output;
  const uint8_t* bytes = nullptr;
  for (ssize_t count; (count = nghttp2_session_mem_send(session_.get(), &bytes)) > 0;) {
    output.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
  }
  return output;
}

}  // namespace penstock::bench
