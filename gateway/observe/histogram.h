// How often durations fell below which bounds: a Prometheus histogram, for one thread.
#ifndef PENSTOCK_GATEWAY_OBSERVE_HISTOGRAM_H_
#define PENSTOCK_GATEWAY_OBSERVE_HISTOGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace penstock::observe {

class Histogram {
 public:
  // Seconds. Fine where a call is, coarse where a stream is: an hour and more is what streams are for.
  static constexpr std::array<double, 14> kBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                     1,     2.5,  5,     10,   60,  600,  3600};

  void Observe(double seconds) {
    size_t at = 0;
    while (at < kBounds.size() && seconds > kBounds[at]) ++at;
    ++counts_[at];
    sum_ += seconds;
  }

  void Add(const Histogram& other) {
    for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    sum_ += other.sum_;
  }

  double sum() const { return sum_; }
  uint64_t count() const { return CountUpTo(kBounds.size()); }
  // Observations at or below kBounds[i], those below smaller bounds with them; at kBounds.size(): all.
  uint64_t CountUpTo(size_t i) const {
    uint64_t count = 0;
    for (size_t at = 0; at <= i; ++at) count += counts_[at];
    return count;
  }

 private:
  std::array<uint64_t, kBounds.size() + 1> counts_{};
  double sum_ = 0;
};

}  // namespace penstock::observe

#endif  // PENSTOCK_GATEWAY_OBSERVE_HISTOGRAM_H_
