#include "gateway/http/acceptor.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/testing/test_client.h"
#include "gateway/http/testing/test_server.h"
#include "gateway/net/address.h"

namespace penstock::http {
namespace {

using net::Address;
using testing::EventLog;
using testing::LoopThread;
using testing::Scripted;
using testing::TestClient;
using End = TestClient::End;

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// Loops, a set on each, and an acceptor on the first. The answer to everything is the number of the loop.
class Site {
 public:
  explicit Site(size_t loops = 1) : threads_(loops) {
    for (size_t i = 0; i < loops; ++i) {
      sets_.push_back(std::make_unique<SessionSet>(
          threads_[i].loop(), SessionOptions(), [this, i](RequestHead head, ResponseStream& response) {
            auto handler = std::make_unique<Scripted>(std::move(head), response, log_);
            handler->on_end = [h = handler.get(), i] { h->Reply(200, absl::StrCat("loop ", i)); };
            return handler;
          }));
    }
  }
  ~Site() {
    for (LoopThread& thread : threads_) thread.Stop();
  }

  absl::Status Listen(AcceptorOptions options) {
    std::vector<SessionSet*> sets;
    for (const auto& set : sets_) sets.push_back(set.get());
    auto acceptor = Acceptor::Listen(threads_[0].loop(), std::move(options), sets);
    if (!acceptor.ok()) return acceptor.status();
    acceptor_ = *std::move(acceptor);
    acceptor_->Start();
    return absl::OkStatus();
  }
  void ListenAnywhere() { ASSERT_TRUE(Listen({.addresses = {Address::Tcp("127.0.0.1", 0)}}).ok()); }

  std::string address(size_t i = 0) const { return net::PrintAddress(acceptor_->addresses()[i]); }
  const net::Address& listening(size_t i = 0) const { return acceptor_->addresses()[i]; }
  TestClient Connect(size_t i = 0) { return TestClient::Connect(address(i)); }
  SessionSet& set(size_t i = 0) { return *sets_[i]; }
  void StopListening() {
    threads_[0].Do([this] { acceptor_->StopListening(); });
  }

 private:
  EventLog log_;
  std::vector<LoopThread> threads_;
  std::vector<std::unique_ptr<SessionSet>> sets_;
  std::unique_ptr<Acceptor> acceptor_;
};

bool Answers(TestClient client, absl::string_view text = "loop ") {
  client.Send(kGet);
  return absl::StrContains(client.ReadResponse(), text);
}

TEST(Acceptor, ServesWhatItWasToldTo) {
  Site site;
  ASSERT_TRUE(
      site.Listen({.addresses = {Address::Tcp("127.0.0.1", 0), Address::Tcp("", 0), Address::Tcp("localhost", 0)}})
          .ok());
  for (size_t i = 0; i < 3; ++i) {
    const std::string address = site.address(i);
    EXPECT_FALSE(absl::EndsWith(address, ":0")) << address;
    const std::string port = address.substr(address.rfind(':'));
    EXPECT_TRUE(
        Answers(TestClient::Connect(absl::StrCat(i == 2 ? address.substr(0, address.rfind(':')) : "127.0.0.1", port))))
        << address;
  }
  EXPECT_TRUE(absl::StartsWith(site.address(0), "127.0.0.1:"));
}

TEST(Acceptor, OneAddressHasSoManyConnectionsAndNoMore) {
  Site site(2);
  ASSERT_TRUE(site.Listen({.addresses = {Address::Tcp("127.0.0.1", 0)}, .max_connections_per_address = 2}).ok());
  std::vector<TestClient> kept;
  for (int i = 0; i < 2; ++i) {
    kept.push_back(site.Connect());
    kept.back().Send(kGet);
    EXPECT_THAT(kept.back().ReadResponse(), ::testing::HasSubstr("loop "));
  }
  EXPECT_THAT(site.Connect().ReadToEnd(), ::testing::HasSubstr("HTTP/1.1 429 "));
  // Its place is free when it has gone.
  kept.front().Close();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!Answers(site.Connect())) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST(Acceptor, EveryAddressIsBothFamilies) {
  Site site;
  ASSERT_TRUE(site.Listen({.addresses = {Address::Tcp("", 0)}}).ok());
  const std::string port = site.address().substr(site.address().rfind(':'));
  EXPECT_TRUE(Answers(TestClient::Connect("127.0.0.1" + port)));
  TestClient over_v6 = TestClient::Connect("[::1]" + port);
  // A machine without IPv6 has no ::1 to connect to, and is told 0.0.0.0.
  EXPECT_EQ(over_v6.open(), absl::StartsWith(site.address(), "[::]:")) << site.address();
  if (over_v6.open()) {
    EXPECT_TRUE(Answers(std::move(over_v6)));
  }
}

TEST(Acceptor, ABusyPortIsAnError) {
  Site first;
  first.ListenAnywhere();
  Site second;
  const absl::Status status = second.Listen({.addresses = {first.listening()}});
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(absl::StrContains(status.message(), first.address())) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "port 0")) << status;
}

TEST(Acceptor, APortIsFreeAgainAtOnce) {
  Address address;
  {
    Site site;
    site.ListenAnywhere();
    address = site.listening();
    TestClient client = site.Connect();
    client.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.WaitForEnd(), End::kFin);
  }
  Site again;
  EXPECT_TRUE(again.Listen({.addresses = {address}}).ok());
}

TEST(Acceptor, AddressesThatCannotBe) {
  for (const Address& address :
       {Address::Tcp("no.such.host.invalid", 80), Address::Unix(""), Address::Unix(std::string(200, 'a'))}) {
    Site site;
    const absl::Status status = site.Listen({.addresses = {address}});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << net::PrintAddress(address);
    EXPECT_TRUE(absl::StrContains(status.message(), absl::StrCat("\"", net::PrintAddress(address), "\""))) << status;
  }
  Site site;
  EXPECT_FALSE(site.Listen({.addresses = {Address::Tcp("192.0.2.1", 0)}}).ok()) << "not an address of this machine";
}

std::string TemporaryPath(absl::string_view name) {
  const char* folder = std::getenv("TEST_TMPDIR");
  const std::string path = absl::StrCat(folder != nullptr && std::strlen(folder) < 60 ? folder : "/tmp", "/penstock-",
                                        ::getpid(), "-", name);
  ::unlink(path.c_str());
  return path;
}

bool Exists(const std::string& path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0;
}

TEST(Acceptor, AUnixSocket) {
  const std::string path = TemporaryPath("socket");
  Site site;
  ASSERT_TRUE(site.Listen({.addresses = {Address::Unix(path)}}).ok());
  EXPECT_EQ(site.address(), "unix:" + path);
  EXPECT_TRUE(Answers(site.Connect()));
  Site second;
  EXPECT_EQ(second.Listen({.addresses = {Address::Unix(path)}}).code(), absl::StatusCode::kAlreadyExists)
      << "somebody listens there";
  EXPECT_TRUE(Answers(site.Connect()));
  site.StopListening();
  EXPECT_FALSE(Exists(path));
}

TEST(Acceptor, AStaleUnixSocketIsReplaced) {
  const std::string path = TemporaryPath("stale");
  {
    const net::UniqueFd left(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(left.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ASSERT_TRUE(Exists(path));
  Site site;
  ASSERT_TRUE(site.Listen({.addresses = {Address::Unix(path)}}).ok());
  EXPECT_TRUE(Answers(site.Connect()));
}

TEST(Acceptor, AFileThatIsNoSocketStays) {
  const std::string path = TemporaryPath("file");
  const net::UniqueFd file(::open(path.c_str(), O_CREAT | O_WRONLY, 0600));
  Site site;
  EXPECT_EQ(site.Listen({.addresses = {Address::Unix(path)}}).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Exists(path));
  ::unlink(path.c_str());
}

TEST(Acceptor, LoadIsSpread) {
  Site site(2);
  site.ListenAnywhere();
  std::vector<TestClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(site.Connect());
    clients.back().Send(kGet);
    ASSERT_TRUE(absl::StrContains(clients.back().ReadResponse(), "loop "));
  }
  // A request that has just been answered may still count when the next connection comes.
  EXPECT_NEAR(static_cast<double>(site.set(0).size()), 10, 1);
  EXPECT_NEAR(static_cast<double>(site.set(1).size()), 10, 1);
}

TEST(Acceptor, OneTooManyIsToldSo) {
  Site site;
  ASSERT_TRUE(site.Listen({.addresses = {Address::Tcp("127.0.0.1", 0)}, .max_connections = 2}).ok());
  TestClient first = site.Connect();
  TestClient second = site.Connect();
  first.Send(kGet);
  second.Send(kGet);
  ASSERT_TRUE(absl::StrContains(first.ReadResponse(), "loop 0"));
  ASSERT_TRUE(absl::StrContains(second.ReadResponse(), "loop 0"));
  TestClient third = site.Connect();
  third.Send(kGet);
  EXPECT_TRUE(absl::StartsWith(third.ReadResponse(), "HTTP/1.1 503 "));
  EXPECT_EQ(third.WaitForEnd(), End::kFin);
  third.Close();
  first.Close();
  const auto deadline = std::chrono::steady_clock::now() + testing::kPatience;
  while (site.set().size() > 1 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(Answers(site.Connect()));
}

TEST(Acceptor, AFloodAboveTheLimitIsBounded) {
  Site site;
  ASSERT_TRUE(site.Listen({.addresses = {Address::Tcp("127.0.0.1", 0)}, .max_connections = 0}).ok());
  std::vector<TestClient> clients;
  for (size_t i = 0; i < 2 * Acceptor::kRefusalsAtOnce; ++i) clients.push_back(site.Connect());
  // All are answered in the end, though no client closes: those that were told are given up after a while.
  size_t most = 0;
  for (TestClient& client : clients) {
    EXPECT_TRUE(absl::StartsWith(client.ReadResponse(), "HTTP/1.1 503 "));
    most = std::max(most, site.set().size());
    client.Close();
  }
  EXPECT_LE(most, Acceptor::kRefusalsAtOnce);
}

TEST(Acceptor, StoppedItRefusesAndServesOn) {
  Site site;
  site.ListenAnywhere();
  const std::string address = site.address();
  TestClient client = site.Connect();
  client.Send(kGet);
  ASSERT_TRUE(absl::StrContains(client.ReadResponse(), "loop 0"));
  site.StopListening();
  EXPECT_FALSE(TestClient::Connect(address).open());
  client.Send(kGet);
  EXPECT_TRUE(absl::StrContains(client.ReadResponse(), "loop 0"));
}

// The soft limit of open files, lowered to what is open now plus `spare`.
class FewDescriptors {
 public:
  explicit FewDescriptors(int spare) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int free = ::open("/dev/null", O_RDONLY);  // the lowest free number; all below are in use
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(free + spare);
    ::close(free);
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_;
};

double ProcessCpuSeconds() {
  timespec now;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

TEST(Acceptor, OutOfDescriptorsItShedsWithoutSpinning) {
  Site site;
  site.ListenAnywhere();
  ASSERT_TRUE(Answers(site.Connect()));
  // The client's own end needs the one spare descriptor.
  const FewDescriptors limit(1);
  TestClient client = site.Connect();
  ASSERT_TRUE(client.open());
  const double cpu = ProcessCpuSeconds();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(absl::StartsWith(client.ReadResponse(), "HTTP/1.1 503 "));
  client.Close();
  TestClient next = site.Connect();  // waits for the pause to be over
  next.Send(kGet);
  const std::string answer = next.ReadResponse();
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 ") || answer.empty()) << answer;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LT(ProcessCpuSeconds() - cpu, 0.05 + took.count() / 2);
}

TEST(Acceptor, OutOfDescriptorsTheReserveServesWhenAskedTo) {
  Site site;
  ASSERT_TRUE(site.Listen({.addresses = {Address::Tcp("127.0.0.1", 0)}, .serve_from_reserve = true}).ok());
  ASSERT_TRUE(Answers(site.Connect()));
  const FewDescriptors limit(1);
  for (int i = 0; i < 2; ++i) {
    TestClient client = site.Connect();
    ASSERT_TRUE(client.open());
    client.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(absl::StrContains(client.ReadResponse(), "loop 0")) << i;
    EXPECT_EQ(client.WaitForEnd(), End::kFin);
    client.Close();
  }
}

}  // namespace
}  // namespace penstock::http
