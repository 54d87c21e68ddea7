#include "gateway/http/testing/http2_test_client.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/preface.h"

namespace penstock::http::testing {
namespace {

std::string Text(const uint8_t* data, size_t size) { return std::string(reinterpret_cast<const char*>(data), size); }

nghttp2_nv Field(const std::string& name, const std::string& value) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct Http2TestClient::Calls {
  static Http2TestClient& Self(void* user) { return *static_cast<Http2TestClient*>(user); }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* user) {
    Http2Answer& answer = Self(user).answers_[frame->hd.stream_id];
    Header header{Text(name, name_size), Text(value, value_size)};
    int status = 0;
    if (header.name == ":status" && absl::SimpleAtoi(header.value, &status)) {
      if (status < 200) {
        answer.interim.push_back(status);
      } else {
        answer.status = status;
      }
    } else if (frame->headers.cat == NGHTTP2_HCAT_HEADERS && !answer.body.empty()) {
      answer.trailers.push_back(std::move(header));
    } else {
      answer.headers.push_back(std::move(header));
    }
    return 0;
  }

  static int OnData(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
    Http2TestClient& self = Self(user);
    self.answers_[id].body.append(reinterpret_cast<const char*>(data), size);
    if (self.grant_) nghttp2_session_consume(session, id, size);
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2TestClient& self = Self(user);
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      self.goaways_.push_back(frame->goaway.error_code);
      self.goaway_ids_.push_back(frame->goaway.last_stream_id);
    }
    const bool carries_end = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (carries_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      self.answers_[frame->hd.stream_id].ended = true;
    }
    return 0;
  }

  static int OnClose(nghttp2_session*, int32_t id, uint32_t error_code, void* user) {
    Http2Answer& answer = Self(user).answers_[id];
    answer.closed = true;
    answer.error_code = error_code;
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session*, int32_t id, uint8_t* buffer, size_t size, uint32_t* flags,
                          nghttp2_data_source*, void* user) {
    Body& body = Self(user).bodies_[id];
    const size_t count = std::min(size, body.data.size());
    std::memcpy(buffer, body.data.data(), count);
    body.data.erase(0, count);
    if (body.data.empty() && body.end) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    } else if (count == 0) {
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(count);
  }

  static nghttp2_session* NewSession(Http2TestClient* self) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_option* option = nullptr;
    nghttp2_session* session = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_max_send_header_block_length(option, 1 << 20);  // more than a server should take
    nghttp2_session_client_new2(&session, callbacks, self, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return session;
  }
};

Http2TestClient::Http2TestClient(TestClient socket, Http2ClientOptions options)
    : socket_(std::move(socket)), grant_(options.grant), session_(Calls::NewSession(this)) {
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window},
                                             {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings, 2);
  Flush();
}

Http2TestClient::~Http2TestClient() = default;

int32_t Http2TestClient::Submit(const std::string& method, const std::string& path, const Headers& more,
                                bool with_body) {
  const Headers pseudo = {{":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "h"}};
  std::vector<nghttp2_nv> fields;
  for (const Headers* headers : {&pseudo, &more}) {
    for (const Header& header : *headers) fields.push_back(Field(header.name, header.value));
  }
  nghttp2_data_provider body = {};
  body.read_callback = Calls::ReadBody;
  return nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(), with_body ? &body : nullptr,
                                nullptr);
}

int32_t Http2TestClient::Send(const std::string& method, const std::string& path, const Headers& more,
                              absl::optional<std::string> body) {
  const int32_t id = Submit(method, path, more, body.has_value());
  if (body) bodies_[id] = {*std::move(body), /*end=*/true};
  Flush();
  return id;
}

int32_t Http2TestClient::SendOpen(const std::string& method, const std::string& path) {
  const int32_t id = Submit(method, path, {}, /*with_body=*/true);
  Flush();
  return id;
}

void Http2TestClient::Append(int32_t id, const std::string& data) {
  bodies_[id].data += data;
  nghttp2_session_resume_data(session_.get(), id);
  Flush();
}

void Http2TestClient::EndBody(int32_t id) {
  bodies_[id].end = true;
  nghttp2_session_resume_data(session_.get(), id);
  Flush();
}

void Http2TestClient::Grant(int32_t id, int32_t bytes) {
  nghttp2_submit_window_update(session_.get(), NGHTTP2_FLAG_NONE, id, bytes);
  Flush();
}

void Http2TestClient::Reset(int32_t id, uint32_t error_code) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, error_code);
  Flush();
}

size_t Http2TestClient::Unsent() const {
  size_t unsent = 0;
  for (const auto& [id, body] : bodies_) unsent += body.data.size();
  return unsent;
}

void Http2TestClient::Flush() {
  const uint8_t* data = nullptr;
  ssize_t count = 0;
  while ((count = nghttp2_session_mem_send(session_.get(), &data)) > 0) {
    socket_.Send({reinterpret_cast<const char*>(data), static_cast<size_t>(count)});
  }
}

bool Http2TestClient::Wait(const std::function<bool()>& done) {
  while (!done()) {
    const std::string bytes = socket_.ReadSome();
    if (bytes.empty()) return false;
    nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    Flush();
  }
  return true;
}

bool Http2TestClient::WaitForLeave() {
  Wait([] { return false; });
  return socket_.end() != TestClient::End::kOpen;
}

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream_id, absl::string_view payload) {
  std::string frame;
  for (int shift : {16, 8, 0}) frame.push_back(static_cast<char>(payload.size() >> shift));
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  for (int shift : {24, 16, 8, 0}) frame.push_back(static_cast<char>(stream_id >> shift));
  absl::StrAppend(&frame, payload);
  return frame;
}

std::string Http2Hello() { return absl::StrCat(kHttp2Preface, Frame(NGHTTP2_SETTINGS, 0, 0, "")); }

std::string PlainBlock(const Headers& fields) {
  std::string block;
  for (const Header& field : fields) {
    block.push_back(0);  // literal without indexing, new name (RFC 7541 section 6.2.2)
    block.push_back(static_cast<char>(field.name.size()));
    block += field.name;
    // A length with a 7-bit prefix (section 5.1).
    size_t length = field.value.size();
    if (length < 127) {
      block.push_back(static_cast<char>(length));
    } else {
      block.push_back(127);
      for (length -= 127; length >= 128; length /= 128) block.push_back(static_cast<char>(length % 128 + 128));
      block.push_back(static_cast<char>(length));
    }
    block += field.value;
  }
  return block;
}

std::vector<std::string> FrameNames(absl::string_view bytes) {
  static constexpr const char* kNames[] = {"DATA",         "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
                                           "PUSH_PROMISE", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION"};
  const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  std::vector<std::string> names;
  while (bytes.size() >= 9) {
    const size_t length = at(0) << 16 | at(1) << 8 | at(2);
    if (bytes.size() < 9 + length) break;
    const uint8_t type = at(3);
    std::string name = type < 10 ? kNames[type] : "?";
    if (type == NGHTTP2_GOAWAY && length >= 8) absl::StrAppend(&name, " ", static_cast<int>(at(9 + 7)));
    if (type == NGHTTP2_RST_STREAM && length == 4) absl::StrAppend(&name, " ", static_cast<int>(at(9 + 3)));
    names.push_back(std::move(name));
    bytes.remove_prefix(9 + length);
  }
  return names;
}

}  // namespace penstock::http::testing
