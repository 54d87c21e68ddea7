#include "gateway/upstream/reflection.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/net/address.h"
#include "gateway/net/loop.h"
#include "gateway/upstream/endpoint_pool.h"
#include "gateway/upstream/grpc_frames.h"
#include "gateway/upstream/testing/scripted_server.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"

namespace penstock::upstream {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;
using testing::DataFrame;
using testing::HeadersFrame;
using testing::ResponseHead;
using testing::RunUntil;

class ReflectionTest : public ::testing::Test {
 protected:
  void Connect(const net::Address& address) {
    ChannelOptions options;
    options.addresses = {address};
    pool_ = EndpointPool::Create(loop_, options).value();
    pool_->Start();
    client_ = std::make_unique<ReflectionClient>(loop_, *pool_, net::PrintAddress(address));
  }

  void Fetch() {
    result_.reset();
    client_->Fetch([this](absl::StatusOr<FileDescriptorSet> schema) { result_ = std::move(schema); });
    EXPECT_TRUE(client_->fetching());
  }

  bool AwaitResult() {
    return RunUntil(loop_, [this] { return result_.has_value(); });
  }

  net::Loop loop_;
  std::unique_ptr<EndpointPool> pool_;
  std::unique_ptr<ReflectionClient> client_;
  absl::optional<absl::StatusOr<FileDescriptorSet>> result_;
};

TEST_F(ReflectionTest, FetchesTheSchemaOfAGrpcServer) {
  // gRPC 1.51 has v1alpha only, so this is the fall-back too.
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::health::v1::Health::Service health;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&health);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  ASSERT_NE(server, nullptr);
  Connect(net::Address::Tcp("127.0.0.1", static_cast<uint16_t>(port)));
  for (int round = 0; round < 2; ++round) {
    Fetch();
    ASSERT_TRUE(AwaitResult());
    ASSERT_TRUE(result_->ok()) << result_->status();
    google::protobuf::DescriptorPool pool;
    for (const FileDescriptorProto& file : (*result_)->file()) {
      EXPECT_NE(pool.BuildFile(file), nullptr) << file.name() << " before what it imports";
    }
    EXPECT_NE(pool.FindServiceByName("grpc.health.v1.Health"), nullptr);
    EXPECT_FALSE(client_->fetching());
  }
  pool_.reset();
  server->Shutdown(std::chrono::system_clock::now());
}

TEST_F(ReflectionTest, NoConnectionNamesTheUpstream) {
  net::Address address;
  {
    net::Loop loop;
    address = testing::ScriptedServer(loop).address();
  }
  Connect(address);
  Fetch();
  ASSERT_TRUE(AwaitResult());
  EXPECT_EQ(result_->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(result_->status().message(),
                                absl::StrCat("reflection of ", net::PrintAddress(address), " failed")))
      << result_->status();
}

// A server that answers what the test says.
class ScriptedReflectionTest : public ReflectionTest {
 protected:
  void SetUp() override {
    Connect(server_.address());
    peer_ = server_.Accept();
    Fetch();
  }

  ServerReflectionRequest AwaitQuestion(uint32_t id) {
    const std::string payload = peer_->Await(testing::kData, id).payload;
    ServerReflectionRequest question;
    EXPECT_TRUE(payload.size() >= 5 && question.ParseFromString(payload.substr(5)));
    return question;
  }

  void Answer(uint32_t id, const ServerReflectionResponse& response) {
    std::string framed;
    AppendFrame(response.SerializeAsString(), &framed);
    peer_->Send(DataFrame(id, framed));
  }

  void AnswerServices(uint32_t id, const std::vector<std::string>& names) {
    EXPECT_TRUE(AwaitQuestion(id).has_list_services());
    ServerReflectionResponse response;
    response.mutable_list_services_response();
    for (const std::string& name : names) response.mutable_list_services_response()->add_service()->set_name(name);
    peer_->Send(ResponseHead(id));
    Answer(id, response);
  }

  static FileDescriptorProto File(const std::string& name, const std::vector<std::string>& imports) {
    FileDescriptorProto file;
    file.set_name(name);
    for (const std::string& import : imports) file.add_dependency(import);
    return file;
  }

  void AnswerFile(uint32_t id, const FileDescriptorProto& file) {
    ServerReflectionResponse response;
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(file.SerializeAsString());
    Answer(id, response);
  }

  testing::ScriptedServer server_{loop_};
  std::unique_ptr<testing::ScriptedPeer> peer_;
};

TEST_F(ScriptedReflectionTest, AsksForImportsOneByOneAndOrdersThem) {
  AnswerServices(1, {"b.Service", "b.Other"});
  EXPECT_EQ(AwaitQuestion(1).file_containing_symbol(), "b.Service");
  FileDescriptorProto file = File("b.proto", {"z.proto", "a.proto"});
  file.set_package("b");
  file.add_service()->set_name("Service");
  file.add_service()->set_name("Other");
  AnswerFile(1, file);
  // b.Other came along and is not asked for.
  EXPECT_EQ(AwaitQuestion(1).file_by_filename(), "z.proto");
  AnswerFile(1, File("z.proto", {"a.proto"}));
  EXPECT_EQ(AwaitQuestion(1).file_by_filename(), "a.proto");
  AnswerFile(1, File("a.proto", {}));
  ASSERT_TRUE(AwaitResult());
  ASSERT_TRUE(result_->ok()) << result_->status();
  std::string order;
  for (const FileDescriptorProto& done : (*result_)->file()) order += done.name() + " ";
  EXPECT_EQ(order, "a.proto z.proto b.proto ");
  peer_->Await(testing::kRstStream, 1);
}

TEST_F(ScriptedReflectionTest, FallsBackToV1alphaOnce) {
  const Metadata unimplemented = {
      {":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "12"}, {"grpc-message", "unknown"}};
  peer_->Await(testing::kHeaders, 1);
  peer_->Send(HeadersFrame(1, unimplemented, true));
  peer_->Await(testing::kHeaders, 3);
  peer_->Send(HeadersFrame(3, unimplemented, true));
  ASSERT_TRUE(AwaitResult());
  EXPECT_EQ(result_->status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(absl::StrContains(result_->status().message(), "--descriptors")) << result_->status();
}

TEST_F(ScriptedReflectionTest, AFileThatImportsItselfIsAnError) {
  AnswerServices(1, {"a.Service"});
  AnswerFile(1, File("a.proto", {"b.proto"}));
  AnswerFile(1, File("b.proto", {"a.proto"}));
  ASSERT_TRUE(AwaitResult());
  EXPECT_TRUE(absl::StrContains(result_->status().message(), "imports itself")) << result_->status();
}

TEST_F(ScriptedReflectionTest, AWrongFileIsAnError) {
  AnswerServices(1, {"a.Service"});
  AnswerFile(1, File("a.proto", {"b.proto"}));
  AnswerFile(1, File("other.proto", {}));
  ASSERT_TRUE(AwaitResult());
  EXPECT_TRUE(absl::StrContains(result_->status().message(), "b.proto did not come")) << result_->status();
}

TEST_F(ScriptedReflectionTest, AnErrorNamesTheStep) {
  AnswerServices(1, {"grpc.reflection.v1.ServerReflection", "a.Service"});
  ServerReflectionResponse error;
  error.mutable_error_response()->set_error_code(5);
  error.mutable_error_response()->set_error_message("not here");
  EXPECT_EQ(AwaitQuestion(1).file_containing_symbol(), "grpc.reflection.v1.ServerReflection");
  Answer(1, error);  // gRPC's own are not missed
  EXPECT_EQ(AwaitQuestion(1).file_containing_symbol(), "a.Service");
  Answer(1, error);
  ASSERT_TRUE(AwaitResult());
  EXPECT_EQ(result_->status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(result_->status().message(), "fetch the file that defines a.Service: not here"))
      << result_->status();
}

TEST_F(ScriptedReflectionTest, OurOwnFilesStandInForThoseThatEveryLibraryHas) {
  ServerReflectionResponse error;
  error.mutable_error_response()->set_error_code(5);
  AnswerServices(1, {"a.Service"});
  EXPECT_EQ(AwaitQuestion(1).file_containing_symbol(), "a.Service");
  AnswerFile(1, File("a.proto", {"google/protobuf/type.proto", "b.proto"}));
  EXPECT_EQ(AwaitQuestion(1).file_by_filename(), "google/protobuf/type.proto");
  Answer(1, error);
  EXPECT_EQ(AwaitQuestion(1).file_by_filename(), "b.proto");
  AnswerFile(1, File("b.proto", {}));
  // What ours import is asked for like anything else: the server's own goes before ours.
  EXPECT_EQ(AwaitQuestion(1).file_by_filename(), "google/protobuf/any.proto");
  AnswerFile(1, File("google/protobuf/any.proto", {}));
  EXPECT_EQ(AwaitQuestion(1).file_by_filename(), "google/protobuf/source_context.proto");
  Answer(1, error);
  ASSERT_TRUE(AwaitResult());
  ASSERT_TRUE(result_->ok()) << result_->status();
  std::string order;
  for (const FileDescriptorProto& done : (*result_)->file()) order += done.name() + " ";
  EXPECT_EQ(order,
            "google/protobuf/any.proto google/protobuf/source_context.proto google/protobuf/type.proto b.proto "
            "a.proto ");
}

TEST_F(ScriptedReflectionTest, AnEndWithNotFoundIsAnErrorLikeAnyOther) {
  // Servers in Rust end the call where others send an error: the rest is asked for in another call.
  const Metadata not_found = {{"grpc-status", "5"}, {"grpc-message", "symbol not found"}};
  AnswerServices(1, {"grpc.health.v1.Health", "a.Service"});
  EXPECT_EQ(AwaitQuestion(1).file_containing_symbol(), "grpc.health.v1.Health");
  peer_->Send(HeadersFrame(1, not_found, true));
  EXPECT_EQ(AwaitQuestion(3).file_containing_symbol(), "a.Service");
  peer_->Send(ResponseHead(3));
  FileDescriptorProto file = File("a.proto", {"b.proto"});
  AnswerFile(3, file);
  EXPECT_EQ(AwaitQuestion(3).file_by_filename(), "b.proto");
  peer_->Send(HeadersFrame(3, not_found, true));
  ASSERT_TRUE(AwaitResult());
  EXPECT_TRUE(absl::StrContains(result_->status().message(), "fetch the file b.proto: symbol not found"))
      << result_->status();
}

TEST_F(ScriptedReflectionTest, AnAnswerThatIsNoneIsAnError) {
  AwaitQuestion(1);
  peer_->Send(ResponseHead(1) + DataFrame(1, std::string("\0\0\0\0\2\xFF\xFF", 7)));
  ASSERT_TRUE(AwaitResult());
  EXPECT_EQ(result_->status().code(), absl::StatusCode::kInternal);
}

TEST_F(ScriptedReflectionTest, AnEarlyEndIsAnError) {
  AnswerServices(1, {"a.Service"});
  peer_->Send(testing::OkTrailers(1));
  ASSERT_TRUE(AwaitResult());
  EXPECT_TRUE(absl::StrContains(result_->status().message(), "before the schema was complete")) << result_->status();
}

TEST_F(ScriptedReflectionTest, ADestroyedClientIsSilentAndCancels) {
  AwaitQuestion(1);
  client_.reset();
  peer_->Await(testing::kRstStream, 1);
  EXPECT_FALSE(result_.has_value());
}

}  // namespace
}  // namespace penstock::upstream
