// A blocking HTTP/2 client for the tests of sessions: nghttp2 speaks, a test says what and how much window it grants.
// Every wait has a deadline (testing::kPatience).
//
//   Http2TestClient client(server.Connect());
//   const int32_t id = client.Send("GET", "/a");
//   ASSERT_TRUE(client.WaitForEnd(id));
//   EXPECT_EQ(client.answer(id).body, "hello");
#ifndef PENSTOCK_GATEWAY_HTTP_TESTING_HTTP2_TEST_CLIENT_H_
#define PENSTOCK_GATEWAY_HTTP_TESTING_HTTP2_TEST_CLIENT_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/http/headers.h"
#include "gateway/http/testing/test_client.h"

namespace penstock::http::testing {

struct Http2Answer {
  int status = 0;
  std::vector<int> interim;  // 1xx
  Headers headers;
  std::string body;
  Headers trailers;
  bool ended = false;   // END_STREAM
  bool closed = false;  // both ways, or reset
  uint32_t error_code = 0;
};

struct Http2ClientOptions {
  uint32_t stream_window = 65535;  // SETTINGS_INITIAL_WINDOW_SIZE
  bool grant = true;               // windows are given back as data comes
};

class Http2TestClient {
 public:
  explicit Http2TestClient(TestClient socket, Http2ClientOptions options = {});
  ~Http2TestClient();

  // Sends a request; with `body` absent it has none. The new stream's id.
  int32_t Send(const std::string& method, const std::string& path, const Headers& more = {},
               absl::optional<std::string> body = absl::nullopt);
  // Sends a request whose body stays open: Append and EndBody follow.
  int32_t SendOpen(const std::string& method, const std::string& path);
  void Append(int32_t id, const std::string& data);
  void EndBody(int32_t id);
  // Gives back `bytes` of receive window; of the connection's where `id` is 0.
  void Grant(int32_t id, int32_t bytes);
  void Reset(int32_t id, uint32_t error_code = NGHTTP2_CANCEL);
  void Close() { socket_.Close(); }

  // Reads until `done` holds. False: the peer left, or kPatience passed.
  bool Wait(const std::function<bool()>& done);
  bool WaitForEnd(int32_t id) {
    return Wait([&] { return answer(id).closed; });
  }
  bool WaitForBody(int32_t id, const std::string& body) {
    return Wait([&] { return answer(id).body == body; });
  }
  // Whether the peer leaves before kPatience has passed.
  bool WaitForLeave();

  Http2Answer& answer(int32_t id) { return answers_[id]; }
  // Bytes of request bodies that the peer's windows have not let through.
  size_t Unsent() const;
  // The error codes of the GOAWAYs so far, and the last stream id of each.
  const std::vector<uint32_t>& goaways() const { return goaways_; }
  const std::vector<int32_t>& goaway_ids() const { return goaway_ids_; }
  TestClient& socket() { return socket_; }

 private:
  struct Calls;
  struct Body {
    std::string data;
    bool end = false;
  };
  struct DeleteSession {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  int32_t Submit(const std::string& method, const std::string& path, const Headers& more, bool with_body);
  void Flush();

  TestClient socket_;
  const bool grant_;
  std::unique_ptr<nghttp2_session, DeleteSession> session_;
  std::map<int32_t, Http2Answer> answers_;
  std::map<int32_t, Body> bodies_;
  std::vector<uint32_t> goaways_;
  std::vector<int32_t> goaway_ids_;
};

// One frame's bytes, right or wrong.
std::string Frame(uint8_t type, uint8_t flags, uint32_t stream_id, absl::string_view payload);

// A client's beginning: preface and empty SETTINGS.
std::string Http2Hello();

// An HPACK block without compression, names up to 126 bytes.
std::string PlainBlock(const Headers& fields);

// What the frames in `bytes` are, such as "SETTINGS" or "GOAWAY 11"; the last may be incomplete and is left out.
std::vector<std::string> FrameNames(absl::string_view bytes);

}  // namespace penstock::http::testing

#endif  // PENSTOCK_GATEWAY_HTTP_TESTING_HTTP2_TEST_CLIENT_H_
