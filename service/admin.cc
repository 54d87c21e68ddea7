#include "service/admin.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/optional.hpp>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

namespace penstock::service {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Protocol = asio::generic::stream_protocol;
using Stream = beast::basic_stream<Protocol>;

// A probe or scrape that takes longer has gone away.
constexpr std::chrono::seconds kRequestTime{10};
// Heads of probes are a few lines.
constexpr uint32_t kMaxHeadBytes = 8 * 1024;
// Enough for every prober of a cluster at once; more wait in the kernel's queue.
constexpr int kMaxConnections = 64;
constexpr std::chrono::milliseconds kAcceptPause{100};

struct Reply {
  http::status status = http::status::ok;
  const char* type = "text/plain; charset=utf-8";
  std::string body;
};

Reply ReplyTo(const AdminView& view, http::verb method, const std::string& path) {
  if (path != "/livez" && path != "/readyz" && path != "/metrics") {
    return {http::status::not_found, "text/plain", "the admin port has /livez, /readyz and /metrics\n"};
  }
  if (method != http::verb::get && method != http::verb::head) {
    return {http::status::method_not_allowed, "text/plain", "the admin port is read with GET\n"};
  }
  if (path == "/metrics") {
    return {http::status::ok, "text/plain; version=0.0.4; charset=utf-8", view.metrics()};
  }
  if (path == "/readyz" && !view.ready()) return {http::status::service_unavailable, "text/plain", "shutting down\n"};
  return {http::status::ok, "text/plain", "ok\n"};
}

// One connection. Keeps itself alive through its handlers.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Protocol::socket socket, const AdminView& view, std::function<void()> over)
      : stream_(std::move(socket)), view_(view), over_(std::move(over)) {}
  ~Session() { over_(); }

  void Read() {
    parser_.emplace();
    parser_->header_limit(kMaxHeadBytes);
    parser_->body_limit(0);
    stream_.expires_after(kRequestTime);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, size_t) {
      if (!error) self->Answer();
    });
  }

 private:
  void Answer() {
    const auto& request = parser_->get();
    const std::string target(request.target().data(), request.target().size());
    Reply reply = ReplyTo(view_, request.method(), target.substr(0, target.find('?')));
    const bool head_only = request.method() == http::verb::head;
    response_ = {};
    response_.version(request.version());
    response_.result(reply.status);
    response_.set(http::field::content_type, reply.type);
    response_.set(http::field::cache_control, "no-store");
    if (reply.status == http::status::method_not_allowed) response_.set(http::field::allow, "GET, HEAD");
    response_.keep_alive(request.keep_alive());
    response_.content_length(reply.body.size());
    if (!head_only) response_.body() = std::move(reply.body);
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, size_t) {
      if (!error && self->response_.keep_alive()) self->Read();
    });
  }

  Stream stream_;
  const AdminView& view_;
  const std::function<void()> over_;
  beast::flat_buffer buffer_;
  boost::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
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

  beast::error_code Listen(const config::ListenAddress& address, std::string* chosen) {
    beast::error_code error;
    Protocol::endpoint endpoint;
    if (address.kind == config::Address::Kind::kUnix) {
      endpoint = asio::local::stream_protocol::endpoint(address.path);
    } else {
      asio::ip::tcp::resolver resolver(io_);
      const auto found = resolver.resolve(address.host.empty() ? "::" : address.host, std::to_string(address.port),
                                          asio::ip::resolver_base::passive, error);
      if (error) return error;
      endpoint = found.begin()->endpoint();
    }
    acceptor_.open(endpoint.protocol(), error);
    const bool is_tcp = address.kind == config::Address::Kind::kTcp;
    if (!error && is_tcp) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return error;
    config::ListenAddress picked = address;
    if (is_tcp) {
      if (picked.host.empty()) picked.host = "0.0.0.0";
      picked.port = PortOf(acceptor_.local_endpoint());
    } else {
      unix_path_ = address.path;
    }
    *chosen = config::PrintAddress(picked);
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
    acceptor_.async_accept([this](beast::error_code error, Protocol::socket socket) {
      accepting_ = false;
      if (error == asio::error::operation_aborted) return;
      if (error) return AcceptLater();
      ++connections_;
      std::make_shared<Session>(std::move(socket), view_, [this] { OnSessionOver(); })->Read();
      if (connections_ < kMaxConnections) Accept();
    });
  }

  // Out of descriptors, most likely: asking again at once would spin.
  void AcceptLater() {
    retry_.expires_after(kAcceptPause);
    retry_.async_wait([this](beast::error_code error) {
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

absl::StatusOr<std::unique_ptr<Admin>> Admin::Start(const config::ListenAddress& address, AdminView view) {
  auto impl = std::make_unique<Impl>(std::move(view));
  std::string chosen;
  const beast::error_code error = impl->Listen(address, &chosen);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", config::PrintAddress(address), ": ",
                                               error.message(),
                                               "; end what uses it or choose another with --admin-listen"));
  }
  impl->Run();
  return std::unique_ptr<Admin>(new Admin(std::move(impl), std::move(chosen)));
}

Admin::Admin(std::unique_ptr<Impl> impl, std::string address) : impl_(std::move(impl)), address_(std::move(address)) {}

Admin::~Admin() = default;

}  // namespace penstock::service
