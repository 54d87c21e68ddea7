// Calls to a real gRPC C++ server: what it understands of our requests, and we of its answers.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "gateway/net/address.h"
#include "gateway/net/loop.h"
#include "gateway/upstream/endpoint_pool.h"
#include "gateway/upstream/testing/scripted_server.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace penstock::upstream {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using testing::Recorder;
using testing::RunUntil;

// Health as a test bench. Check echoes metadata and fails as asked; Watch streams until it is cancelled or, for the
// service "count", a hundred answers.
class Service final : public Health::Service {
 public:
  grpc::Status Check(grpc::ServerContext* context, const HealthCheckRequest* request,
                     HealthCheckResponse* response) override {
    for (const auto& [name, value] : context->client_metadata()) {
      if (name.starts_with("x-")) {
        context->AddInitialMetadata(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
      }
    }
    context->AddTrailingMetadata("t-bin", std::string("\0\xFF", 2));
    deadline_given = context->deadline() < std::chrono::system_clock::now() + std::chrono::hours(1);
    response->set_status(HealthCheckResponse::SERVING);
    if (request->service() != "missing") return grpc::Status::OK;
    return {grpc::StatusCode::NOT_FOUND, "no such service: \"é\"\n100%", "details"};
  }

  grpc::Status Watch(grpc::ServerContext* context, const HealthCheckRequest* request,
                     grpc::ServerWriter<HealthCheckResponse>* writer) override {
    HealthCheckResponse response;
    response.set_status(HealthCheckResponse::SERVING);
    for (int i = 0; request->service() != "count" || i < 100; ++i) {
      if (context->IsCancelled() || !writer->Write(response)) {
        cancelled = true;
        return grpc::Status::CANCELLED;
      }
    }
    return grpc::Status::OK;
  }

  std::atomic<bool> cancelled = false;
  std::atomic<bool> deadline_given = false;
};

class GrpcServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    ChannelOptions options;
    options.addresses = {net::Address::Tcp("127.0.0.1", static_cast<uint16_t>(port))};
    pool_ = EndpointPool::Create(loop_, options).value();
    pool_->Start();
  }

  void TearDown() override {
    pool_.reset();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  }

  void Call(Recorder& recorder, const std::string& method, const std::string& service, Metadata metadata = {},
            absl::Duration timeout = absl::Seconds(20)) {
    HealthCheckRequest request;
    request.set_service(service);
    recorder.call = pool_->StartCall({"/grpc.health.v1.Health/" + method, std::move(metadata), timeout}, &recorder);
    recorder.call->SendMessage(request.SerializeAsString(), /*last=*/true);
  }

  bool AwaitEnd(Recorder& recorder) {
    return RunUntil(loop_, [&] { return recorder.end.has_value(); });
  }

  net::Loop loop_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<EndpointPool> pool_;
};

TEST_F(GrpcServerTest, UnaryWithMetadataBothWays) {
  const std::string bytes("\0\1\2\xFE", 4);
  Recorder recorder;
  Call(recorder, "Check", "any", {{"x-plain", "v"}, {"x-bytes-bin", bytes}, {"x-twice", "1"}, {"x-twice", "2"}});
  ASSERT_TRUE(AwaitEnd(recorder));
  EXPECT_TRUE(recorder.end->status.ok()) << recorder.end->status;
  EXPECT_TRUE(recorder.end->from_upstream);
  ASSERT_EQ(recorder.messages.size(), 1u);
  HealthCheckResponse response;
  ASSERT_TRUE(response.ParseFromString(recorder.messages[0]));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  EXPECT_TRUE(service_.deadline_given);
  ASSERT_EQ(recorder.heads.size(), 1u);
  Metadata head = recorder.heads[0];
  std::sort(head.begin(), head.end());
  EXPECT_EQ(head, (Metadata{{"content-type", "application/grpc"},
                            {"grpc-accept-encoding", "identity, deflate, gzip"},
                            {"x-bytes-bin", bytes},
                            {"x-plain", "v"},
                            {"x-twice", "1"},
                            {"x-twice", "2"}}));
  EXPECT_EQ(recorder.end->trailers, (Metadata{{"t-bin", std::string("\0\xFF", 2)}}));
}

TEST_F(GrpcServerTest, AnErrorWithItsMessageAndDetails) {
  Recorder recorder;
  Call(recorder, "Check", "missing");
  ASSERT_TRUE(AwaitEnd(recorder));
  EXPECT_EQ(recorder.end->status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(recorder.end->status.message(), "no such service: \"é\"\n100%");
  EXPECT_EQ(recorder.end->status.GetPayload(kStatusDetailsUrl).value_or(absl::Cord()), absl::Cord("details"));
  EXPECT_TRUE(recorder.end->from_upstream);
}

TEST_F(GrpcServerTest, AnUnknownMethod) {
  Recorder recorder;
  Call(recorder, "Nothing", "");
  ASSERT_TRUE(AwaitEnd(recorder));
  EXPECT_EQ(recorder.end->status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(recorder.end->from_upstream);
}

TEST_F(GrpcServerTest, AStreamToItsEnd) {
  Recorder recorder;
  Call(recorder, "Watch", "count");
  ASSERT_TRUE(AwaitEnd(recorder));
  EXPECT_TRUE(recorder.end->status.ok()) << recorder.end->status;
  EXPECT_EQ(recorder.messages.size(), 100u);
}

TEST_F(GrpcServerTest, ADroppedCallIsCancelledThere) {
  Recorder recorder;
  Call(recorder, "Watch", "");
  ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.message_count >= 3; }));
  recorder.call.reset();
  EXPECT_TRUE(RunUntil(loop_, [&] { return service_.cancelled.load(); }));
  EXPECT_FALSE(recorder.end.has_value());
}

TEST_F(GrpcServerTest, AHeldWindowBoundsWhatArrives) {
  Recorder recorder;
  recorder.hold = true;
  recorder.on_message = [](absl::string_view) {};
  Call(recorder, "Watch", "");
  ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.held > 65535 - 64; }));
  // Another call goes through meanwhile, on the same connection.
  Recorder other;
  Call(other, "Check", "any");
  ASSERT_TRUE(AwaitEnd(other));
  EXPECT_LE(recorder.held, 65535u);
  const size_t before = recorder.message_count;
  recorder.call->GiveBack(std::exchange(recorder.held, 0));
  EXPECT_TRUE(RunUntil(loop_, [&] { return recorder.message_count > before + 1000; }));
}

TEST_F(GrpcServerTest, AShutdownRefusesNewCallsAndEndsOldOnes) {
  Recorder recorder;
  Call(recorder, "Watch", "");
  ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.message_count >= 3; }));
  server_->Shutdown(std::chrono::system_clock::now());
  ASSERT_TRUE(AwaitEnd(recorder));
  EXPECT_FALSE(recorder.end->status.ok());
  ASSERT_TRUE(RunUntil(loop_, [&] { return !pool_->ready(); }));
  Recorder late;
  Call(late, "Check", "any");
  ASSERT_TRUE(AwaitEnd(late));
  EXPECT_EQ(late.end->status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(late.end->unprocessed);
}

}  // namespace
}  // namespace penstock::upstream
