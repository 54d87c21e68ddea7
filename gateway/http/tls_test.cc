// TLS towards clients: what the files must hold, what a handshake chooses, and certificates that change under way.
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/http/testing/http2_test_client.h"
#include "gateway/http/testing/test_server.h"
#include "gateway/net/testing/certificates.h"
#include "gateway/net/tls_reload.h"
#include "gateway/net/tls_server.h"

namespace penstock::http {
namespace {

using net::testing::MakeTestCertificate;
using net::testing::TestCertificate;
using net::testing::WriteTestFile;
using testing::FrameNames;
using testing::Http2Hello;
using testing::Scripted;
using testing::TestClient;
using testing::TestServer;
using End = TestClient::End;

constexpr char kGet[] = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";

// What all tests use: a CA, and files of a server certificate that it signed.
const TestCertificate& Ca() {
  static const auto* const ca = new TestCertificate(MakeTestCertificate("test CA"));
  return *ca;
}

net::TlsFiles ServerFiles(const std::string& name) {
  const TestCertificate server = MakeTestCertificate(name, &Ca());
  return {.cert_file = WriteTestFile(absl::StrCat(name, ".crt"), server.certificate_pem),
          .key_file = WriteTestFile(absl::StrCat(name, ".key"), server.key_pem),
          .client_ca_file = ""};
}

void Echo(Scripted& h) {
  h.on_end = [&h] { h.Reply(200, absl::StrCat(h.head.method, " ", h.head.target, " ", h.body)); };
}

// A blocking TLS client. Its socket's deadline is the peer's leaving: the server's limits are shorter than a test's.
class BlockingTlsClient {
 public:
  struct Options {
    std::string protocols = "";  // ALPN, each with its length before it
    const TestCertificate* certificate = nullptr;
    int max_version = 0;
  };

  BlockingTlsClient(TestClient socket, const Options& options)
      : socket_(std::move(socket)), context_(NewContext(options)) {
    const timeval patience{20, 0};
    ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    tls_.reset(SSL_new(context_.get()));
    SSL_set_fd(tls_.get(), socket_.fd());
    SSL_set_alpn_protos(tls_.get(), reinterpret_cast<const unsigned char*>(options.protocols.data()),
                        static_cast<unsigned>(options.protocols.size()));
    connected_ = SSL_connect(tls_.get()) == 1;
  }

  bool connected() const { return connected_; }
  std::string Alpn() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(tls_.get(), &name, &size);
    return std::string(reinterpret_cast<const char*>(name), size);
  }
  std::string PeerName() const {
    char name[256] = "";
    X509* peer = SSL_get0_peer_certificate(tls_.get());
    if (peer != nullptr) X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof(name));
    return name;
  }
  int version() const { return SSL_version(tls_.get()); }
  void Send(absl::string_view bytes) { SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())); }

  // Up to and with `text`; what came when the peer left before.
  std::string ReadUntil(absl::string_view text) {
    while (received_.find(text.data(), 0, text.size()) == std::string::npos) {
      char buffer[16 * 1024];
      const int n = SSL_read(tls_.get(), buffer, sizeof(buffer));
      if (n <= 0) {
        clean_end_ = SSL_get_error(tls_.get(), n) == SSL_ERROR_ZERO_RETURN;
        return std::exchange(received_, std::string());
      }
      received_.append(buffer, static_cast<size_t>(n));
    }
    const size_t end = received_.find(text.data(), 0, text.size()) + text.size();
    std::string taken = received_.substr(0, end);
    received_.erase(0, end);
    return taken;
  }
  std::string ReadToEnd() { return ReadUntil(absl::string_view("\0never\0", 7)); }
  // The peer said close_notify before it left.
  bool clean_end() const { return clean_end_; }

 private:
  using Context = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;

  static Context NewContext(const Options& options) {
    Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    const std::string ca = WriteTestFile("ca.crt", Ca().certificate_pem);
    SSL_CTX_load_verify_file(context.get(), ca.c_str());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (options.max_version != 0) SSL_CTX_set_max_proto_version(context.get(), options.max_version);
    if (options.certificate != nullptr) {
      const std::string certificate = WriteTestFile("client.crt", options.certificate->certificate_pem);
      const std::string key = WriteTestFile("client.key", options.certificate->key_pem);
      SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str());
      SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM);
    }
    return context;
  }

  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };

  TestClient socket_;
  Context context_;
  std::unique_ptr<SSL, Free> tls_;
  std::string received_;
  bool connected_ = false;
  bool clean_end_ = false;
};

constexpr absl::string_view kH2("\x02h2", 3);
constexpr absl::string_view kHttp11("\x08http/1.1", 9);

std::string Both() { return absl::StrCat(kH2, kHttp11); }

SessionOptions With(const net::TlsServer& tls) {
  SessionOptions options;
  options.tls = &tls;
  options.linger_timeout = std::chrono::milliseconds(50);
  return options;
}

// ---- the files

TEST(TlsServer, SaysWhichFileCannotBeUsedAndWhatToDo) {
  const net::TlsFiles good = ServerFiles("good");
  const TestCertificate other = MakeTestCertificate("other");
  const std::string text = WriteTestFile("text", "no PEM\n");
  const std::string other_key = WriteTestFile("other.key", other.key_pem);
  const std::string locked = [&] {
    // The same key behind a passphrase.
    std::unique_ptr<BIO, int (*)(BIO*)> in(BIO_new_mem_buf(other.key_pem.data(), -1), BIO_free);
    std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr);
    char passphrase[] = "secret";
    PEM_write_bio_PrivateKey(out.get(), key, EVP_aes_256_cbc(), nullptr, 0, nullptr, passphrase);
    EVP_PKEY_free(key);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return WriteTestFile("locked.key", absl::string_view(data, static_cast<size_t>(size)));
  }();
  const struct {
    net::TlsFiles files;
    const char* flag;
    const char* what;
  } kRows[] = {
      {{"/nowhere.crt", good.key_file, ""}, "--tls-cert-file=/nowhere.crt", "No such file"},
      {{text, good.key_file, ""}, "--tls-cert-file", "BEGIN CERTIFICATE"},
      {{good.cert_file, "/nowhere.key", ""}, "--tls-key-file=/nowhere.key", "No such file"},
      {{good.cert_file, text, ""}, "--tls-key-file", "BEGIN PRIVATE KEY"},
      {{good.cert_file, other_key, ""}, "--tls-key-file", "does not match the certificate"},
      {{good.cert_file, locked, ""}, "--tls-key-file", "passphrase"},
      {{good.cert_file, good.key_file, "/nowhere.ca"}, "--tls-client-ca-file=/nowhere.ca", "No such file"},
      {{good.cert_file, good.key_file, text}, "--tls-client-ca-file", "no CA certificate"},
  };
  for (const auto& row : kRows) {
    const auto tls = net::TlsServer::Load(row.files);
    ASSERT_FALSE(tls.ok()) << row.what;
    EXPECT_EQ(tls.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string message(tls.status().message());
    EXPECT_NE(message.find(row.flag), std::string::npos) << message;
    EXPECT_NE(message.find(row.what), std::string::npos) << message;
  }
  EXPECT_TRUE(net::TlsServer::Load(good).ok());
}

// ---- handshakes

TEST(Tls, AlpnChoosesTheVersion) {
  const auto tls = net::TlsServer::Load(ServerFiles("localhost"));
  ASSERT_TRUE(tls.ok()) << tls.status();
  const struct {
    std::string offered;
    std::string chosen;
  } kRows[] = {{Both(), "h2"}, {absl::StrCat(kHttp11, kH2), "h2"}, {std::string(kHttp11), "http/1.1"}, {"", ""}};
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const auto& row : kRows) {
      TestServer server(With(**tls), Echo);
      BlockingTlsClient client(server.Connect(), {.protocols = row.offered, .max_version = version});
      ASSERT_TRUE(client.connected()) << row.chosen;
      EXPECT_EQ(client.version(), version);
      EXPECT_EQ(client.Alpn(), row.chosen);
      client.Send(row.chosen == "h2" ? absl::StrCat(Http2Hello(), testing::Frame(NGHTTP2_PING, 0, 0, "pingpong"))
                                     : std::string(kGet));
      EXPECT_NE(client.ReadUntil(row.chosen == "h2" ? "pingpong" : "GET /a "), "") << row.chosen;
    }
  }
}

TEST(Tls, WhatIsNotSpokenFailsTheHandshake) {
  const auto tls = net::TlsServer::Load(ServerFiles("localhost"));
  ASSERT_TRUE(tls.ok()) << tls.status();
  TestServer server(With(**tls), Echo);
  EXPECT_FALSE(BlockingTlsClient(server.Connect(), {.protocols = "\x04smtp"}).connected()) << "an unknown protocol";
  EXPECT_FALSE(BlockingTlsClient(server.Connect(), {.max_version = TLS1_1_VERSION}).connected()) << "an old version";
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Tls, OnePortTakesEveryWayIn) {
  const auto tls = net::TlsServer::Load(ServerFiles("localhost"));
  ASSERT_TRUE(tls.ok()) << tls.status();
  TestServer server(With(**tls), Echo);
  BlockingTlsClient inside(server.Connect(), {.protocols = Both()});
  EXPECT_TRUE(inside.connected());
  testing::Http2TestClient h2c(server.Connect());
  const int32_t id = h2c.Send("GET", "/h2c");
  ASSERT_TRUE(h2c.WaitForEnd(id));
  EXPECT_EQ(h2c.answer(id).body, "GET /h2c ");
  TestClient plain = server.Connect();
  plain.Send(kGet);
  EXPECT_NE(plain.ReadUntil("GET /a "), "");
}

TEST(Tls, WithoutCertificatesTlsIsRefusedAsBadHttp) {
  TestServer server({}, Echo);
  TestClient client = server.Connect();
  client.Send(absl::string_view("\x16\x03\x01\x00\x05hello\r\n\r\n", 14));
  EXPECT_NE(client.ReadUntil("HTTP/1.1 400"), "");
}

TEST(Tls, AHandshakeThatStandsStillIsCut) {
  const auto tls = net::TlsServer::Load(ServerFiles("localhost"));
  ASSERT_TRUE(tls.ok()) << tls.status();
  SessionOptions options = With(**tls);
  options.header_timeout = std::chrono::milliseconds(50);
  TestServer server(options, Echo);
  TestClient client = server.Connect();
  client.Send("\x16\x03\x01");
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Tls, LargeBodiesGoBothWays) {
  const auto tls = net::TlsServer::Load(ServerFiles("localhost"));
  ASSERT_TRUE(tls.ok()) << tls.status();
  TestServer server(With(**tls), [](Scripted& h) { h.on_end = [&h] { h.Reply(200, h.body); }; });
  BlockingTlsClient client(server.Connect(), {.protocols = std::string(kHttp11)});
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) absl::StrAppend(&body, i, ",");
  // The answer comes when the request is whole, so sending all first blocks nobody.
  client.Send(absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ", body.size(), "\r\n\r\n"));
  client.Send(body);
  client.ReadUntil("\r\n\r\n");
  EXPECT_EQ(client.ReadUntil(body.substr(body.size() - 16)), body);
}

TEST(Tls, TheEndIsSaidSoThatACutIsSeen) {
  const auto tls = net::TlsServer::Load(ServerFiles("localhost"));
  ASSERT_TRUE(tls.ok()) << tls.status();
  TestServer server(With(**tls), Echo);
  BlockingTlsClient client(server.Connect(), {});
  client.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(client.ReadToEnd(), "");
  EXPECT_TRUE(client.clean_end());

  TestServer aborts(With(**tls), [](Scripted& h) {
    h.on_end = [&h] {
      h.response.SendHead(200, {}, absl::nullopt);
      h.Append("one\n");
    };
  });
  BlockingTlsClient cut(aborts.Connect(), {});
  cut.Send(kGet);
  EXPECT_NE(cut.ReadUntil("one\n"), "");
  aborts.WithLast([](Scripted& h) { h.response.Abort(); });
  cut.ReadToEnd();
  EXPECT_FALSE(cut.clean_end());
}

// ---- client certificates

TEST(Tls, WhereClientCertificatesAreRequiredNothingElseGetsIn) {
  const TestCertificate client_ca = MakeTestCertificate("client CA");
  const TestCertificate good = MakeTestCertificate("good client", &client_ca);
  const TestCertificate bad = MakeTestCertificate("bad client", &Ca());
  net::TlsFiles files = ServerFiles("localhost");
  files.client_ca_file = WriteTestFile("client-ca.crt", client_ca.certificate_pem);
  const auto tls = net::TlsServer::Load(files);
  ASSERT_TRUE(tls.ok()) << tls.status();
  TestServer server(With(**tls), Echo);

  BlockingTlsClient known(server.Connect(), {.certificate = &good});
  known.Send(kGet);
  EXPECT_NE(known.ReadUntil("GET /a ").find("200 OK"), std::string::npos);
  // In TLS 1.3 a client thinks that it is connected before the server has judged it.
  for (const TestCertificate* certificate : {static_cast<const TestCertificate*>(nullptr), &bad}) {
    BlockingTlsClient unknown(server.Connect(), {.certificate = certificate});
    unknown.Send(kGet);
    EXPECT_EQ(unknown.ReadToEnd(), "");
  }
  TestClient plain = server.Connect();
  plain.Send(kGet);
  EXPECT_NE(plain.ReadToEnd().find("HTTP/1.1 403"), std::string::npos);
  TestClient h2c = server.Connect();
  h2c.Send(Http2Hello());
  EXPECT_EQ(FrameNames(h2c.ReadToEnd()).back(), "GOAWAY 12");
  EXPECT_EQ(server.log().Count("end"), 1u) << "one request reached a handler";
}

// ---- certificates that change

TEST(Tls, ANewCertificateIsShownToNewConnectionsAndDropsNone) {
  net::TlsFiles files = ServerFiles("first");
  auto tls = net::TlsServer::Load(files);
  ASSERT_TRUE(tls.ok()) << tls.status();
  TestServer server(With(**tls), Echo);
  BlockingTlsClient before(server.Connect(), {});
  EXPECT_EQ(before.PeerName(), "first");
  EXPECT_FALSE(*(*tls)->ReloadIfChanged()) << "nothing changed";

  const TestCertificate second = MakeTestCertificate("second", &Ca());
  WriteTestFile("first.crt", second.certificate_pem);
  EXPECT_FALSE((*tls)->ReloadIfChanged().ok()) << "the key is still the old one";
  EXPECT_EQ(BlockingTlsClient(server.Connect(), {}).PeerName(), "first") << "the last good one stays";
  WriteTestFile("first.key", second.key_pem);
  const auto reloaded = (*tls)->ReloadIfChanged();
  ASSERT_TRUE(reloaded.ok()) << reloaded.status();
  EXPECT_TRUE(*reloaded);
  EXPECT_EQ(BlockingTlsClient(server.Connect(), {}).PeerName(), "second");
  before.Send(kGet);
  EXPECT_NE(before.ReadUntil("GET /a "), "") << "the old connection goes on";
}

TEST(Tls, AWatchTellsOfWhatChangedAndOfNothingElse) {
  auto tls = net::TlsServer::Load(ServerFiles("watched"));
  ASSERT_TRUE(tls.ok()) << tls.status();
  testing::LoopThread thread;
  std::vector<bool> told;
  std::unique_ptr<net::TlsReload> reload;
  thread.Do([&] {
    reload = std::make_unique<net::TlsReload>(thread.loop(), **tls, [&](const absl::StatusOr<bool>& reloaded) {
      told.push_back(reloaded.ok() && *reloaded);
    });
    reload->Look();
  });
  EXPECT_TRUE(told.empty());
  const TestCertificate next = MakeTestCertificate("next", &Ca());
  WriteTestFile("watched.key", next.key_pem);
  thread.Do([&] { reload->Look(); });
  WriteTestFile("watched.crt", next.certificate_pem);
  thread.Do([&] { reload->Look(); });
  thread.Do([&] { reload->Look(); });
  EXPECT_EQ(told, (std::vector<bool>{false, true}));
  thread.Stop();
}

}  // namespace
}  // namespace penstock::http
