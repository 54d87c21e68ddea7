// All protocols on one port, with curl as an independent client: HTTP/2 without TLS, HTTP/1.1 and HTTP/2 over TLS,
// client certificates; and certificates that change during a stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/net/testing/certificates.h"
#include "tests/support/process.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::penstock::net::testing::MakeTestCertificate;
using ::penstock::net::testing::TestCertificate;
using ::penstock::net::testing::WriteTestFile;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCurl[] = "/usr/bin/curl";
constexpr char kThree[] = R"({"message":"hello","interval":"0.010s","count":3})";
constexpr char kForever[] = R"({"message":"hello","interval":"0.010s"})";
constexpr char kGoodEnd[] = R"({"end":{"code":0}})";

// curl with what all calls share: errors are shown, nothing is configured elsewhere, and it does not outlive the test.
std::unique_ptr<Process> StartCurl(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {kCurl, "-q", "-sS", "-N", "--max-time", "60"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return Process::Spawn(argv).value();
}

struct CurlResult {
  int exit_code = -1;
  std::string output;
};

CurlResult Curl(const std::vector<std::string>& arguments) {
  const std::unique_ptr<Process> curl = StartCurl(arguments);
  CurlResult result;
  result.exit_code = curl->Wait(Soon()).value_or(-1);
  result.output = curl->Output();
  return result;
}

// The arguments of a subscription whose output ends with the HTTP version and the status.
std::vector<std::string> Subscribe(const std::string& origin, const std::string& message,
                                   std::vector<std::string> more) {
  std::vector<std::string> arguments = {"-H", "Content-Type: application/json", "-d", message,
                                        "-w", "%{http_version} %{http_code}\n"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.push_back(absl::StrCat(origin, "/v1/ticks:subscribe"));
  return arguments;
}

class Http2Test : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    service_ = StartService().release();
    ca_ = new TestCertificate(MakeTestCertificate("test CA"));
    client_ca_ = new TestCertificate(MakeTestCertificate("client CA"));
    ca_file_ = new std::string(WriteTestFile("ca.crt", ca_->certificate_pem));
  }
  static void TearDownTestSuite() {
    delete service_;
    delete ca_;
    delete client_ca_;
    delete ca_file_;
  }

  // A gateway with a certificate for `name`, in files called after it.
  static std::unique_ptr<Server> StartTls(const std::string& name, std::vector<std::string> flags = {}) {
    const TestCertificate server = MakeTestCertificate(name, ca_);
    flags.push_back("--upstream=" + service_->address());
    flags.push_back("--tls-cert-file=" + WriteTestFile(name + ".crt", server.certificate_pem));
    flags.push_back("--tls-key-file=" + WriteTestFile(name + ".key", server.key_pem));
    return StartGateway(flags);
  }

  static void ExpectThreeTicks(const CurlResult& result, const std::string& version) {
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr(R"("sequence":"1")"));
    EXPECT_THAT(result.output, HasSubstr(kGoodEnd));
    EXPECT_THAT(result.output, HasSubstr(absl::StrCat(version, " 200\n")));
  }

  static Server* service_;
  static TestCertificate* ca_;
  static TestCertificate* client_ca_;
  static std::string* ca_file_;
};

Server* Http2Test::service_ = nullptr;
TestCertificate* Http2Test::ca_ = nullptr;
TestCertificate* Http2Test::client_ca_ = nullptr;
std::string* Http2Test::ca_file_ = nullptr;

TEST_F(Http2Test, WithoutTls) {
  const auto gateway = StartGateway({"--upstream=" + service_->address()});
  const std::string origin = "http://" + gateway->address();
  ExpectThreeTicks(Curl(Subscribe(origin, kThree, {"--http2-prior-knowledge"})), "2");
  ExpectThreeTicks(Curl(Subscribe(origin, kThree, {"--http1.1"})), "1.1");
  // An offer to upgrade is one that RFC 9113 has withdrawn: the answer is HTTP/1.1's.
  ExpectThreeTicks(Curl(Subscribe(origin, kThree, {"--http2"})), "1.1");
}

TEST_F(Http2Test, ManyStreamsOnOneConnection) {
  const auto gateway = StartTls("many");  // without TLS this curl fails by itself as soon as it multiplexes
  constexpr int kStreams = 100;
  const CurlResult result =
      Curl({"--http2", "--cacert", *ca_file_, "--parallel", "--parallel-max", absl::StrCat(kStreams), "-w",
            "\nconnects %{num_connects}\n",
            absl::StrCat("https://", gateway->address(), "/v1/ticks:subscribe?interval=0.010s&count=3&message=m[1-",
                         kStreams, "]")});
  EXPECT_EQ(result.exit_code, 0) << result.output.substr(0, 2000);
  const std::vector<std::string> ends = absl::StrSplit(result.output, kGoodEnd);
  EXPECT_EQ(ends.size() - 1, static_cast<size_t>(kStreams));
  const std::vector<std::string> connects = absl::StrSplit(result.output, "connects 1\n");
  EXPECT_EQ(connects.size() - 1, 1u) << "all on one connection";
  for (int i = 1; i <= kStreams; ++i) {
    EXPECT_THAT(result.output, HasSubstr(absl::StrCat("\"message\":\"m", i, "\""))) << i;
  }
}

TEST_F(Http2Test, OverTlsAlpnChooses) {
  const auto gateway = StartTls("alpn");
  const std::string origin = "https://" + gateway->address();
  ExpectThreeTicks(Curl(Subscribe(origin, kThree, {"--cacert", *ca_file_, "--http2"})), "2");
  ExpectThreeTicks(Curl(Subscribe(origin, kThree, {"--cacert", *ca_file_, "--http1.1"})), "1.1");
  ExpectThreeTicks(Curl(Subscribe(origin, kThree, {"--cacert", *ca_file_, "--no-alpn"})), "1.1");
  const std::string plain = "http://" + gateway->address();
  ExpectThreeTicks(Curl(Subscribe(plain, kThree, {"--http2-prior-knowledge"})), "2");
  ExpectThreeTicks(Curl(Subscribe(plain, kThree, {})), "1.1");
  EXPECT_EQ(Curl(Subscribe(origin, kThree, {})).exit_code, 60) << "who does not know the CA does not trust it";
}

TEST_F(Http2Test, ClientCertificatesDecideWhoGetsIn) {
  const auto gateway =
      StartTls("mtls", {"--tls-client-ca-file=" + WriteTestFile("client-ca.crt", client_ca_->certificate_pem)});
  const std::string origin = "https://" + gateway->address();
  const TestCertificate good = MakeTestCertificate("good client", client_ca_);
  const TestCertificate bad = MakeTestCertificate("bad client", ca_);
  const std::vector<std::string> base = {"--cacert", *ca_file_};
  const auto with = [&](const std::string& name, const TestCertificate& certificate) {
    return std::vector<std::string>{"--cacert", *ca_file_,
                                    "--cert",   WriteTestFile(name + ".crt", certificate.certificate_pem),
                                    "--key",    WriteTestFile(name + ".key", certificate.key_pem)};
  };
  ExpectThreeTicks(Curl(Subscribe(origin, kThree, with("good", good))), "2");
  for (const CurlResult& result :
       {Curl(Subscribe(origin, kThree, base)), Curl(Subscribe(origin, kThree, with("bad", bad)))}) {
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.output, Not(HasSubstr("sequence")));
  }
  const CurlResult plain = Curl(Subscribe("http://" + gateway->address(), kThree, {}));
  EXPECT_THAT(plain.output, EndsWith("1.1 403\n"));
  EXPECT_THAT(plain.output, HasSubstr("client certificate"));
  EXPECT_NE(Curl(Subscribe("http://" + gateway->address(), kThree, {"--http2-prior-knowledge"})).exit_code, 0);
}

TEST_F(Http2Test, ANewCertificateDropsNoStream) {
  const auto gateway = StartTls("old");
  const std::string origin = "https://" + gateway->address();
  const auto stream = StartCurl(Subscribe(origin, kForever, {"--cacert", *ca_file_, "--http2"}));
  ASSERT_TRUE(stream->WaitForLine(R"("message":"hello")", Soon()));

  const TestCertificate renewed = MakeTestCertificate("renewed", ca_);
  WriteTestFile("old.key", renewed.key_pem);
  WriteTestFile("old.crt", renewed.certificate_pem);
  gateway->process().Signal(SIGHUP);
  ASSERT_TRUE(gateway->process().WaitForLine("TLS certificate", Soon())) << gateway->process().Output();
  const CurlResult after = Curl(Subscribe(origin, kThree, {"--cacert", *ca_file_, "-v"}));
  EXPECT_THAT(after.output, HasSubstr("CN=renewed"));
  ExpectThreeTicks(after, "2");

  const size_t lines = stream->CountLines("sequence");
  EXPECT_TRUE(WaitUntil([&] { return stream->CountLines("sequence") > lines + 10; }, Soon()))
      << "the stream that began under the old certificate goes on";

  // What cannot be used is said, and the last good certificate stays.
  WriteTestFile("old.crt", "broken\n");
  gateway->process().Signal(SIGHUP);
  ASSERT_TRUE(gateway->process().WaitForLine("holds no certificate", Soon()));
  ExpectThreeTicks(Curl(Subscribe(origin, kThree, {"--cacert", *ca_file_})), "2");
}

TEST_F(Http2Test, ADrainEndsStreamsWithALineAndThenTheConnection) {
  const auto gateway = StartGateway({"--upstream=" + service_->address(), "--drain-delay=0", "--drain-window=100ms"});
  const auto stream = StartCurl(Subscribe("http://" + gateway->address(), kForever, {"--http2-prior-knowledge"}));
  ASSERT_TRUE(stream->WaitForLine(R"("message":"hello")", Soon()));
  gateway->process().Signal(SIGTERM);
  EXPECT_EQ(stream->Wait(Soon()), 0) << stream->Output();
  EXPECT_THAT(stream->Output(), HasSubstr(R"({"error":{"code":14)"));
  EXPECT_EQ(gateway->process().Wait(Soon()), 0);
}

TEST_F(Http2Test, AClientThatLeavesTakesItsCallAlong) {
  const auto gateway = StartGateway({"--upstream=" + service_->address()});
  const auto stream = StartCurl(Subscribe("http://" + gateway->address(), kForever, {"--http2-prior-knowledge"}));
  ASSERT_TRUE(stream->WaitForLine(R"("message":"hello")", Soon()));
  stream->Signal(SIGKILL);
  EXPECT_TRUE(gateway->process().WaitForLine("client_gone", Soon())) << "the access line of the cancelled call";
}

TEST_F(Http2Test, UnusableFilesAreAnErrorAtStart) {
  const auto gateway = Process::Spawn({FindBinary("gateway/penstock-gateway", "PENSTOCK_GATEWAY"), "--check",
                                       "--tls-cert-file=/nowhere.crt", "--tls-key-file=/nowhere.key"})
                           .value();
  EXPECT_NE(gateway->Wait(Soon()).value_or(0), 0);
  EXPECT_THAT(gateway->Output(), HasSubstr("--tls-cert-file=/nowhere.crt: cannot be read"));
}

}  // namespace
}  // namespace penstock::testing
