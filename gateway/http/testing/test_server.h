// A loop on a thread of its own with a SessionSet, and handlers that a test scripts with lambdas.
//
//   TestServer server(options, [](Scripted& h) { h.on_end = [&h] { h.Reply(200, "hello"); }; });
//   TestClient client = server.Connect();
#ifndef PENSTOCK_GATEWAY_HTTP_TESTING_TEST_SERVER_H_
#define PENSTOCK_GATEWAY_HTTP_TESTING_TEST_SERVER_H_

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/base/mutex.h"
#include "gateway/http/request_handler.h"
#include "gateway/http/session_set.h"
#include "gateway/http/testing/test_client.h"
#include "gateway/net/loop.h"
#include "gateway/net/unique_fd.h"

namespace penstock::http::testing {

// What happened, in order, from any thread.
class EventLog {
 public:
  void Add(std::string event) {
    const MutexLock lock(mutex_);
    events_.push_back(std::move(event));
    changed_.NotifyAll();
  }

  // Whether `event` happens `times` times before kPatience has passed.
  bool WaitFor(const std::string& event, size_t times = 1) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    const MutexLock lock(mutex_);
    while (CountLocked(event) < times && changed_.WaitUntil(mutex_, deadline)) {
    }
    return CountLocked(event) >= times;
  }

  size_t Count(const std::string& event) {
    const MutexLock lock(mutex_);
    return CountLocked(event);
  }

  std::string All() {
    const MutexLock lock(mutex_);
    std::string all;
    for (const std::string& event : events_) absl::StrAppend(&all, event, "\n");
    return all;
  }

 private:
  size_t CountLocked(const std::string& event) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    size_t count = 0;
    for (const std::string& e : events_) count += e == event ? 1 : 0;
    return count;
  }

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mutex_);
};

// A handler whose callbacks a test sets. All of it belongs to the loop's thread.
class Scripted final : public RequestHandler {
 public:
  Scripted(RequestHead head, ResponseStream& response, EventLog& log)
      : head(std::move(head)), response(response), log(log) {}
  ~Scripted() override { log.Add("destroyed"); }

  void Reply(int status, absl::string_view body) {
    response.SendHead(status, {{"Content-Type", "text/plain"}}, body.size());
    Append(body);
    response.Finish();
  }
  void Append(absl::string_view data) {
    response.Body().append(data.data(), data.size());
    response.CommitBody();
  }

  void OnRequestHead() override {
    if (on_head) on_head();
  }
  void OnRequestBody(absl::string_view data) override {
    body.append(data.data(), data.size());
    if (on_body) {
      on_body(data);
    } else {
      response.ReleaseRequestBody(data.size());
    }
  }
  void OnRequestEnd() override {
    log.Add("end");
    if (on_end) on_end();
  }
  void OnDrained(size_t bytes) override {
    drained += bytes;
    if (on_drained) on_drained(bytes);
  }
  void OnClientGone(absl::string_view reason) override {
    log.Add(absl::StrCat("gone ", reason));
    if (on_gone) on_gone();
  }
  void OnRequestBroken(int status, absl::string_view message) override {
    log.Add(absl::StrCat("broken ", status));
    Reply(status, message);
  }

  RequestHead head;
  ResponseStream& response;
  EventLog& log;
  std::string body;
  size_t drained = 0;
  std::function<void()> on_head, on_end, on_gone;
  std::function<void(absl::string_view)> on_body;
  std::function<void(size_t)> on_drained;
};

class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_.Run(); }) {}
  ~LoopThread() { Stop(); }

  net::Loop& loop() { return loop_; }
  void Stop() {
    loop_.Stop();
    if (thread_.joinable()) thread_.join();
  }

  // Runs `work` on the loop and waits for it.
  template <typename Work>
  void Do(Work work) {
    std::promise<void> done;
    loop_.Post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  net::Loop loop_;
  std::thread thread_;
};

class TestServer {
 public:
  using Script = std::function<void(Scripted&)>;

  TestServer(const SessionOptions& options, Script script)
      : script_(std::move(script)), set_(thread_.loop(), options, [this](RequestHead head, ResponseStream& response) {
          auto handler = std::make_unique<Scripted>(std::move(head), response, log_);
          last_ = handler.get();
          script_(*handler);
          return handler;
        }) {}
  ~TestServer() { thread_.Stop(); }

  // A client whose other end is served: a TCP connection over loopback.
  TestClient Connect(int receive_buffer = 0);

  net::Loop& loop() { return thread_.loop(); }
  SessionSet& set() { return set_; }
  EventLog& log() { return log_; }
  // Runs `work` on the loop and waits for it.
  template <typename Work>
  void Do(Work work) {
    thread_.Do(std::move(work));
  }
  // Runs `work(handler)` with the newest handler on the loop.
  template <typename Work>
  void WithLast(Work work) {
    thread_.Do([&] { work(*last_); });
  }
  // Whether the set comes to have `size` connections within kPatience.
  bool WaitForSize(size_t size) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (set_.size() != size && std::chrono::steady_clock::now() < deadline) {
      Do([] {});
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return set_.size() == size;
  }

 private:
  EventLog log_;
  const Script script_;
  Scripted* last_ = nullptr;
  LoopThread thread_;
  SessionSet set_;
};

}  // namespace penstock::http::testing

#endif  // PENSTOCK_GATEWAY_HTTP_TESTING_TEST_SERVER_H_
