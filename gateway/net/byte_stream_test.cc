// A stream in every order of its socket's readiness. Between it and a peer lies a wire that the test works by hand:
// what either says passes when the test says so, and the stream's writes block when it says so. The peer is OpenSSL
// over memory, or nothing but bytes: it never blocks itself.
#include "gateway/net/byte_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/net/loop.h"
#include "gateway/net/testing/certificates.h"
#include "gateway/net/testing/tcp_pair.h"
#include "gateway/net/tls_client.h"
#include "gateway/net/tls_server.h"
#include "gateway/net/unique_fd.h"

namespace penstock::net {
namespace {

using testing::MakeTestCertificate;
using testing::TcpPair;
using testing::TestCertificate;
using testing::WriteTestFile;
using HandshakeResult = ByteStream::HandshakeResult;

enum class Role { kPlain, kServer, kClient };  // the stream's

struct Kind {
  Role role;
  int version = TLS1_3_VERSION;
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
  if (kind.role == Role::kPlain) return out << "plain";
  return out << (kind.role == Role::kServer ? "server, TLS 1." : "client, TLS 1.") << kind.version - TLS1_VERSION;
}

// Both sides have a certificate of this CA for localhost, and the server asks for the client's.
struct Certificates {
  const TestCertificate ca = MakeTestCertificate("test CA");
  const TestCertificate own = MakeTestCertificate("localhost", &ca);
  const std::string ca_file = WriteTestFile("ca.crt", ca.certificate_pem);
  const std::string cert_file = WriteTestFile("own.crt", own.certificate_pem);
  const std::string key_file = WriteTestFile("own.key", own.key_pem);
  const std::unique_ptr<TlsServer> server =
      TlsServer::Load({.cert_file = cert_file, .key_file = key_file, .client_ca_file = ca_file}).value();
  const std::unique_ptr<TlsClient> client =
      TlsClient::Load({.ca_file = ca_file, .cert_file = cert_file, .key_file = key_file}).value();
};

const Certificates& Shared() {
  static const auto* const certificates = new Certificates;
  return *certificates;
}

// OpenSSL at the other end, over memory.
class TlsPeer {
 public:
  TlsPeer(bool is_server, int version) {
    const Certificates& shared = Shared();
    context_.reset(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method()));
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_use_certificate_chain_file(context_.get(), shared.cert_file.c_str());
    SSL_CTX_use_PrivateKey_file(context_.get(), shared.key_file.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_load_verify_file(context_.get(), shared.ca_file.c_str());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_alpn_select_cb(context_.get(), ChooseH2, nullptr);
    SSL_CTX_set_session_id_context(context_.get(), reinterpret_cast<const unsigned char*>("test"), 4);
    // A session ticket has the client's certificate in it and takes several records.
    SSL_CTX_set_max_send_fragment(context_.get(), 512);
    ssl_.reset(SSL_new(context_.get()));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_msg_callback(ssl_.get(), CountKeyUpdates);
    SSL_set_msg_callback_arg(ssl_.get(), this);
    is_server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
    SSL_do_handshake(ssl_.get());
  }

  void Feed(absl::string_view bytes) {
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
    if (!SSL_is_init_finished(ssl_.get())) SSL_do_handshake(ssl_.get());
    char buffer[4096];
    int n = 0;
    while ((n = SSL_read(ssl_.get(), buffer, sizeof buffer)) > 0) received_.append(buffer, static_cast<size_t>(n));
    ended_ = SSL_get_error(ssl_.get(), n) == SSL_ERROR_ZERO_RETURN;
  }
  // What it wants sent.
  std::string Take() {
    char* data = nullptr;
    const long size = BIO_get_mem_data(out_, &data);
    std::string bytes(data, static_cast<size_t>(size));
    BIO_reset(out_);
    return bytes;
  }
  void Write(absl::string_view text) { SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())); }
  // New keys, and the stream is to change its own as well: it must answer.
  void UpdateKeys() {
    SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(ssl_.get());
  }
  void Shutdown() { SSL_shutdown(ssl_.get()); }

  bool ready() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  bool ended() const { return ended_; }
  int key_updates() const { return key_updates_; }  // received
  const std::string& received() const { return received_; }
  void Forget() { received_.clear(); }

 private:
  static int ChooseH2(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char*, unsigned, void*) {
    *chosen = reinterpret_cast<const unsigned char*>("h2");
    *size = 2;
    return SSL_TLSEXT_ERR_OK;
  }
  static void CountKeyUpdates(int sent, int, int type, const void* data, size_t size, SSL*, void* self) {
    if (sent != 0 || type != SSL3_RT_HANDSHAKE || size == 0) return;
    if (*static_cast<const unsigned char*>(data) == SSL3_MT_KEY_UPDATE) ++static_cast<TlsPeer*>(self)->key_updates_;
  }

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_{nullptr, SSL_free};
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
  std::string received_;
  bool ended_ = false;
  int key_updates_ = 0;
};

net::Loop& SharedLoop() {
  static auto* const loop = new Loop;  // its read buffer takes longer to make than most of what is tried here
  return *loop;
}

// A stream that is used as sessions use one (a wait for reading always pending, unless paused, and one for writing
// where something waits), the wire, and the peer.
class Wire {
 public:
  explicit Wire(Kind kind, absl::optional<TcpPair> tcp = absl::nullopt) : kind_(kind), stream_(SharedLoop()) {
    int ends[2] = {-1, -1};
    if (tcp) {
      ends[0] = tcp->server.release();
      ends[1] = tcp->client.release();
    } else {
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    }
    const int few = 1;  // the least the kernel gives
    ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &few, sizeof few);
    wire_ = UniqueFd(ends[1]);
    stream_ = ByteStream(SharedLoop(), UniqueFd(ends[0]));
    EXPECT_TRUE(stream_.open());
    if (kind.role == Role::kPlain) return;
    const bool is_server = kind.role == Role::kServer;
    EXPECT_TRUE(is_server ? stream_.StartTlsServer(Shared().server->context().get())
                          : stream_.StartTlsClient(Shared().client->context().get(), "localhost"));
    peer_.emplace(!is_server, kind.version);
  }
  ~Wire() {
    stream_.Close(/*reset=*/true);
    Turn();
  }

  // --- the wire

  // Until nothing is ready. A stream that is woken again and again for nothing would never get there.
  void Turn() {
    constexpr int kMany = 2000;
    SharedLoop().io().restart();
    int handlers = 0;
    while (handlers < kMany && SharedLoop().io().poll_one() > 0) ++handlers;
    EXPECT_LT(handlers, kMany) << "it spins";
  }
  // What the peer has said and was not delivered, or a part of it.
  void Deliver(size_t most = ~size_t{0}) {
    if (peer_) to_stream_ += peer_->Take();
    const size_t count = std::min(most, to_stream_.size());
    EXPECT_EQ(::send(wire_.get(), to_stream_.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL), static_cast<ssize_t>(count));
    to_stream_.erase(0, count);
    Turn();
  }
  // Takes what the stream has written to the peer, and what it then can write, until there is no more.
  size_t Take() {
    size_t total = 0;
    for (std::string taken = Received(); !taken.empty(); taken = Received()) {
      const size_t filler = std::min(filler_, taken.size());
      filler_ -= filler;
      taken.erase(0, filler);
      total += taken.size();
      peer_ ? peer_->Feed(taken) : static_cast<void>(plain_received_.append(taken));
      Turn();
    }
    return total;
  }
  // The stream can write nothing more until Take().
  void Block() {
    Take();
    const std::string filler(512, '#');
    ssize_t n = 0;
    while ((n = ::send(stream_.fd(), filler.data(), filler.size(), MSG_DONTWAIT)) > 0) filler_ += n;
  }
  // Everything passes until nothing more comes.
  void Settle() {
    if (paused_) Resume();
    for (bool moved = true; moved;) {
      const size_t before = received_.size();
      Deliver();
      moved = Take() > 0 || received_.size() != before || !to_stream_.empty();
      Deliver();
    }
  }
  void CloseWire() { wire_.reset(); }
  void ShutdownWire() { ::shutdown(wire_.get(), SHUT_WR); }
  void SayRaw(absl::string_view bytes) { to_stream_.append(bytes.data(), bytes.size()); }
  void ResetWire() {
    const linger now{1, 0};
    ::setsockopt(wire_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    wire_.reset();
  }
  // How the stream left: 0 is FIN, else errno.
  int wire_end() const { return wire_end_; }

  // --- the peer

  void Say(absl::string_view text) {
    said_.append(text.data(), text.size());
    peer_ ? peer_->Write(text) : static_cast<void>(to_stream_.append(text.data(), text.size()));
  }
  // What has passed so far.
  void Forget() {
    said_.clear();
    plain_received_.clear();
    if (peer_) peer_->Forget();
    sent_.clear();
    received_.clear();
    reads_.clear();
  }
  TlsPeer& peer() { return *peer_; }
  const std::string& said() const { return said_; }
  const std::string& heard() const { return peer_ ? peer_->received() : plain_received_; }

  // --- the stream

  void Handshake() {
    if (!stream_.open()) return;
    const HandshakeResult step = stream_.Handshake();
    if (step == HandshakeResult::kAgain) return stream_.WaitReadable([this] { Handshake(); });
    shaken_ = step;
    if (step == HandshakeResult::kDone) Resume();
  }
  // Both sides have shaken hands, and nothing is on its way.
  void Begin() {
    kind_.role == Role::kPlain ? Resume() : Handshake();
    Settle();
    EXPECT_TRUE(!peer_ || (peer_->ready() && shaken_ == HandshakeResult::kDone));
  }
  void Send(absl::string_view text) {
    sent_.append(text.data(), text.size());
    unsent_.append(text.data(), text.size());
    if (!writing_) Write();
    Turn();
  }
  void Pause() { paused_ = true; }
  void Resume() {
    paused_ = false;
    if (!std::exchange(reading_, true)) stream_.WaitReadable([this] { Read(); });
    Turn();
  }
  // From here on reads take this many bytes at most.
  void set_read_size(size_t size) { read_size_ = size; }
  void set_read_all() { read_all_ = true; }

  ByteStream& stream() { return stream_; }
  absl::optional<HandshakeResult> shaken() const { return shaken_; }
  const std::string& sent() const { return sent_; }
  const std::string& unsent() const { return unsent_; }
  const std::string& received() const { return received_; }
  const std::vector<size_t>& reads() const { return reads_; }
  absl::optional<ssize_t> end() const { return end_; }              // of reading
  absl::optional<ssize_t> write_end() const { return write_end_; }  // of writing

 private:
  std::string Received() {
    char buffer[64 * 1024];
    std::string bytes;
    ssize_t n = 0;
    while ((n = ::recv(wire_.get(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
      bytes.append(buffer, static_cast<size_t>(n));
    }
    wire_end_ = n == 0 ? 0 : errno;
    return bytes;
  }
  void Read() {
    reading_ = false;
    if (paused_ || end_) return;
    std::string buffer(read_size_, '\0');
    const ssize_t n = read_all_ ? stream_.ReadAll(buffer.data(), read_size_) : stream_.Read(buffer.data(), read_size_);
    if (n > 0) {
      received_.append(buffer, 0, static_cast<size_t>(n));
      reads_.push_back(static_cast<size_t>(n));
    } else if (n != ByteStream::kAgain) {
      end_ = n;
      return;
    }
    if (!std::exchange(reading_, true)) stream_.WaitReadable([this] { Read(); });
  }
  void Write() {
    writing_ = false;
    while (!unsent_.empty() && !write_end_) {
      const ssize_t n = stream_.Write(unsent_);
      if (n == ByteStream::kAgain) {
        writing_ = true;
        return stream_.WaitWritable([this] { Write(); });
      }
      n > 0 ? static_cast<void>(unsent_.erase(0, static_cast<size_t>(n))) : static_cast<void>(write_end_ = n);
    }
  }

  const Kind kind_;
  UniqueFd wire_;
  ByteStream stream_;
  absl::optional<TlsPeer> peer_;
  std::string to_stream_, plain_received_, said_;
  size_t filler_ = 0;
  int wire_end_ = EAGAIN;
  size_t read_size_ = 64 * 1024;
  bool read_all_ = false, reading_ = false, paused_ = false, writing_ = false;
  std::string sent_, unsent_, received_;
  std::vector<size_t> reads_;
  absl::optional<HandshakeResult> shaken_;
  absl::optional<ssize_t> end_, write_end_;
};

constexpr Kind kKinds[] = {{Role::kPlain},
                           {Role::kServer, TLS1_2_VERSION},
                           {Role::kServer, TLS1_3_VERSION},
                           {Role::kClient, TLS1_2_VERSION},
                           {Role::kClient, TLS1_3_VERSION}};

// Calls `visit` with every sequence of `length` numbers below `count`.
void ForEachSequence(size_t count, size_t length, const std::function<void(const std::vector<size_t>&)>& visit) {
  std::vector<size_t> sequence(length, 0);
  for (;;) {
    visit(sequence);
    size_t at = 0;
    while (at < length && ++sequence[at] == count) sequence[at++] = 0;
    if (at == length || ::testing::Test::HasFailure()) return;
  }
}

TEST(ByteStream, HandsAreShakenInEveryOrder) {
  for (const Kind& kind : kKinds) {
    if (kind.role == Role::kPlain) continue;
    ForEachSequence(4, 3, [&](const std::vector<size_t>& steps) {
      SCOPED_TRACE(::testing::Message() << kind << ::testing::PrintToString(steps));
      Wire wire(kind);
      bool begun = false;
      for (const size_t step : steps) {
        if (step == 0) wire.Block();
        if (step != 0 && !std::exchange(begun, true)) wire.Handshake();
        if (step == 1) wire.Take();
        if (step == 2) wire.Deliver(100);
        if (step == 3) wire.Deliver();
      }
      if (!begun) wire.Handshake();
      wire.Settle();
      ASSERT_EQ(wire.shaken(), HandshakeResult::kDone);
      ASSERT_TRUE(wire.peer().ready());
      EXPECT_EQ(wire.stream().alpn(), kind.role == Role::kClient ? ByteStream::Alpn::kHttp2 : ByteStream::Alpn::kNone);
      wire.Say("hello");
      wire.Send("world");
      wire.Settle();
      EXPECT_EQ(wire.received(), "hello");
      EXPECT_EQ(wire.heard(), "world");
    });
  }
}

TEST(ByteStream, BytesGoBothWaysInEveryOrder) {
  for (const Kind& kind : kKinds) {
    Wire wire(kind);
    if (kind.version == TLS1_2_VERSION) wire.set_read_size(7);  // less than a record: what is decrypted waits
    wire.Begin();
    const bool updates_keys = kind.role != Role::kPlain && kind.version == TLS1_3_VERSION;
    int messages = 0;
    ForEachSequence(updates_keys ? 8 : 7, 5, [&](const std::vector<size_t>& steps) {
      SCOPED_TRACE(::testing::Message() << kind << ::testing::PrintToString(steps));
      wire.Forget();
      int updates = 0;
      const int answers = updates_keys ? wire.peer().key_updates() : 0;
      for (const size_t step : steps) {
        if (step == 0) wire.Block();
        if (step == 1) wire.Take();
        if (step == 2) wire.Deliver(10);
        if (step == 3) wire.Deliver();
        if (step == 4) wire.Say(absl::StrCat("said ", ++messages, ","));
        if (step == 5) wire.Send(absl::StrCat("sent ", ++messages, ","));
        if (step == 6) wire.Pause();
        // One at a time: of two that come while a write is blocked OpenSSL 3.0 makes an error (bad write retry).
        if (step == 7 && updates++ == 0) wire.peer().UpdateKeys();
      }
      wire.Settle();
      if (updates > 0) {
        wire.Send("after the new keys,");
        wire.Settle();
      }
      ASSERT_EQ(wire.received(), wire.said());
      ASSERT_EQ(wire.heard(), wire.sent());
      ASSERT_TRUE(wire.unsent().empty());
      ASSERT_TRUE(updates == 0 || wire.peer().key_updates() > answers) << "a key update without an answer";
    });
  }
}

// OpenSSL answers before it writes anything else, and until then it reads nothing either.
TEST(ByteStream, AReadWaitsUntilTheAnswerToAKeyUpdateIsWritten) {
  for (const Role role : {Role::kServer, Role::kClient}) {
    Wire wire({role});
    wire.Begin();
    wire.peer().UpdateKeys();
    wire.Deliver();
    wire.Block();
    wire.Send("reply");
    wire.Say("behind it");
    wire.Deliver();  // must not spin
    EXPECT_EQ(wire.unsent(), "reply");
    EXPECT_EQ(wire.received(), "");
    wire.Take();
    EXPECT_EQ(wire.peer().key_updates(), 1);
    EXPECT_EQ(wire.heard(), "reply");
    EXPECT_EQ(wire.received(), "behind it") << "nothing more was delivered";
  }
}

TEST(ByteStream, AWriteWaitsUntilItHasReadAMessageThatHasBegun) {
  Wire wire({Role::kClient});
  wire.Handshake();
  for (int i = 0; i < 3 && !wire.peer().ready(); ++i) {
    wire.Deliver();
    wire.Take();
  }
  ASSERT_TRUE(wire.peer().ready());
  wire.Deliver(600);  // the first record of a session ticket, and some of the next
  wire.Send("hello");
  EXPECT_EQ(wire.unsent(), "hello");
  wire.Deliver();
  EXPECT_EQ(wire.unsent(), "");
  wire.Take();
  EXPECT_EQ(wire.heard(), "hello");
}

TEST(ByteStream, WhatDoesNotFitIsWrittenPieceByPiece) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(::testing::Message() << kind);
    Wire wire(kind);
    wire.Begin();
    std::string large;
    for (int i = 0; large.size() < 300'000; ++i) absl::StrAppend(&large, i, ",");
    wire.Send(large);
    EXPECT_FALSE(wire.unsent().empty());
    wire.Send("and more");
    wire.Settle();
    EXPECT_EQ(wire.heard(), absl::StrCat(large, "and more"));
  }
}

TEST(ByteStream, ReadAllJoinsTheRecordsThatAreThere) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(::testing::Message() << kind);
    Wire wire(kind);
    wire.set_read_all();
    wire.Begin();
    wire.Say("one,");
    wire.Say("two,");
    wire.Say("three");
    wire.Deliver();
    EXPECT_EQ(wire.received(), "one,two,three");
    EXPECT_EQ(wire.reads().size(), 1u);
  }
}

TEST(ByteStream, ThePeersEndIsReadAfterWhatItSaidAndTheOtherDirectionGoesOn) {
  for (const bool all : {false, true}) {
    for (const Kind& kind : kKinds) {
      SCOPED_TRACE(::testing::Message() << kind);
      Wire wire(kind);
      if (all) wire.set_read_all();
      wire.Begin();
      wire.Say("last words");
      kind.role == Role::kPlain ? static_cast<void>(0) : wire.peer().Shutdown();
      wire.Deliver();
      // TLS has its own end: the socket's need not follow at once.
      if (kind.role == Role::kPlain) wire.ShutdownWire();
      wire.Turn();
      EXPECT_EQ(wire.received(), "last words");
      EXPECT_EQ(wire.end(), ByteStream::kEnd);
      wire.Send("still here");
      wire.Take();
      EXPECT_EQ(wire.heard(), "still here");
    }
  }
}

TEST(ByteStream, APeerThatClosesWithoutAWordHasEnded) {
  for (const Kind& kind : kKinds) {
    for (const size_t of_a_message : {0, 3}) {
      SCOPED_TRACE(::testing::Message() << kind << of_a_message);
      Wire wire(kind);
      wire.Begin();
      wire.Say("whole");
      wire.Deliver();
      wire.Say("cut");
      wire.Deliver(of_a_message);
      wire.CloseWire();
      wire.Turn();
      const bool plain = kind.role == Role::kPlain;
      EXPECT_EQ(wire.received(), plain && of_a_message == 3 ? "wholecut" : "whole");
      EXPECT_EQ(wire.end(), ByteStream::kEnd);
      wire.Send("nobody");
      EXPECT_EQ(wire.write_end(), ByteStream::kFailed);
      EXPECT_EQ(wire.stream().failure().socket_error, EPIPE);
    }
  }
}

TEST(ByteStream, AResetIsAFailure) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(::testing::Message() << kind);
    Wire wire(kind, TcpPair());
    wire.Begin();
    wire.ResetWire();
    wire.Turn();
    EXPECT_EQ(wire.end(), ByteStream::kFailed);
    EXPECT_EQ(wire.stream().failure().socket_error, ECONNRESET);
    EXPECT_EQ(wire.stream().failure().tls_error, 0u);
  }
}

TEST(ByteStream, BytesThatAreNotTlsAreAFailureAndWhatCameBeforeIsRead) {
  for (const Kind& kind : kKinds) {
    if (kind.role == Role::kPlain) continue;
    SCOPED_TRACE(::testing::Message() << kind);
    Wire wire(kind);
    wire.set_read_all();
    wire.Begin();
    wire.Say("good");
    wire.Deliver(0);
    wire.SayRaw("nope!");  // as long as the head of a record
    wire.Deliver();
    EXPECT_EQ(wire.received(), "good");
    EXPECT_EQ(wire.end(), ByteStream::kFailed) << "although the kernel has nothing to announce";
    EXPECT_NE(wire.stream().failure().tls_error, 0u);
  }
}

TEST(ByteStream, AHandshakeThatFailsSaysWhy) {
  const TestCertificate stranger = MakeTestCertificate("another CA");
  const auto untrusting = TlsClient::Load({.ca_file = WriteTestFile("stranger.crt", stranger.certificate_pem)}).value();
  const struct {
    const char* why;
    const TlsClient& tls;
    std::string name;
    std::string says;  // instead of a handshake
    const char* explained;
  } kRows[] = {
      {"another name", *Shared().client, "orders.example", "", "not for orders.example"},
      {"another address", *Shared().client, "127.0.0.2", "", "not for 127.0.0.2"},
      {"another CA", *untrusting, "localhost", "", "not trusted"},
      {"no TLS", *Shared().client, "localhost", "HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    Wire wire({Role::kClient});
    ASSERT_TRUE(wire.stream().StartTlsClient(row.tls.context().get(), row.name));
    if (!row.says.empty()) wire.SayRaw(row.says);
    wire.Handshake();
    if (row.says.empty()) wire.Take();
    wire.Deliver();
    ASSERT_EQ(wire.shaken(), HandshakeResult::kFailed);
    EXPECT_THAT(row.tls.Explain(wire.stream().failure(), row.name), ::testing::HasSubstr(row.explained));
  }
}

TEST(ByteStream, AHandshakeThatThePeerLeavesHasFailed) {
  for (const Kind& kind : kKinds) {
    if (kind.role == Role::kPlain) continue;
    SCOPED_TRACE(::testing::Message() << kind);
    Wire wire(kind);
    wire.Handshake();
    wire.Take();
    wire.Deliver(10);
    wire.CloseWire();
    wire.Turn();
    EXPECT_EQ(wire.shaken(), HandshakeResult::kFailed);
    EXPECT_EQ(wire.stream().failure().tls_error, 0u);
    EXPECT_EQ(Shared().client->Explain(wire.stream().failure(), "localhost"), "it closed the connection");
  }
}

TEST(ByteStream, MovesBetweenReadsAndWrites) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(::testing::Message() << kind);
    Wire wire(kind);
    wire.Begin();
    wire.Pause();
    wire.Say("first");
    wire.Deliver();  // the pending wait ends here
    ByteStream moved(std::move(wire.stream()));
    EXPECT_FALSE(wire.stream().open());
    char buffer[64];
    EXPECT_EQ(moved.Read(buffer, sizeof buffer), 5);
    EXPECT_EQ(moved.Write("answer"), 6);
    wire.stream() = std::move(moved);
    wire.Say("second");
    wire.Settle();
    EXPECT_EQ(wire.received(), "second");
    EXPECT_EQ(wire.heard(), "answer");
  }
}

TEST(ByteStream, SaysThatNoMoreComesAndReadsOnRaw) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(::testing::Message() << kind);
    Wire wire(kind);
    wire.Begin();
    wire.Send("the end");
    wire.stream().ShutdownWrite();
    wire.Take();
    EXPECT_EQ(wire.heard(), "the end");
    EXPECT_EQ(wire.wire_end(), 0) << "FIN";
    EXPECT_TRUE(kind.role == Role::kPlain || wire.peer().ended()) << "close_notify";
    EXPECT_FALSE(wire.stream().tls());
    wire.SayRaw("dropped");
    wire.Deliver();
    EXPECT_THAT(wire.received(), ::testing::EndsWith("dropped"));
  }
}

TEST(ByteStream, ClosesCleanlyOrByReset) {
  for (const Kind& kind : kKinds) {
    for (const bool reset : {false, true}) {
      SCOPED_TRACE(::testing::Message() << kind << reset);
      Wire wire(kind, TcpPair());
      wire.Begin();
      wire.stream().Close(reset);
      EXPECT_FALSE(wire.stream().open());
      wire.Take();
      EXPECT_EQ(wire.wire_end(), reset ? ECONNRESET : 0);
      EXPECT_TRUE(kind.role == Role::kPlain || wire.peer().ended() == !reset) << "close_notify";
    }
  }
}

TEST(ByteStream, AHandlerIsCalledOnceAfterCloseToo) {
  Wire wire({Role::kPlain});
  int readable = 0, writable = 0;
  wire.Block();
  wire.stream().WaitReadable([&] { ++readable; });
  wire.stream().WaitWritable([&] { ++writable; });
  wire.Turn();
  EXPECT_EQ(readable + writable, 0);
  wire.stream().Close(/*reset=*/false);
  wire.Turn();
  EXPECT_EQ(readable, 1);
  EXPECT_EQ(writable, 1);
}

TEST(ByteStream, LooksAheadWithoutTaking) {
  Wire wire({Role::kPlain});
  EXPECT_FALSE(wire.stream().FirstByteIs('a'));
  EXPECT_FALSE(wire.stream().Readable());
  wire.Say("abc");
  wire.Deliver();
  EXPECT_TRUE(wire.stream().FirstByteIs('a'));
  EXPECT_FALSE(wire.stream().FirstByteIs('b'));
  EXPECT_TRUE(wire.stream().Readable());
  wire.Begin();
  EXPECT_EQ(wire.received(), "abc");
  wire.CloseWire();
  EXPECT_TRUE(wire.stream().Readable()) << "the end";
}

TEST(ByteStream, IsNotOpenWithoutASocket) {
  EXPECT_FALSE(ByteStream(SharedLoop()).open());
  EXPECT_FALSE(ByteStream(SharedLoop(), UniqueFd()).open());
}

}  // namespace
}  // namespace penstock::net
