// How many connections each client address has open, and that none has more than it may.
//
// Of IPv6 the first 64 bits count: a network hands them out as one, and each of its clients has all the rest. Unix
// sockets have no address and no bound.
//
//   auto quota = std::make_shared<AddressQuota>(100);
//   absl::optional<AddressQuota::Place> place = quota->Take(peer);   // absent: it has 100
//
// Any thread: connections come on one and go on others. Owned by shared_ptr, also by its places.
#ifndef PENSTOCK_GATEWAY_HTTP_ADDRESS_QUOTA_H_
#define PENSTOCK_GATEWAY_HTTP_ADDRESS_QUOTA_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/types/optional.h"
#include "gateway/base/mutex.h"

namespace penstock::http {

class AddressQuota : public std::enable_shared_from_this<AddressQuota> {
 public:
  // One connection's place; gives it back when it goes. Of one that is not counted it is empty.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept = default;
    Place& operator=(Place&& other) noexcept {
      std::swap(quota_, other.quota_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Place() {
      if (quota_ != nullptr) quota_->GiveBack(key_);
    }

   private:
    friend class AddressQuota;
    Place(std::shared_ptr<AddressQuota> quota, uint64_t key) : quota_(std::move(quota)), key_(key) {}

    std::shared_ptr<AddressQuota> quota_;
    uint64_t key_ = 0;
  };

  explicit AddressQuota(size_t most) : most_(most) {}

  // Absent: this address has as many as it may.
  absl::optional<Place> Take(const sockaddr_storage& peer);

  // Addresses that have connections.
  size_t addresses() const;

 private:
  void GiveBack(uint64_t key);

  const size_t most_;
  mutable Mutex mutex_;
  absl::flat_hash_map<uint64_t, size_t> open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_ADDRESS_QUOTA_H_
