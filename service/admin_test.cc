#include "service/admin.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace penstock::service {
namespace {

using boost::asio::ip::tcp;

class AdminTest : public testing::Test {
 protected:
  void SetUp() override {
    auto admin = Admin::Start(net::ParseListenAddress("127.0.0.1:0").value(),
                              {AdminLiveness(),
                               AdminReadiness([this] { return Reasons(); }),
                               {"/metrics", kPrometheusText, [](const auto& done) { done({"ticks 7\n"}); }}});
    ASSERT_TRUE(admin.ok()) << admin.status();
    admin_ = *std::move(admin);
  }

  tcp::socket Connect() {
    tcp::socket socket(io_);
    const std::string& address = admin_->address();
    const int port = std::stoi(address.substr(address.rfind(':') + 1));
    socket.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)));
    return socket;
  }
  // All that comes until the other side closes.
  static std::string ReadAll(tcp::socket& socket) {
    boost::system::error_code error;
    std::string reply;
    boost::asio::read(socket, boost::asio::dynamic_buffer(reply), error);
    return reply;
  }
  // Sends `request` on a connection of its own and returns the reply.
  std::string Exchange(const std::string& request) {
    tcp::socket socket = Connect();
    boost::system::error_code error;
    boost::asio::write(socket, boost::asio::buffer(request), error);
    socket.shutdown(tcp::socket::shutdown_send, error);
    return ReadAll(socket);
  }
  std::string Get(const std::string& path) {
    return Exchange("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }

  // Asked on the admin thread.
  std::vector<std::string> Reasons() const {
    if (ready_.load()) return {};
    return {"shutting down"};
  }

  boost::asio::io_context io_;
  std::atomic<bool> ready_{true};
  std::unique_ptr<Admin> admin_;
};

bool StartsWith(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }
bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

TEST_F(AdminTest, Answers) {
  EXPECT_TRUE(StartsWith(Get("/livez"), "HTTP/1.1 200 "));
  EXPECT_TRUE(StartsWith(Get("/readyz?verbose"), "HTTP/1.1 200 "));
  const std::string metrics = Get("/metrics");
  EXPECT_TRUE(StartsWith(metrics, "HTTP/1.1 200 ")) << metrics;
  EXPECT_TRUE(EndsWith(metrics, "\r\n\r\nticks 7\n")) << metrics;
  EXPECT_TRUE(StartsWith(Get("/"), "HTTP/1.1 404 "));
}

TEST_F(AdminTest, NotReadyIsLiveAllTheSame) {
  ready_ = false;
  EXPECT_TRUE(StartsWith(Get("/readyz"), "HTTP/1.1 503 "));
  EXPECT_TRUE(StartsWith(Get("/livez"), "HTTP/1.1 200 "));
}

TEST_F(AdminTest, HeadHasNoBodyAndOtherMethodsAreRefused) {
  const std::string head = Exchange("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(EndsWith(head, "\r\n\r\n")) << head;
  EXPECT_NE(head.find("Content-Length: 8\r\n"), std::string::npos) << head;
  const std::string post =
      Exchange("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(StartsWith(post, "HTTP/1.1 405 ")) << post;
}

TEST_F(AdminTest, WhatIsLeftUnreadDoesNotEatTheReply) {
  const std::string reply =
      Exchange("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n" + std::string(9'000, 'x'));
  EXPECT_TRUE(StartsWith(reply, "HTTP/1.1 405 ")) << reply;
}

TEST_F(AdminTest, WhatIsNoRequestIsRefused) {
  EXPECT_TRUE(StartsWith(Exchange("nonsense\r\n\r\n"), "HTTP/1.1 400 "));
  EXPECT_TRUE(StartsWith(Exchange("GET /livez HTTP/2\r\n\r\n"), "HTTP/1.1 400 "));
  EXPECT_TRUE(
      StartsWith(Exchange("GET /livez HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"), "HTTP/1.1 431 "))
      << "a head this long is no probe's";
  EXPECT_TRUE(StartsWith(Get("/livez"), "HTTP/1.1 200 "));
}

TEST_F(AdminTest, OneConnectionTooManyIsRefusedUntilAnotherEnds) {
  std::vector<tcp::socket> idle;
  while (idle.size() < Admin::kMaxConnections) idle.push_back(Connect());
  EXPECT_TRUE(StartsWith(Get("/livez"), "HTTP/1.1 503 "));
  idle.pop_back();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!StartsWith(Get("/livez"), "HTTP/1.1 200 ")) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST_F(AdminTest, TheEndClosesWhatIsOpen) {
  tcp::socket socket = Connect();
  EXPECT_TRUE(StartsWith(Get("/livez"), "HTTP/1.1 200 ")) << "the connection before it has been taken, too";
  admin_.reset();
  EXPECT_EQ(ReadAll(socket), "");
}

TEST_F(AdminTest, ABusyPortIsNamedWithTheReason) {
  const auto second = Admin::Start(net::ParseListenAddress(admin_->address()).value(), {});
  ASSERT_FALSE(second.ok());
  const std::string message(second.status().message());
  for (const std::string& part : {admin_->address(), std::string("in use"), std::string("--admin-listen")}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
  }
}

}  // namespace
}  // namespace penstock::service
