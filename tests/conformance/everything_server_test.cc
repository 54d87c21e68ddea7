// The tests' server behaves as the tests require.
#include "tests/conformance/everything_server.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "everything.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/support/process.h"

namespace penstock::testing {
namespace {

absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

class EverythingServerTest : public ::testing::Test {
 protected:
  EverythingServerTest() {
    EXPECT_TRUE(server_.Start("127.0.0.1:0"));
    channel_ = grpc::CreateChannel(server_.address(), grpc::InsecureChannelCredentials());
    faults_ = v1::FaultService::NewStub(channel_);
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  }

  EverythingServer server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::FaultService::Stub> faults_;
  grpc::ClientContext context_;
};

TEST_F(EverythingServerTest, EchoesAndRepeats) {
  auto stub = v1::EverythingService::NewStub(channel_);
  v1::RepeatRequest request;
  request.mutable_message()->set_string_value("hello");
  request.set_count(3);
  auto reader = stub->Repeat(&context_, request);
  v1::Everything message;
  int count = 0;
  for (; reader->Read(&message); ++count) EXPECT_EQ(message.string_value(), "hello");
  EXPECT_EQ(count, 3);
  EXPECT_TRUE(reader->Finish().ok());

  grpc::ClientContext context;
  v1::Everything reply;
  EXPECT_TRUE(stub->Echo(&context, request.message(), &reply).ok());
  EXPECT_EQ(reply.SerializeAsString(), request.message().SerializeAsString());
}

TEST_F(EverythingServerTest, FailsAsAskedAfterItems) {
  v1::FailRequest request;
  request.set_code(5);
  request.set_message("gone");
  request.add_bad_fields("name");
  request.set_after(2);
  auto reader = faults_->FailStream(&context_, request);
  v1::Item item;
  for (uint64_t number : {1, 2}) {
    ASSERT_TRUE(reader->Read(&item));
    EXPECT_EQ(item.number(), number);
  }
  EXPECT_FALSE(reader->Read(&item));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "gone");
  google::rpc::Status details;
  google::rpc::BadRequest bad;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  ASSERT_EQ(details.details_size(), 1);
  ASSERT_TRUE(details.details(0).UnpackTo(&bad));
  EXPECT_EQ(bad.field_violations(0).field(), "name");
}

TEST_F(EverythingServerTest, HangsUntilCancelledAndCounts) {
  v1::HangRequest request;
  request.set_after(1);
  auto reader = faults_->HangStream(&context_, request);
  v1::Item item;
  ASSERT_TRUE(reader->Read(&item));
  EXPECT_EQ(server_.stats().live, 1);
  EXPECT_GT(server_.stats().deadline_milliseconds, 1000);
  context_.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
  EXPECT_TRUE(WaitUntil([&] { return server_.stats().live == 0; }, Soon()));
  EXPECT_EQ(server_.stats().cancelled, 1);
}

TEST_F(EverythingServerTest, FloodStopsWhereNobodyReads) {
  v1::FloodRequest request;
  request.set_bytes(1 << 20);
  auto reader = faults_->Flood(&context_, request);
  v1::Item item;
  ASSERT_TRUE(reader->Read(&item));
  EXPECT_EQ(item.payload().size(), 1u << 20);
  int64_t before = -1;
  // Still for a quarter of a second: flow control has stopped it.
  EXPECT_TRUE(WaitUntil(
      [&] {
        const int64_t now = server_.stats().flood_bytes;
        const bool still = now == before;
        before = now;
        if (!still) absl::SleepFor(absl::Milliseconds(250));
        return still;
      },
      Soon()));
  context_.TryCancel();
  while (reader->Read(&item)) {
  }
  EXPECT_FALSE(reader->Finish().ok());
}

TEST(EverythingServer, ABusyPortIsAnError) {
  EverythingServer first, second;
  ASSERT_TRUE(first.Start("127.0.0.1:0"));
  EXPECT_FALSE(second.Start(first.address()));
}

}  // namespace
}  // namespace penstock::testing
