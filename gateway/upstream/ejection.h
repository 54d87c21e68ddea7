// Whether an address is passed over for a while, because calls to it fail although it can be connected to: a process
// that has lost its database, a proxy with nobody behind it.
//
//        kFailuresInARow calls failed            Return()                     a call went well
//   kIn ───────────────────────────────▶ kOut ──────────▶ kOnProbation ───────────────────────▶ kIn
//                                          ▲                    │
//                                          └── the next failed ─┘  for longer each time
//
// So each stay costs one call, not another row of them. Pure: it keeps no time, its owner does.
#ifndef PENSTOCK_GATEWAY_UPSTREAM_EJECTION_H_
#define PENSTOCK_GATEWAY_UPSTREAM_EJECTION_H_

#include <algorithm>

#include "absl/time/time.h"

namespace penstock::upstream {

class Ejection {
 public:
  // Fewer could be chance, more are many failed calls.
  static constexpr int kFailuresInARow = 5;
  // Of the base time, which grows by itself with each stay: after ten an address is as good as gone.
  static constexpr int kMostTimes = 10;

  explicit Ejection(absl::Duration base) : base_(base) {}

  // A call ended. True: the address is out from here on; Return() is due after stay().
  bool OnCall(bool well) {
    if (state_ == State::kOut) return false;  // calls from before, or nobody else was left to call
    if (well) {
      Clear();
      return false;
    }
    if (state_ == State::kIn && ++failures_ < kFailuresInARow) return false;
    state_ = State::kOut;
    stays_ = std::min(stays_ + 1, kMostTimes);
    return true;
  }

  // The stay is over.
  void Return() {
    if (state_ == State::kOut) state_ = State::kOnProbation;
  }

  // Another process answers there now.
  void Clear() {
    state_ = State::kIn;
    failures_ = stays_ = 0;
  }

  bool out() const { return state_ == State::kOut; }
  absl::Duration stay() const { return base_ * stays_; }

 private:
  enum class State { kIn, kOut, kOnProbation };

  absl::Duration base_;
  State state_ = State::kIn;
  int failures_ = 0;  // in a row
  int stays_ = 0;     // in a row
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_EJECTION_H_
