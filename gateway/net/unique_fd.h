// A file descriptor that closes itself. Movable; not shared.
#ifndef PENSTOCK_GATEWAY_NET_UNIQUE_FD_H_
#define PENSTOCK_GATEWAY_NET_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace penstock::net {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_UNIQUE_FD_H_
