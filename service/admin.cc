#include "service/admin.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace penstock::service {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;

// A probe or scrape that takes longer has gone away.
constexpr std::chrono::seconds kConnectionTime{10};
// Heads of probes are a few lines.
constexpr size_t kMaxHeadBytes = 8 * 1024;
// Enough for every prober of a cluster at once; more wait in the kernel's queue.
constexpr int kMaxConnections = 64;
constexpr std::chrono::milliseconds kAcceptPause{100};

std::string Reply(const std::string& status, const std::string& type, const std::string& body, bool head_only) {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Type: ", type, "\r\nContent-Length: ", body.size(),
                      "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n", head_only ? "" : body);
}

// The answer to a request line ("GET /livez HTTP/1.1"). Of the rest of the head nothing matters here.
std::string Answer(const AdminView& view, const std::string& request_line) {
  constexpr char kText[] = "text/plain; charset=utf-8";
  const std::vector<std::string> words = absl::StrSplit(request_line, ' ');
  if (words.size() != 3 || words[2].rfind("HTTP/1.", 0) != 0) return Reply("400 Bad Request", kText, "", false);
  const std::string path = words[1].substr(0, words[1].find('?'));
  const bool head_only = words[0] == "HEAD";
  if (path != "/livez" && path != "/readyz" && path != "/metrics") {
    return Reply("404 Not Found", kText, "the admin port has /livez, /readyz and /metrics\n", head_only);
  }
  if (words[0] != "GET" && !head_only) {
    return Reply("405 Method Not Allowed\r\nAllow: GET, HEAD", kText, "the admin port is read with GET\n", false);
  }
  if (path == "/metrics") return Reply("200 OK", "text/plain; version=0.0.4; charset=utf-8", view.metrics(), head_only);
  if (path == "/readyz" && !view.ready()) {
    return Reply("503 Service Unavailable", kText, "shutting down\n", head_only);
  }
  return Reply("200 OK", kText, "ok\n", head_only);
}

// One connection, one request. Keeps itself alive through its handlers.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Protocol::socket socket, const AdminView& view, std::function<void()> over)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), view_(view), over_(std::move(over)) {}
  ~Session() { over_(); }

  void Run() {
    timer_.expires_after(kConnectionTime);
    timer_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      error_code ignored;
      if (!error && self != nullptr) self->socket_.close(ignored);
    });
    asio::async_read_until(socket_, asio::dynamic_buffer(head_, kMaxHeadBytes), "\r\n\r\n",
                           [self = shared_from_this()](error_code error, size_t) {
                             if (!error) self->OnHead();
                           });
  }

 private:
  void OnHead() {
    reply_ = Answer(view_, head_.substr(0, head_.find("\r\n")));
    asio::async_write(socket_, asio::buffer(reply_), [self = shared_from_this()](error_code error, size_t) {
      error_code ignored;
      self->socket_.shutdown(asio::socket_base::shutdown_send, ignored);
      if (!error) self->Linger();
    });
  }

  // Closing with something unread would reset the connection, and the reply with it.
  void Linger() {
    head_.resize(kMaxHeadBytes);
    socket_.async_read_some(asio::buffer(head_), [self = shared_from_this()](error_code error, size_t) {
      if (!error) self->Linger();
    });
  }

  Protocol::socket socket_;
  asio::steady_timer timer_;
  const AdminView& view_;
  const std::function<void()> over_;
  std::string head_;
  std::string reply_;
};

}  // namespace

class Admin::Impl {
 public:
  explicit Impl(AdminView view) : view_(std::move(view)) {}

  ~Impl() {
    stopping_ = true;
    io_.stop();
    if (thread_.joinable()) thread_.join();
    if (!unix_path_.empty()) unlink(unix_path_.c_str());
  }

  error_code Listen(const net::ListenAddress& address, std::string* chosen) {
    error_code error;
    Protocol::endpoint endpoint;
    if (address.kind == net::Address::Kind::kUnix) {
      endpoint = asio::local::stream_protocol::endpoint(address.path);
    } else {
      asio::ip::tcp::resolver resolver(io_);
      const auto found = resolver.resolve(address.host.empty() ? "::" : address.host, std::to_string(address.port),
                                          asio::ip::resolver_base::passive, error);
      if (error) return error;
      endpoint = found.begin()->endpoint();
    }
    acceptor_.open(endpoint.protocol(), error);
    const bool is_tcp = address.kind == net::Address::Kind::kTcp;
    if (!error && is_tcp) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return error;
    net::ListenAddress picked = address;
    if (is_tcp) {
      if (picked.host.empty()) picked.host = "0.0.0.0";
      picked.port = PortOf(acceptor_.local_endpoint());
    } else {
      unix_path_ = address.path;
    }
    *chosen = net::PrintAddress(picked);
    return {};
  }

  void Run() {
    Accept();
    thread_ = std::thread([this] { io_.run(); });
  }

 private:
  static uint16_t PortOf(const Protocol::endpoint& endpoint) {
    asio::ip::tcp::endpoint tcp;
    std::memcpy(tcp.data(), endpoint.data(), std::min(endpoint.size(), tcp.capacity()));
    return tcp.port();
  }

  void Accept() {
    accepting_ = true;
    acceptor_.async_accept([this](error_code error, Protocol::socket socket) {
      accepting_ = false;
      if (error == asio::error::operation_aborted) return;
      if (error) return AcceptLater();
      ++connections_;
      std::make_shared<Session>(std::move(socket), view_, [this] { OnSessionOver(); })->Run();
      if (connections_ < kMaxConnections) Accept();
    });
  }

  // Out of descriptors, most likely: asking again at once would spin.
  void AcceptLater() {
    retry_.expires_after(kAcceptPause);
    retry_.async_wait([this](error_code error) {
      if (!error && !accepting_) Accept();
    });
  }

  void OnSessionOver() {
    --connections_;
    if (!accepting_ && !stopping_) Accept();
  }

  const AdminView view_;
  int connections_ = 0;
  bool accepting_ = false;
  std::atomic<bool> stopping_{false};
  std::string unix_path_;
  // Destroyed first, and with it the sessions, which count themselves out above.
  asio::io_context io_{1};
  asio::basic_socket_acceptor<Protocol> acceptor_{io_};
  asio::steady_timer retry_{io_};
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<Admin>> Admin::Start(const net::ListenAddress& address, AdminView view) {
  auto impl = std::make_unique<Impl>(std::move(view));
  std::string chosen;
  const error_code error = impl->Listen(address, &chosen);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", net::PrintAddress(address), ": ", error.message(),
                                               "; end what uses it or choose another with --admin-listen"));
  }
  impl->Run();
  return std::unique_ptr<Admin>(new Admin(std::move(impl), std::move(chosen)));
}

Admin::Admin(std::unique_ptr<Impl> impl, std::string address) : impl_(std::move(impl)), address_(std::move(address)) {}

Admin::~Admin() = default;

}  // namespace penstock::service
