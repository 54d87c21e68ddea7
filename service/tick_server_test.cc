// The real server with a real gRPC client, over loopback.
#include "service/tick_server.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "gtest/gtest.h"
#include "penstock/tick/v1/tick.grpc.pb.h"
#include "service/service_metrics.h"

namespace penstock::service {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using penstock::tick::v1::Message;
using penstock::tick::v1::Tick;
using penstock::tick::v1::TickService;
using Reader = std::unique_ptr<grpc::ClientReader<Tick>>;

// Far beyond what anything here takes, for a machine that is busy with other things.
constexpr std::chrono::seconds kPatience{60};

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

Message Ask(int64_t interval_ms, uint64_t count, uint64_t after = 0, std::string text = "hello") {
  Message request;
  request.set_message(std::move(text));
  request.mutable_interval()->set_seconds(interval_ms / 1'000);
  request.mutable_interval()->set_nanos(static_cast<int32_t>(interval_ms % 1'000) * 1'000'000);
  request.set_count(count);
  request.set_after_sequence(after);
  return request;
}

// A status's one detail, as `Detail`.
template <typename Detail>
Detail DetailOf(const grpc::Status& status) {
  google::rpc::Status rich;
  Detail detail;
  EXPECT_TRUE(rich.ParseFromString(status.error_details()));
  EXPECT_EQ(rich.code(), status.error_code());
  EXPECT_EQ(rich.message(), status.error_message());
  EXPECT_EQ(rich.details_size(), 1);
  if (rich.details_size() == 1) {
    EXPECT_TRUE(rich.details(0).UnpackTo(&detail));
  }
  return detail;
}

struct Subscriber {
  Subscriber() { context.set_deadline(std::chrono::system_clock::now() + kPatience); }

  grpc::ClientContext context;
  Reader reader;
};

class ServerTest : public testing::Test {
 protected:
  void SetUp() override { Start({}); }

  void Start(TickServerOptions options) {
    options.listen = {net::ParseListenAddress("127.0.0.1:0").value()};
    options.threads = 2;
    auto server = TickServer::Start(options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->addresses().front(), grpc::InsecureChannelCredentials());
    ticks_ = TickService::NewStub(channel_);
    health_ = Health::NewStub(channel_);
  }

  std::unique_ptr<Subscriber> Subscribe(const Message& request) {
    auto subscriber = std::make_unique<Subscriber>();
    subscriber->reader = ticks_->Subscribe(&subscriber->context, request);
    return subscriber;
  }

  // Reads a stream to its end.
  grpc::Status ReadAll(Subscriber* subscriber, std::vector<Tick>* ticks = nullptr) {
    Tick tick;
    while (subscriber->reader->Read(&tick)) {
      if (ticks != nullptr) ticks->push_back(tick);
    }
    return subscriber->reader->Finish();
  }

  std::unique_ptr<TickServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<TickService::Stub> ticks_;
  std::unique_ptr<Health::Stub> health_;
};

TEST_F(ServerTest, TicksCountUpToTheCount) {
  std::vector<Tick> ticks;
  const grpc::Status status = ReadAll(Subscribe(Ask(100, 6, 3, "hello <&> \n ü")).get(), &ticks);
  EXPECT_TRUE(status.ok()) << status.error_message();
  ASSERT_FALSE(ticks.empty());
  EXPECT_EQ(ticks.front().sequence(), 4u);
  uint64_t last = 3;
  int64_t last_nanos = 0;
  for (const Tick& tick : ticks) {
    // A busy machine may have skipped some; the number then shows it.
    EXPECT_GT(tick.sequence(), last);
    EXPECT_LE(tick.sequence(), 6u);
    EXPECT_EQ(tick.message(), "hello <&> \n ü");
    const int64_t nanos = tick.time().seconds() * 1'000'000'000 + tick.time().nanos();
    EXPECT_GT(nanos, last_nanos);
    last = tick.sequence();
    last_nanos = nanos;
  }
}

TEST_F(ServerTest, TheFirstTickDoesNotWaitForTheInterval) {
  auto subscriber = Subscribe(Ask(3'600'000, 0));
  Tick tick;
  ASSERT_TRUE(subscriber->reader->Read(&tick));
  EXPECT_EQ(tick.sequence(), 1u);
}

TEST_F(ServerTest, NothingLeftEndsAtOnceAndWell) {
  std::vector<Tick> ticks;
  EXPECT_TRUE(ReadAll(Subscribe(Ask(1'000, 5, 5)).get(), &ticks).ok());
  EXPECT_TRUE(ReadAll(Subscribe(Ask(1'000, 5, ~uint64_t{0})).get(), &ticks).ok());
  EXPECT_TRUE(ticks.empty());
}

TEST_F(ServerTest, BadArgumentsNameTheirFields) {
  const grpc::Status status = ReadAll(Subscribe(Ask(0, 0, 0, std::string(64 * 1024 + 1, 'x'))).get());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("interval must be from 1ms to 1h"), std::string::npos);
  const auto detail = DetailOf<google::rpc::BadRequest>(status);
  ASSERT_EQ(detail.field_violations_size(), 2);
  EXPECT_EQ(detail.field_violations(0).field(), "message");
  EXPECT_EQ(detail.field_violations(1).field(), "interval");
}

TEST_F(ServerTest, StreamsOfOneConnectionAllGetTheirTicks) {
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  for (int i = 0; i < 50; ++i) subscribers.push_back(Subscribe(Ask(20, 10, 0, "stream " + std::to_string(i))));
  for (int i = 0; i < 50; ++i) {
    std::vector<Tick> ticks;
    EXPECT_TRUE(ReadAll(subscribers[i].get(), &ticks).ok());
    ASSERT_FALSE(ticks.empty());
    for (const Tick& tick : ticks) EXPECT_EQ(tick.message(), "stream " + std::to_string(i));
  }
}

TEST_F(ServerTest, AClientThatLeavesIsForgotten) {
  auto subscriber = Subscribe(Ask(1, 0));
  Tick tick;
  ASSERT_TRUE(subscriber->reader->Read(&tick));
  EXPECT_EQ(server_->open_streams(), 1);
  subscriber->context.TryCancel();
  EXPECT_EQ(ReadAll(subscriber.get()).error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Eventually([&] { return server_->open_streams() == 0; }));
  EXPECT_NE(RenderMetrics(server_->counters(), server_->open_streams()).find("grpc_code=\"Canceled\"} 1\n"),
            std::string::npos);
}

TEST_F(ServerTest, ASlowReaderIsToldWhatItMissed) {
  // Two of these fill the client's window, so that the next stays unsent until the client reads.
  auto subscriber = Subscribe(Ask(1, 0, 0, std::string(60 * 1024, 'x')));
  const auto skipped = [&] {
    uint64_t sum = 0;
    for (const TickCounters* counters : server_->counters()) sum += counters->ticks_skipped.load();
    return sum;
  };
  ASSERT_TRUE(Eventually([&] { return skipped() >= 200; }));
  Tick tick;
  uint64_t expected = 1;
  uint64_t missed = 0;
  while (missed < 100) {
    ASSERT_TRUE(subscriber->reader->Read(&tick));
    ASSERT_GE(tick.sequence(), expected);
    missed += tick.sequence() - expected;
    expected = tick.sequence() + 1;
  }
}

TEST_F(ServerTest, HealthAnswersForTheServerAndTheService) {
  for (const char* service : {"", "penstock.tick.v1.TickService"}) {
    grpc::ClientContext context;
    HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    ASSERT_TRUE(health_->Check(&context, request, &response).ok()) << service;
    EXPECT_EQ(response.status(), HealthCheckResponse::SERVING) << service;
  }
  grpc::ClientContext context;
  HealthCheckRequest request;
  request.set_service("nobody.knows.It");
  HealthCheckResponse response;
  EXPECT_EQ(health_->Check(&context, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServerTest, HealthWatchSeesTheServiceStop) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  HealthCheckRequest request;
  request.set_service("penstock.tick.v1.TickService");
  auto watch = health_->Watch(&context, request);
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  server_->StopServing();
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  // Still serving, though: the first tick comes.
  Tick tick;
  EXPECT_TRUE(Subscribe(Ask(1'000, 0))->reader->Read(&tick));
  // A watcher has no say in when the server may end.
  server_->Drain(absl::Hours(1));
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_FALSE(watch->Finish().ok());
}

// gRPC's reflection messages cannot be linked twice in one process, so these are their bytes.
TEST_F(ServerTest, ReflectionListsTheServices) {
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  auto call = stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(done());
  const grpc::Slice list_services("\x3a\x01*", 3);  // field 7, "*"
  call->Write(grpc::ByteBuffer(&list_services, 1), nullptr);
  ASSERT_TRUE(done());
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  ASSERT_TRUE(done());
  grpc::Slice bytes;
  ASSERT_TRUE(response.DumpToSingleSlice(&bytes).ok());
  const std::string text(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
  for (const char* service :
       {"penstock.tick.v1.TickService", "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}) {
    EXPECT_NE(text.find(service), std::string::npos) << service;
  }
  call->WritesDone(nullptr);
  ASSERT_TRUE(done());
  grpc::Status status;
  call->Finish(&status, nullptr);
  ASSERT_TRUE(done());
  EXPECT_TRUE(status.ok()) << status.error_message();
  queue.Shutdown();
  EXPECT_FALSE(done());
}

TEST_F(ServerTest, StreamsBeyondTheLimitAreRefused) {
  TickServerOptions options;
  options.limits.max_streams = 2;
  Start(options);
  auto first = Subscribe(Ask(1'000, 0));
  auto second = Subscribe(Ask(1'000, 0));
  Tick tick;
  ASSERT_TRUE(first->reader->Read(&tick));
  ASSERT_TRUE(second->reader->Read(&tick));
  const grpc::Status status = ReadAll(Subscribe(Ask(1'000, 0)).get());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_NE(status.error_message().find("--max-streams"), std::string::npos);
  // One leaves, another may come.
  first->context.TryCancel();
  ASSERT_TRUE(Eventually([&] { return server_->open_streams() == 1; }));
  EXPECT_TRUE(Subscribe(Ask(1'000, 0))->reader->Read(&tick));
}

TEST_F(ServerTest, ADrainGivesEveryStreamItsEnding) {
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  Tick tick;
  for (int i = 0; i < 40; ++i) {
    subscribers.push_back(Subscribe(Ask(i % 2 == 0 ? 5 : 60'000, 0)));
    ASSERT_TRUE(subscribers.back()->reader->Read(&tick));
  }
  const auto start = std::chrono::steady_clock::now();
  std::thread draining([&] { server_->Drain(absl::Milliseconds(400)); });
  for (auto& subscriber : subscribers) {
    const grpc::Status status = ReadAll(subscriber.get());
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_NE(status.error_message().find("shutting down"), std::string::npos) << status.error_message();
    EXPECT_GT(DetailOf<google::rpc::RetryInfo>(status).retry_delay().seconds(), 0);
  }
  draining.join();
  // Spread: the two workers' last ones came near the window's end.
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(300));
  EXPECT_EQ(server_->open_streams(), 0);
  EXPECT_FALSE(server_->serving());
}

TEST_F(ServerTest, ADrainResetsWhatAClientDoesNotTakeIn) {
  auto stuck = Subscribe(Ask(1, 0, 0, std::string(60 * 1024, 'x')));
  ASSERT_TRUE(Eventually([&] {
    uint64_t sum = 0;
    for (const TickCounters* counters : server_->counters()) sum += counters->ticks_skipped.load();
    return sum > 0;
  }));
  server_->Drain(absl::ZeroDuration());
  EXPECT_EQ(server_->open_streams(), 0);
  EXPECT_FALSE(ReadAll(stuck.get()).ok());
}

TEST_F(ServerTest, ADrainCanBeHurried) {
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  Tick tick;
  for (int i = 0; i < 4; ++i) {
    subscribers.push_back(Subscribe(Ask(60'000, 0)));
    ASSERT_TRUE(subscribers.back()->reader->Read(&tick));
  }
  std::thread draining([&] { server_->Drain(absl::Hours(1)); });
  // One ends at once, the others have their turn within the hour.
  ASSERT_TRUE(Eventually([&] { return server_->open_streams() < 4; }));
  EXPECT_GT(server_->open_streams(), 0);
  server_->Hurry();
  for (auto& subscriber : subscribers) {
    EXPECT_EQ(ReadAll(subscriber.get()).error_code(), grpc::StatusCode::UNAVAILABLE);
  }
  draining.join();
}

TEST_F(ServerTest, AHurryThatOvertakesTheDrainHolds) {
  auto subscriber = Subscribe(Ask(60'000, 0));
  auto other = Subscribe(Ask(60'000, 0));
  Tick tick;
  ASSERT_TRUE(subscriber->reader->Read(&tick));
  ASSERT_TRUE(other->reader->Read(&tick));
  server_->Hurry();
  server_->Drain(absl::Hours(1));
  EXPECT_EQ(ReadAll(subscriber.get()).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReadAll(other.get()).error_code(), grpc::StatusCode::UNAVAILABLE);
  server_->Hurry();  // Too late to matter, and harmless.
}

TEST_F(ServerTest, StartingAndStoppingLeavesNothingBehind) {
  for (int i = 0; i < 30; ++i) {
    Start({});
    if (i % 3 == 0) continue;  // also one that no client came to
    auto subscriber = Subscribe(Ask(1, 0));
    Tick tick;
    ASSERT_TRUE(subscriber->reader->Read(&tick));
    std::thread hurrying([&] { server_->Hurry(); });
    server_->Drain(absl::Milliseconds(1));
    hurrying.join();
    EXPECT_EQ(server_->open_streams(), 0);
  }
}

TEST_F(ServerTest, ABusyPortIsNamedWithTheReason) {
  TickServerOptions options;
  options.listen = {net::ParseListenAddress(server_->addresses().front()).value()};
  const auto second = TickServer::Start(options);
  ASSERT_FALSE(second.ok());
  const std::string message(second.status().message());
  for (const std::string& part : {server_->addresses().front(), std::string("in use"), std::string("--listen")}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
  }
}

TEST_F(ServerTest, ServesOnAUnixSocket) {
  // Not the test's own folder, whose path is longer than a socket's may be.
  const std::string path = "/tmp/penstock-ticks-" + std::to_string(getpid()) + ".sock";
  TickServerOptions options;
  options.listen = {net::ParseListenAddress("unix:" + path).value()};
  auto server = TickServer::Start(options);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->addresses().front(), "unix:" + path);
  auto stub = TickService::NewStub(grpc::CreateChannel("unix:" + path, grpc::InsecureChannelCredentials()));
  Subscriber one;
  one.reader = stub->Subscribe(&one.context, Ask(5, 3));
  Subscriber two;
  two.reader = stub->Subscribe(&two.context, Ask(5, 3));
  EXPECT_TRUE(ReadAll(&one).ok());
  EXPECT_TRUE(ReadAll(&two).ok());
}

TEST_F(ServerTest, MetricsAddTheWorkersUp) {
  std::vector<Tick> ticks;
  ASSERT_TRUE(ReadAll(Subscribe(Ask(1, 3)).get(), &ticks).ok());
  EXPECT_EQ(ReadAll(Subscribe(Ask(0, 3)).get()).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  ASSERT_TRUE(Eventually([&] { return server_->open_streams() == 0; }));
  const std::string text = RenderMetrics(server_->counters(), server_->open_streams());
  const std::string method = "{grpc_service=\"penstock.tick.v1.TickService\",grpc_method=\"Subscribe\"";
  for (const std::string& line :
       {std::string("penstock_ticks_streams_active 0"), "grpc_server_started_total" + method + "} 2",
        "grpc_server_handled_total" + method + ",grpc_code=\"OK\"} 1",
        "grpc_server_handled_total" + method + ",grpc_code=\"InvalidArgument\"} 1",
        "grpc_server_msg_sent_total" + method + "} " + std::to_string(ticks.size()),
        "penstock_ticks_skipped_total " + std::to_string(3 - ticks.size())}) {
    EXPECT_NE(text.find(line + "\n"), std::string::npos) << line << " in\n" << text;
  }
}

}  // namespace
}  // namespace penstock::service
