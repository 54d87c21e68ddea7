// How many CPUs this process may use: its affinity mask, cut to the CPU quota of its cgroups (v2 and v1). A container
// with `cpu: 2` on a machine of 64 gets 2, where the mask alone says 64 and 64 threads would be throttled.
//
//   int threads = DefaultThreads(CpuCount());
//
// Call at start; any thread.
#ifndef PENSTOCK_GATEWAY_CONFIG_CPU_COUNT_H_
#define PENSTOCK_GATEWAY_CONFIG_CPU_COUNT_H_

#include "gateway/config/cgroup.h"

namespace penstock::config {

// More loops than this need a reason that only a measurement can give: `--threads` says so by hand.
inline constexpr int kMaxDefaultThreads = 8;

// CPUs of this process, from the kernel. At least 1.
int CpuCount();

// The same from `affinity_cpus` and the files of /proc/self/cgroup and /sys/fs/cgroup as `read_file` shows them. A
// quota of a part of a CPU counts as a whole one; the smallest quota on the way to the root holds; a file that is
// missing or unreadable as a quota sets no bound. At least 1.
int CpuCount(int affinity_cpus, const FileReader& read_file);

// `cpus`, at least 1 and at most kMaxDefaultThreads.
int DefaultThreads(int cpus);

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_CPU_COUNT_H_
