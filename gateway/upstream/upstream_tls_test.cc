// TLS towards a real gRPC C++ server: who is trusted, what is shown, and what is said when either is refused.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "gateway/net/address.h"
#include "gateway/net/loop.h"
#include "gateway/net/testing/certificates.h"
#include "gateway/net/tls_client.h"
#include "gateway/upstream/endpoint_pool.h"
#include "gateway/upstream/testing/scripted_server.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace penstock::upstream {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using net::testing::MakeTestCertificate;
using net::testing::TestCertificate;
using net::testing::WriteTestFile;
using ::testing::HasSubstr;
using testing::Recorder;
using testing::RunUntil;

class Health final : public grpc::health::v1::Health::Service {
 public:
  grpc::Status Check(grpc::ServerContext*, const HealthCheckRequest*, HealthCheckResponse* response) override {
    response->set_status(HealthCheckResponse::SERVING);
    return grpc::Status::OK;
  }
  // More than a TLS record, and more than a read takes.
  grpc::Status Watch(grpc::ServerContext* context, const HealthCheckRequest*,
                     grpc::ServerWriter<HealthCheckResponse>* writer) override {
    HealthCheckResponse response;
    response.set_status(HealthCheckResponse::SERVING);
    for (int i = 0; i < 50'000; ++i) {
      if (!writer->Write(response)) return grpc::Status::CANCELLED;
    }
    return context->IsCancelled() ? grpc::Status::CANCELLED : grpc::Status::OK;
  }
};

class UpstreamTlsTest : public ::testing::Test {
 protected:
  ~UpstreamTlsTest() override {
    pool_.reset();
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  }

  // A server with TLS; with `ask`, one that asks clients for a certificate of the CA.
  void Serve(bool ask) {
    grpc::SslServerCredentialsOptions options(ask ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                  : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_root_certs = ca_.certificate_pem;
    options.pem_key_cert_pairs.push_back({server_certificate_.key_pem, server_certificate_.certificate_pem});
    Serve(grpc::SslServerCredentials(options));
  }

  void Serve(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.RegisterService(&health_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }

  // The end of a call through a channel with these options; `host` is what the address is called.
  CallEnd Call(net::TlsClientOptions options, const std::string& host = "127.0.0.1",
               const std::string& method = "Check", size_t* messages = nullptr) {
    auto tls = net::TlsClient::Load(std::move(options));
    EXPECT_TRUE(tls.ok()) << tls.status();
    if (!tls.ok()) return {};
    tls_ = *std::move(tls);
    ChannelOptions channel;
    channel.addresses = {net::Address::Tcp(host, static_cast<uint16_t>(port_))};
    channel.tls = tls_.get();
    pool_ = EndpointPool::Create(loop_, channel).value();
    pool_->Start();
    Recorder recorder;
    recorder.on_message = [&](absl::string_view) {};
    recorder.call = pool_->StartCall({"/grpc.health.v1.Health/" + method, {}, absl::Seconds(20)}, &recorder);
    recorder.call->SendMessage("", /*last=*/true);
    EXPECT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); }));
    if (messages != nullptr) *messages = recorder.message_count;
    return recorder.end.value_or(CallEnd{});
  }

  const TestCertificate ca_ = MakeTestCertificate("test CA");
  const TestCertificate server_certificate_ = MakeTestCertificate("localhost", &ca_);
  const std::string ca_file_ = WriteTestFile("upstream_ca.crt", ca_.certificate_pem);
  net::Loop loop_;
  Health health_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<net::TlsClient> tls_;
  std::unique_ptr<EndpointPool> pool_;
};

TEST_F(UpstreamTlsTest, ATrustedServerIsCalled) {
  Serve(/*ask=*/false);
  EXPECT_TRUE(Call({.ca_file = ca_file_}).status.ok()) << "by its address";
  EXPECT_TRUE(Call({.ca_file = ca_file_}, "localhost").status.ok()) << "by its name";
  EXPECT_TRUE(Call({.ca_file = ca_file_, .server_name = "localhost"}).status.ok()) << "by another name";
}

TEST_F(UpstreamTlsTest, AStreamOfManyRecordsIsWhole) {
  Serve(/*ask=*/false);
  size_t messages = 0;
  const CallEnd end = Call({.ca_file = ca_file_}, "127.0.0.1", "Watch", &messages);
  EXPECT_TRUE(end.status.ok()) << end.status;
  EXPECT_EQ(messages, 50'000u);
}

TEST_F(UpstreamTlsTest, WhoIsNotTrustedIsNotCalledAndTheReasonNamesTheFlag) {
  Serve(/*ask=*/false);
  const TestCertificate stranger = MakeTestCertificate("another CA");
  const CallEnd untrusted = Call({.ca_file = WriteTestFile("stranger.crt", stranger.certificate_pem)});
  EXPECT_EQ(untrusted.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(untrusted.unprocessed);
  EXPECT_THAT(std::string(untrusted.status.message()), HasSubstr("--upstream-ca-file"));
  EXPECT_THAT(std::string(Call({}).status.message()), HasSubstr("--upstream-ca-file")) << "nor by the system's CAs";
  EXPECT_THAT(std::string(Call({.ca_file = ca_file_, .server_name = "orders.example"}).status.message()),
              AllOf(HasSubstr("not for orders.example"), HasSubstr("--upstream-server-name")));
}

TEST_F(UpstreamTlsTest, AServerThatAsksIsShownTheCertificate) {
  Serve(/*ask=*/true);
  const TestCertificate mine = MakeTestCertificate("gateway", &ca_);
  const std::string cert = WriteTestFile("gateway.crt", mine.certificate_pem),
                    key = WriteTestFile("gateway.key", mine.key_pem);
  EXPECT_TRUE(Call({.ca_file = ca_file_, .cert_file = cert, .key_file = key}).status.ok());
  const CallEnd refused = Call({.ca_file = ca_file_});
  EXPECT_EQ(refused.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.status.message()), HasSubstr("--upstream-cert-file"));
}

TEST_F(UpstreamTlsTest, AServerWithoutTlsIsToldApart) {
  Serve(grpc::InsecureServerCredentials());
  const CallEnd end = Call({.ca_file = ca_file_});
  EXPECT_EQ(end.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(end.status.message()),
              ::testing::AnyOf(HasSubstr("leave --upstream-tls out"), HasSubstr("closed the connection")));
}

TEST_F(UpstreamTlsTest, ARenewedFileIsUsedForTheNextConnectionAndABrokenOneIsNot) {
  const std::string file = WriteTestFile("renewed.crt", MakeTestCertificate("another CA").certificate_pem);
  auto tls = net::TlsClient::Load({.ca_file = file}).value();
  const net::Context first = tls->context();
  EXPECT_EQ(tls->context(), first) << "nothing changed";
  WriteTestFile("renewed.crt", "no PEM at all");
  EXPECT_EQ(tls->context(), first) << "the last good one";
  WriteTestFile("renewed.crt", ca_.certificate_pem);
  EXPECT_NE(tls->context(), first);
}

TEST(TlsClient, SaysWhichFileCannotBeUsed) {
  EXPECT_THAT(std::string(net::TlsClient::Load({.ca_file = "/nowhere.crt"}).status().message()),
              HasSubstr("--upstream-ca-file=/nowhere.crt: cannot be read"));
  const std::string text = WriteTestFile("text", "no PEM");
  EXPECT_THAT(std::string(net::TlsClient::Load({.ca_file = text}).status().message()), HasSubstr("holds no CA"));
  EXPECT_THAT(std::string(net::TlsClient::Load({.cert_file = text, .key_file = text}).status().message()),
              HasSubstr("--upstream-cert-file"));
}

}  // namespace
}  // namespace penstock::upstream
