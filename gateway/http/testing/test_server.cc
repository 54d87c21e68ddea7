#include "gateway/http/testing/test_server.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace penstock::http::testing {

TestClient TestServer::Connect(int receive_buffer) {
  const net::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  net::UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_buffer > 0) {
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  const bool connected = ::bind(listener.get(), raw, size) == 0 && ::listen(listener.get(), 1) == 0 &&
                         ::getsockname(listener.get(), raw, &size) == 0 && ::connect(client.get(), raw, size) == 0;
  if (!connected) return TestClient(net::UniqueFd());
  set_.Give(net::UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)));
  return TestClient(std::move(client));
}

}  // namespace penstock::http::testing
