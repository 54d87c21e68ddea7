// A client connection, driven in one thread: the target's bytes go through a socket pair into a real SessionSet, whose
// handlers respond as the request's target says. Each step runs the event loop until it is idle.
//
//   Connection connection(options);
//   connection.Send(bytes);              // and runs the loop
//   connection.End();                    // the client disconnects; everything must be destroyed
//   Use(connection.received());
//
// Checks the guarantees that every handler has (gateway/http/request_handler.h, response_stream.h).
#ifndef PENSTOCK_TESTS_FUZZ_CONNECTION_H_
#define PENSTOCK_TESTS_FUZZ_CONNECTION_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/http/request_handler.h"
#include "gateway/http/session_set.h"
#include "gateway/net/loop.h"
#include "gateway/net/unique_fd.h"

namespace penstock::fuzz {

// Small limits, so that each is met, and no time limit.
http::SessionOptions FuzzSessionOptions();

class Connection;

// Answers by the letters of its request's target:
//   h  at the head, before the body was read      s  a body without a length, which the target may go on with
//   e  with a body, at the request's end          t  with trailers
//   l  more bytes than the announced length       a  aborts after the head
//   k  keeps the request's body to itself         (none of h, e, s, a: only when the target says so)
class Answer final : public http::RequestHandler {
 public:
  Answer(Connection& connection, http::RequestHead head, http::ResponseStream& response);
  ~Answer() override;

  const std::string& target() const { return head_.target; }
  bool open() const { return !ended_; }
  // What a target may do with it meanwhile, in any order; what makes no sense now is left out.
  void Append(size_t bytes);
  void Finish();
  void Abort();
  void Release(size_t bytes);

 private:
  void OnRequestHead() override;
  void OnRequestBody(absl::string_view data) override;
  void OnRequestEnd() override;
  void OnDrained(size_t bytes) override;
  void OnClientGone(absl::string_view reason) override;
  void OnRequestBroken(int status, absl::string_view message) override;

  bool Wants(char letter) const { return head_.target.find(letter) != std::string::npos; }
  void Reply();
  void Expect(bool condition, const char* what) const;

  Connection& connection_;
  const http::RequestHead head_;
  http::ResponseStream& response_;
  size_t body_ = 0, unreleased_ = 0;       // of the request
  size_t appended_ = 0, drained_ = 0;      // of the answer
  bool began_ = false, complete_ = false;  // the request
  bool head_sent_ = false, ended_ = false;
};

class Connection {
 public:
  explicit Connection(const http::SessionOptions& options);
  ~Connection();

  // Sends what the socket takes, and runs the loop until there is nothing more to do.
  void Send(absl::string_view bytes);
  void Run();
  // No more is read of what the server sends, until Run.
  void SendUnread(absl::string_view bytes);
  void BeginDrain() { set_->BeginDrain(); }
  // The client leaves, by FIN; all that was its must go. What the server said first is read.
  void End();

  const std::string& received() const { return received_; }
  // The server has closed, or ended its side.
  bool closed() const { return closed_; }
  const std::vector<Answer*>& answers() const { return answers_; }

 private:
  friend class Answer;
  void Poll();
  void Read();

  static net::Loop& SharedLoop();

  net::Loop& loop_;
  std::unique_ptr<http::SessionSet> set_;
  net::UniqueFd client_;
  std::string received_;
  bool closed_ = false;
  std::vector<Answer*> answers_;  // alive
};

}  // namespace penstock::fuzz

#endif  // PENSTOCK_TESTS_FUZZ_CONNECTION_H_
