// The protocols that a server speaks on one port, and which of them a request is spoken in. Immutable, shared by all
// threads.
//
//   const Protocol& protocol = protocols.Of(head);
#ifndef PENSTOCK_GATEWAY_PROTOCOL_PROTOCOL_SET_H_
#define PENSTOCK_GATEWAY_PROTOCOL_PROTOCOL_SET_H_

#include <memory>
#include <utility>
#include <vector>

#include "gateway/base/check.h"
#include "gateway/protocol/protocol.h"

namespace penstock {

class ProtocolSet {
 public:
  // In order of precedence; the last takes what no other claims. REQUIRES: there is one.
  explicit ProtocolSet(std::vector<std::unique_ptr<const Protocol>> protocols) : protocols_(std::move(protocols)) {
    PENSTOCK_CHECK(!protocols_.empty());
  }

  const Protocol& Of(const http::RequestHead& head) const {
    for (const auto& protocol : protocols_) {
      if (protocol->Claims(head)) return *protocol;
    }
    return *protocols_.back();
  }

 private:
  std::vector<std::unique_ptr<const Protocol>> protocols_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_PROTOCOL_SET_H_
