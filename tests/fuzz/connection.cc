#include "tests/fuzz/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/expect.h"

namespace penstock::fuzz {
namespace {

// Turns that one event can take until all is quiet. Far more than any needs.
constexpr int kMaxTurns = 10'000;
// An answer grows no further: a target could fill memory by itself.
constexpr size_t kMaxAnswerBytes = 256 * 1024;

}  // namespace

http::SessionOptions FuzzSessionOptions() {
  http::SessionOptions options;
  options.parser = {.max_target_bytes = 64,
                    .max_header_bytes = 1024,
                    .max_headers = 16,
                    .max_extension_bytes = 24,
                    .max_trailer_bytes = 64};
  options.header_timeout = options.body_timeout = options.idle_timeout = std::chrono::hours(1);
  options.linger_timeout = options.slow_client_timeout = std::chrono::hours(1);
  options.max_pipelined_bytes = 512;
  options.max_unreleased_bytes = 256;
  options.max_discarded_bytes = 256;
  options.max_lingering_bytes = 512;
  options.max_streams = 8;
  return options;
}

// ---- the answer

Answer::Answer(Connection& connection, http::RequestHead head, http::ResponseStream& response)
    : connection_(connection), head_(std::move(head)), response_(response) {
  connection_.answers_.push_back(this);
}

Answer::~Answer() {
  Expect(ended_, "destroyed without an end");
  auto& answers = connection_.answers_;
  answers.erase(std::find(answers.begin(), answers.end(), this));
}

void Answer::Expect(bool condition, const char* what) const { FUZZ_EXPECT(condition, what, ": ", head_.target); }

void Answer::OnRequestHead() {
  Expect(!began_ && !ended_, "a second beginning");
  began_ = true;
  if (Wants('h') || Wants('a')) Reply();
}

void Answer::OnRequestBody(absl::string_view data) {
  Expect(began_ && !ended_ && !complete_ && !data.empty(), "a piece of a body");
  Expect(head_.has_body, "a body that was not announced");
  body_ += data.size();
  unreleased_ += data.size();
  Expect(!head_.content_length || body_ <= *head_.content_length, "more than was announced");
  Expect(unreleased_ <= FuzzSessionOptions().max_unreleased_bytes + data.size(), "read on without leave");
  if (!Wants('k')) Release(unreleased_);
}

void Answer::OnRequestEnd() {
  Expect(began_ && !ended_ && !complete_, "an end");
  Expect(!head_.content_length || body_ == *head_.content_length, "less than was announced");
  complete_ = true;
  if (Wants('e') || Wants('s')) Reply();
}

void Answer::OnDrained(size_t bytes) {
  Expect(!ended_ && bytes > 0, "drained");
  drained_ += bytes;
  Expect(drained_ <= appended_ && response_.Unsent() == appended_ - drained_, "the books do not agree");
}

void Answer::OnClientGone(absl::string_view reason) {
  Expect(!ended_ && !reason.empty(), "gone");
  ended_ = true;
}

void Answer::OnRequestBroken(int status, absl::string_view message) {
  Expect(began_ && !ended_ && !complete_, "broken");
  Expect((status == 400 || status == 408 || status == 431) && !message.empty(), "broken for no reason");
  complete_ = true;
  if (head_sent_) return Abort();
  ended_ = true;
  response_.SendHead(status, {}, 0);
  response_.Finish();
}

void Answer::Reply() {
  if (head_sent_) return;
  head_sent_ = true;
  const std::string body = absl::StrCat(head_.method, " ", head_.target, " ", body_, "\n");
  const bool counted = !Wants('s') && !Wants('t');
  response_.SendHead(200, {{"Content-Type", "text/plain"}},
                     counted ? absl::optional<uint64_t>(body.size()) : absl::nullopt);
  response_.Body().append(body);
  appended_ += body.size();
  if (Wants('l')) response_.Body().append("more"), appended_ += 4;
  response_.CommitBody();
  if (Wants('a')) return Abort();
  if (!Wants('s')) Finish();
}

void Answer::Append(size_t bytes) {
  if (ended_ || !began_) return;
  if (!head_sent_) Reply();
  if (ended_ || appended_ + bytes > kMaxAnswerBytes) return;
  response_.Body().append(bytes, 'x');
  appended_ += bytes;
  response_.CommitBody();
}

void Answer::Finish() {
  if (ended_ || !head_sent_) return;
  ended_ = true;
  response_.Finish(Wants('t') ? http::Headers{{"Grpc-Trailer-A", "b"}} : http::Headers{});
}

void Answer::Abort() {
  if (ended_) return;
  ended_ = true;
  response_.Abort();
}

void Answer::Release(size_t bytes) {
  if (ended_) return;
  bytes = std::min(bytes, unreleased_);
  unreleased_ -= bytes;
  response_.ReleaseRequestBody(bytes);
}

// ---- the connection

// One for all inputs: its read buffer alone would take longer to make than most inputs.
net::Loop& Connection::SharedLoop() {
  static net::Loop& loop = *new net::Loop;
  return loop;
}

Connection::Connection(const http::SessionOptions& options)
    : loop_(SharedLoop()),
      set_(std::make_unique<http::SessionSet>(loop_, options,
                                              [this](http::RequestHead head, http::ResponseStream& response) {
                                                return std::make_unique<Answer>(*this, std::move(head), response);
                                              })) {
  int fds[2];
  FUZZ_EXPECT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
  client_ = net::UniqueFd(fds[0]);
  set_->Give(net::UniqueFd(fds[1]));
  Poll();
}

Connection::~Connection() {
  FUZZ_EXPECT(answers_.empty(), "handlers outlive their connection");
  FUZZ_EXPECT(loop_.live_requests() == 0, "requests are miscounted");
}

void Connection::Poll() {
  for (int turn = 0; turn < kMaxTurns; ++turn) {
    loop_.io().restart();
    if (loop_.io().poll() == 0) return;
  }
  FUZZ_EXPECT(false, "it never comes to rest");
}

void Connection::Read() {
  char buffer[16 * 1024];
  ssize_t n = 0;
  while ((n = ::recv(client_.get(), buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
    received_.append(buffer, static_cast<size_t>(n));
  }
  if (n == 0) closed_ = true;
}

void Connection::Run() {
  for (size_t before = 0;; before = received_.size()) {
    Poll();
    Read();
    if (received_.size() == before) return;
  }
}

void Connection::SendUnread(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) return;  // it has closed, or does not read now
    bytes.remove_prefix(static_cast<size_t>(n));
    Poll();
  }
}

void Connection::Send(absl::string_view bytes) {
  SendUnread(bytes);
  Run();
}

void Connection::End() {
  Run();
  client_ = net::UniqueFd();
  Poll();
  // A session that reads no further, since too much waits behind a request without an answer, finds out by the answer.
  const std::vector<Answer*> pending = answers_;
  for (Answer* answer : pending) {
    answer->Append(1);
    answer->Finish();
  }
  Poll();
  FUZZ_EXPECT(set_->size() == 0, "the client has left, and its session stays");
  set_.reset();
}

}  // namespace penstock::fuzz
