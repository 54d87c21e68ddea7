// For tests of the exchange: a session and an upstream that do what the test says, in one thread, so that an order of
// events is an order of lines.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_TESTING_EXCHANGE_HARNESS_H_
#define PENSTOCK_GATEWAY_EXCHANGE_TESTING_EXCHANGE_HARNESS_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/exchange/csrf_gate.h"
#include "gateway/exchange/exchange.h"
#include "gateway/grpc_gateway/grpc_gateway_protocol.h"
#include "gateway/http/testing/fake_response.h"
#include "gateway/observe/metrics_observer.h"
#include "gateway/protocol/native_protocol.h"
#include "gateway/schema/schema_source.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace penstock {

// The upstream's side: one call at a time, driven by the test.
class FakeChannel final : public upstream::Channel {
 public:
  std::unique_ptr<upstream::Call> StartCall(upstream::CallRequest started, upstream::CallHandler* its) override {
    request = std::move(started);
    handler = its;
    sent.clear();
    send_closed = false;
    return std::make_unique<FakeCall>(*this);
  }
  bool ready() const override { return true; }

  upstream::CallRequest request;
  upstream::CallHandler* handler = nullptr;  // null: no call is open
  std::vector<std::string> sent;
  bool send_closed = false;
  size_t unsent = 0;  // what the transport does not take
  size_t given_back = 0;

 private:
  class FakeCall final : public upstream::Call {
   public:
    explicit FakeCall(FakeChannel& channel) : channel_(channel) {}
    ~FakeCall() override { channel_.handler = nullptr; }
    void SendMessage(absl::string_view message, bool last) override {
      EXPECT_FALSE(channel_.send_closed) << "a message behind the last";
      channel_.sent.emplace_back(message);
      channel_.send_closed = last;
    }
    void CloseSend() override { channel_.send_closed = true; }
    size_t Unsent() const override { return channel_.unsent; }
    void GiveBack(size_t bytes) override { channel_.given_back += bytes; }

   private:
    FakeChannel& channel_;
  };
};

class ExchangeTest : public ::testing::Test {
 protected:
  // With the protocol that takes every request.
  explicit ExchangeTest(std::unique_ptr<const Protocol> protocol = std::make_unique<NativeProtocol>(MetadataOptions()))
      : protocols_(JustOne(std::move(protocol))) {
    gates_.push_back(std::make_unique<CsrfGate>());
  }

  static std::vector<std::unique_ptr<const Protocol>> JustOne(std::unique_ptr<const Protocol> protocol) {
    std::vector<std::unique_ptr<const Protocol>> protocols;
    protocols.push_back(std::move(protocol));
    return protocols;
  }

  void SetUp() override {
    SchemaOptions options;
    options.print.unpopulated = false;
    auto schema = SchemaFromFiles({"proto/tick.binpb", "tests/conformance/everything.binpb"}, options);
    ASSERT_TRUE(schema.ok()) << schema.status();
    context_.schema = *schema;
  }

  // A request up to its head.
  void Begin(const std::string& method, const std::string& target, http::Headers headers = {}, bool has_body = true) {
    response_ = FakeResponse();
    http::RequestHead head;
    head.method = method;
    head.target = target;
    head.headers = std::move(headers);
    head.has_body = has_body;
    exchange_ = std::make_unique<Exchange>(context_, std::move(head), response_);
    handler().OnRequestHead();
  }

  // A request as the session would deliver it.
  void Send(const std::string& method, const std::string& target, const std::string& body, http::Headers headers = {}) {
    http::RequestHead head;
    head.method = method;
    head.target = target;
    head.headers = std::move(headers);
    head.has_body = !body.empty();
    if (head.has_body) head.content_length = body.size();
    exchange_ = std::make_unique<Exchange>(context_, std::move(head), response_);
    handler().OnRequestHead();
    // Byte by byte: nothing may depend on how a body is cut.
    for (const char c : body) handler().OnRequestBody(absl::string_view(&c, 1));
    handler().OnRequestEnd();
  }

  void SendSubscribe(http::Headers headers = {}) {
    Send("POST", "/v1/ticks:subscribe", "{\"message\":\"hi\"}", headers);
  }

  uint64_t CallsStarted() const {
    uint64_t started = 0;
    for (const auto& [path, method] : metrics_.routes().methods()) started += method.started;
    return started;
  }

  // Tick { message = 2: "hi", sequence = 3: n }
  static std::string Tick(char sequence) { return absl::StrCat("\x12\x02hi\x18", std::string(1, sequence)); }

  void EndCall(absl::Status status, bool from_upstream = true, bool unprocessed = false,
               upstream::Metadata trailers = {}) {
    upstream::CallEnd end;
    end.trailers = std::move(trailers);
    end.status = std::move(status);
    end.from_upstream = from_upstream;
    end.unprocessed = unprocessed;
    channel_.handler->OnCallEnd(std::move(end));
  }

  // Lets timers and deferred work run for `time`.
  void RunFor(std::chrono::milliseconds time) {
    class Stop final : public net::Timer {
     public:
      explicit Stop(net::Loop& loop) : loop_(loop) {}
      void OnTimer() override { loop_.Stop(); }

     private:
      net::Loop& loop_;
    } stop(loop_);
    loop_.Arm(&stop, time);
    loop_.Run();
    loop_.io().restart();
  }

  int64_t Ended(observe::EndReason reason) {
    return metrics_.metrics().requests_by_end[static_cast<size_t>(reason)].value();
  }
  http::RequestHandler& handler() { return *exchange_; }

  net::Loop loop_;
  ExchangeOptions options_{.max_request_bytes = 1000,
                           .max_record_bytes = 1000,
                           .max_unsent_bytes = 100,
                           .head_wait = absl::Milliseconds(30),
                           .heartbeat = absl::Milliseconds(50),
                           .unary_timeout = absl::Seconds(30),
                           .max_stream_duration = absl::InfiniteDuration()};
  ProtocolSet protocols_;
  Gates gates_;
  FakeChannel channel_;
  http::StaticFiles files_;
  std::unique_ptr<const codec::PlanSet> known_types_ =
      codec::PlanSet::Build({google::rpc::RetryInfo::descriptor()->file(), google::rpc::Status::descriptor()->file()},
                            {})
          .value();
  observe::MetricsObserver metrics_;
  const FileResource file_resource_{files_};
  ExchangeContext context_{.loop = loop_,
                           .options = options_,
                           .protocols = protocols_,
                           .gates = gates_,
                           .resources = {&file_resource_},
                           .channels = {&channel_},
                           .upstream_names = {"upstream:1"},
                           .known_types = *known_types_,
                           .observer = metrics_};
  FakeResponse response_;
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_TESTING_EXCHANGE_HARNESS_H_
