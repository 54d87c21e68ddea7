// The limit of time that a connection or a stream is under, one at a time, and whether its client takes what waits for
// it too slowly. Pure: it says what its owner's timer is to do.
//
//   if (deadline_.Set(wanted)) context.Arm(timer, deadline_);            // whenever something may have changed
//   deadline_.Took(bytes);                                               // whenever the client took some
//   if (deadline_.Expire() == SessionDeadline::Kind::kSlow && …TooSlow)  // when the timer fires
#ifndef PENSTOCK_GATEWAY_HTTP_SESSION_DEADLINE_H_
#define PENSTOCK_GATEWAY_HTTP_SESSION_DEADLINE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "absl/types/optional.h"
#include "gateway/http/session_options.h"

namespace penstock::http {

class SessionDeadline {
 public:
  enum class Kind : uint8_t {
    kNone,
    kIdle,    // a request is to begin
    kHeader,  // its head is to be complete
    kBody,    // some of its body is to come
    kSlow,    // the client is to take what waits for it, fast enough
    kDrain,   // the client is to have seen that no new requests are wanted
    kLinger,  // the client is to close, after the last answer
  };

  // How long a draining HTTP/2 connection waits for the client to have seen the first GOAWAY.
  static constexpr std::chrono::milliseconds kDrainNotice{1'000};

  // The limit is `wanted` from here on. One that runs goes on, unless it is to begin `anew`. True: its time begins now,
  // or there is none any more.
  bool Set(Kind wanted, bool anew = false) {
    if (wanted == kind_ && !anew) return false;
    kind_ = wanted;
    taken_ = 0;
    return true;
  }

  // The time is over: says of what. From here on there is no limit.
  Kind Expire() {
    const Kind expired = kind_;
    kind_ = Kind::kNone;
    return expired;
  }

  // How long the limit is; absent: there is none.
  absl::optional<std::chrono::milliseconds> Limit(const SessionOptions& options) const;

  // The client took `bytes`.
  void Took(size_t bytes) { taken_ += bytes; }
  // Whether it has taken too little since the limit began, which was kSlow.
  bool TooSlow(const SessionOptions& options) const { return IsTooSlow(taken_, options); }

  // Whether that many bytes are too few for a time of kSlow.
  static bool IsTooSlow(uint64_t bytes, const SessionOptions& options);

 private:
  // Eight bytes: every stream has one.
  uint64_t taken_ : 56 = 0;
  Kind kind_ : 8 = Kind::kNone;
};
static_assert(sizeof(SessionDeadline) == sizeof(uint64_t));

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_SESSION_DEADLINE_H_
