#include "gateway/http/acceptor.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace penstock::http {
namespace {

net::UniqueFd OpenReserve() { return net::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

constexpr absl::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
constexpr absl::string_view kTooManyOfAnAddress =
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

// No session for it: one write without waiting, and its descriptor is free at once. So whoever comes in crowds costs
// nobody else's place, and may see a reset instead of the answer if its request is here already.
void TurnAway(net::UniqueFd socket, absl::string_view answer) {
  const ssize_t ignored = ::send(socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  static_cast<void>(ignored);
}

bool OutOfDescriptors(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

absl::Status Unusable(const net::Address& address, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("cannot listen on \"", net::PrintAddress(address), "\": ", why));
}

absl::Status Failed(const net::Address& address, int error) {
  const std::string cannot = absl::StrCat("cannot listen on ", net::PrintAddress(address), ": ");
  if (error == EADDRINUSE) {
    return absl::AlreadyExistsError(absl::StrCat(cannot,
                                                 "the address is in use. Stop what listens there, or choose another "
                                                 "address (port 0 picks a free one)."));
  }
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(
        absl::StrCat(cannot, "permission denied. Choose a port above 1023, or a folder that this user may write to."));
  }
  return absl::UnavailableError(absl::StrCat(cannot, std::strerror(error), ". Choose an address of this machine."));
}

absl::StatusOr<net::UniqueFd> BindTo(const net::Address& address, const addrinfo& where) {
  net::UniqueFd fd(::socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return Failed(address, errno);
  // A restart must not wait for the connections of the last run. Never SO_REUSEPORT: a busy port must be an error.
  const int on = 1;
  const int v6_only = address.host.empty() ? 0 : 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (where.ai_family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
  if (::bind(fd.get(), where.ai_addr, where.ai_addrlen) != 0) return Failed(address, errno);
  if (::listen(fd.get(), SOMAXCONN) != 0) return Failed(address, errno);
  return fd;
}

absl::StatusOr<net::UniqueFd> BindTcp(const net::Address& address) {
  const std::string port = absl::StrCat(address.port);
  const bool any = address.host.empty();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_family = any ? AF_INET6 : AF_UNSPEC;
  for (;;) {
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(any ? nullptr : address.host.c_str(), port.c_str(), &hints, &found);
    if (error != 0)
      return Unusable(address, absl::StrCat(::gai_strerror(error), ". Write an address of this machine."));
    absl::StatusOr<net::UniqueFd> fd = BindTo(address, *found);
    ::freeaddrinfo(found);
    // A kernel without IPv6 still has every IPv4 address.
    if (fd.ok() || absl::IsAlreadyExists(fd.status()) || !any || hints.ai_family == AF_INET) return fd;
    hints.ai_family = AF_INET;
  }
}

// A socket file that nobody listens on is what a killed process left behind. Anything else is not ours to remove.
void RemoveStale(const sockaddr_un& where) {
  struct stat info;
  if (::lstat(where.sun_path, &info) != 0 || !S_ISSOCK(info.st_mode)) return;
  const net::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const bool refused =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0 && errno == ECONNREFUSED;
  if (refused) ::unlink(where.sun_path);
}

absl::StatusOr<net::UniqueFd> BindUnix(const net::Address& address) {
  sockaddr_un where{};
  static_assert(sizeof(where.sun_path) == net::kMaxUnixPathBytes + 1);
  if (address.path.empty() || address.path.size() > net::kMaxUnixPathBytes) {
    return Unusable(address, absl::StrCat("a socket's path has 1 to ", net::kMaxUnixPathBytes, " bytes"));
  }
  where.sun_family = AF_UNIX;
  address.path.copy(where.sun_path, net::kMaxUnixPathBytes);
  RemoveStale(where);
  net::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return Failed(address, errno);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0) return Failed(address, errno);
  if (::listen(fd.get(), SOMAXCONN) != 0) return Failed(address, errno);
  return fd;
}

// What the kernel made of `asked`.
net::Address Chosen(int fd, const net::Address& asked) {
  if (asked.is_unix()) return asked;
  sockaddr_storage where{};
  socklen_t size = sizeof(where);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size);
  char host[NI_MAXHOST] = "";
  ::getnameinfo(reinterpret_cast<sockaddr*>(&where), size, host, sizeof(host), nullptr, 0, NI_NUMERICHOST);
  const in_port_t port = where.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(where).sin6_port
                                                     : reinterpret_cast<const sockaddr_in&>(where).sin_port;
  return net::Address::Tcp(host, ntohs(port));
}

}  // namespace

// One listening socket, and its waits. Kept alive by them, so that closing it is safe at any time.
class Acceptor::ListeningSocket : public std::enable_shared_from_this<Acceptor::ListeningSocket> {
 public:
  ListeningSocket(Acceptor& owner, net::UniqueFd fd, std::string unix_path)
      : owner_(&owner),
        socket_(owner.loop_.io(), fd.release()),
        pause_(owner.loop_.io()),
        unix_path_(std::move(unix_path)) {
    struct stat info;
    if (!unix_path_.empty() && ::lstat(unix_path_.c_str(), &info) == 0) inode_ = info.st_ino;
  }

  void Wait() {
    if (!socket_.is_open()) return;
    socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         if (!error) self->Accept();
                       });
  }

  // The next connection and its other end; else errno says why there is none.
  net::UniqueFd Take(sockaddr_storage* peer) {
    socklen_t size = sizeof *peer;
    *peer = {};
    return net::UniqueFd(
        ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  }

  void Close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    pause_.cancel();
    struct stat info;
    // Only the file that is ours: another process may have taken the path since.
    if (inode_ != 0 && ::lstat(unix_path_.c_str(), &info) == 0 && info.st_ino == inode_) ::unlink(unix_path_.c_str());
    inode_ = 0;
  }

 private:
  void Accept() {
    for (int i = 0; i < kAcceptsATurn && socket_.is_open(); ++i) {
      if (owner_->Full(kRefusalsAtOnce)) return Pause();
      sockaddr_storage peer;
      if (net::UniqueFd fd = Take(&peer)) {
        owner_->Place(std::move(fd), peer);
      } else if (OutOfDescriptors(errno)) {
        owner_->AcceptFromReserve(*this);
        return Pause();
      } else if (errno == EAGAIN) {
        break;
      }  // else a connection that broke while it waited: the next
    }
    Wait();
  }

  void Pause() {
    pause_.expires_after(kPause);
    pause_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error || !self->socket_.is_open()) return;
      self->owner_->RefillReserve();
      self->Accept();
    });
  }

  Acceptor* const owner_;  // used only while the socket is open
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer pause_;
  const std::string unix_path_;
  ino_t inode_ = 0;
};

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Listen(net::Loop& loop, AcceptorOptions options,
                                                           std::vector<SessionSet*> sets) {
  std::unique_ptr<Acceptor> acceptor(new Acceptor(loop, std::move(options), std::move(sets)));
  for (const net::Address& address : acceptor->options_.addresses) {
    absl::StatusOr<net::UniqueFd> fd = address.is_unix() ? BindUnix(address) : BindTcp(address);
    if (!fd.ok()) return fd.status();
    acceptor->addresses_.push_back(Chosen(fd->get(), address));
    acceptor->listeners_.push_back(std::make_shared<ListeningSocket>(*acceptor, *std::move(fd), address.path));
  }
  return acceptor;
}

Acceptor::Acceptor(net::Loop& loop, AcceptorOptions options, std::vector<SessionSet*> sets)
    : loop_(loop),
      options_(std::move(options)),
      sets_(std::move(sets)),
      quota_(options_.max_connections_per_address == std::numeric_limits<size_t>::max()
                 ? nullptr
                 : std::make_shared<AddressQuota>(options_.max_connections_per_address)),
      reserve_(OpenReserve()) {
  if (!options_.serve_from_reserve) return;
  for (SessionSet* set : sets_) set->OnRemoved([this] { RefillReserve(); });
}

Acceptor::~Acceptor() {
  StopListening();
  if (!options_.serve_from_reserve) return;
  for (SessionSet* set : sets_) set->OnRemoved(nullptr);
}

void Acceptor::Start() {
  for (const std::shared_ptr<ListeningSocket>& listener : listeners_) {
    loop_.Post([listener] { listener->Wait(); });
  }
}

void Acceptor::StopListening() {
  for (const std::shared_ptr<ListeningSocket>& listener : listeners_) listener->Close();
  listeners_.clear();
}

bool Acceptor::Full(size_t allowance) const {
  size_t connections = 0;
  for (const SessionSet* set : sets_) connections += set->size();
  return connections >= options_.max_connections + allowance;
}

void Acceptor::Place(net::UniqueFd socket, const sockaddr_storage& peer) {
  AddressQuota::Place place;
  if (quota_ != nullptr) {
    absl::optional<AddressQuota::Place> taken = quota_->Take(peer);
    if (!taken) return TurnAway(std::move(socket), kTooManyOfAnAddress);
    place = *std::move(taken);
  }
  SessionSet* least = *std::min_element(sets_.begin(), sets_.end(),
                                        [](const SessionSet* a, const SessionSet* b) { return a->load() < b->load(); });
  if (Full(0)) {
    least->Refuse(std::move(socket));
  } else {
    least->Give(std::move(socket), std::move(place));
  }
}

void Acceptor::AcceptFromReserve(ListeningSocket& listener) {
  if (!reserve_) return;
  reserve_.reset();
  sockaddr_storage peer;
  net::UniqueFd socket = listener.Take(&peer);
  if (socket && options_.serve_from_reserve) return Place(std::move(socket), peer);  // refilled when one is free
  if (socket) TurnAway(std::move(socket), kBusy);
  RefillReserve();
}

void Acceptor::RefillReserve() {
  if (!reserve_) reserve_ = OpenReserve();
}

}  // namespace penstock::http
