// penstock.tick.v1.TickService on completion queues: the calls over the schedule.
//
// A TickWorker is one thread's share: a ServerCompletionQueue, a TickSchedule and the calls that gRPC gave this queue.
// Its thread polls, fires what is due and writes, between two looks at the queue, so a call is never touched by two
// threads. At most one write of a stream is out: its completion is what "sent" means to the schedule.
//
//   TickRpc rpc;                                         // registered with the grpc::ServerBuilder
//   TickWorker worker(&rpc, builder.AddCompletionQueue(), {.max_streams = 100'000}, &total);
//   std::thread thread([&] { worker.Run(); });           // after BuildAndStart()
//   worker.Drain(absl::Seconds(25));                     // any thread: streams end, spread over the window
//   worker.Stop();                                       // after grpc::Server::Shutdown() has returned
#ifndef PENSTOCK_SERVICE_TICK_SERVICE_H_
#define PENSTOCK_SERVICE_TICK_SERVICE_H_

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "penstock/tick/v1/tick.grpc.pb.h"
#include "service/tick_schedule.h"
#include "service/tick_wire.h"

namespace penstock::service {

// The service as gRPC's registry sees it (reflection included), with its one method asynchronous and its answers
// WireTicks.
class TickRpc final : public penstock::tick::v1::TickService::Service {
 public:
  TickRpc() { MarkMethodAsync(kSubscribe); }

  void RequestSubscribe(grpc::ServerContext* context, penstock::tick::v1::Message* request,
                        grpc::ServerAsyncWriter<WireTick>* writer, grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncServerStreaming(kSubscribe, context, request, writer, queue, queue, tag);
  }

 private:
  static constexpr int kSubscribe = 0;  // the method's place in the service
};

// What a worker has done so far. Written by its thread, read by any.
struct TickCounters {
  static constexpr size_t kCodes = 17;  // grpc::StatusCode, OK to UNAUTHENTICATED

  std::atomic<uint64_t> streams_started{0};
  std::atomic<uint64_t> ticks_sent{0};
  std::atomic<uint64_t> ticks_skipped{0};
  std::array<std::atomic<uint64_t>, kCodes> streams_ended{};  // by status code
};

struct TickLimits {
  // Streams of all workers together; one costs some 15 KB, most of it gRPC's.
  int64_t max_streams = 100'000;
};

class TickWorker {
 public:
  // Calls that wait for a client at any time. One would do, as gRPC keeps what it cannot match; a few let a burst of
  // new streams be taken in without a turn of the loop for each.
  static constexpr int kWaitingCalls = 16;
  // How long a stream that is to end may take to be rid of its last bytes before it is reset.
  static constexpr absl::Duration kLastBytesTime = absl::Seconds(1);
  // When a client whose stream ended for a shutdown is told to come back.
  static constexpr int64_t kRetryMs = 1'000;

  // `rpc` and `open_streams` must outlive the worker. `open_streams` counts the streams of all workers and is notified
  // when it falls to 0.
  TickWorker(TickRpc* rpc, std::unique_ptr<grpc::ServerCompletionQueue> queue, TickLimits limits,
             std::atomic<int64_t>* open_streams);
  ~TickWorker();
  TickWorker(const TickWorker&) = delete;
  TickWorker& operator=(const TickWorker&) = delete;

  // Serves until Stop(). Call once, when the server has been started, on the thread that is to be the worker's.
  void Run();

  // Ends all streams with UNAVAILABLE, evenly over `window` from now; what a client does not take in is reset
  // kLastBytesTime after it. A second call with a shorter window hurries. Any thread, not two at a time, not after
  // Stop().
  void Drain(absl::Duration window);

  // Makes Run() return once the last call is gone. Any thread, once. REQUIRES: the server's Shutdown() has returned.
  void Stop();

  const TickCounters& counters() const { return counters_; }

 private:
  class Call;
  struct Connection;
  struct Tag;

  void Serve();
  void CloseQueue();
  void WaitForCall();
  void Handle(const Tag& tag, bool ok);
  void OnAccepted(Call* call, bool ok);
  void OnWritten(Call* call, bool ok);
  void OnDone(Call* call);
  void Start(Call* call);
  void Finish(Call* call, const grpc::Status& status);
  // Takes `call` out of the schedule; it ends with UNAVAILABLE as soon as its unsent tick has left.
  void EndForShutdown(Call* call);
  void DeleteIfOver(Call* call);
  void JoinConnection(Call* call);
  void LeaveConnection(Call* call);
  // From a connection's second write in a round on, its writes are held together until the round's end.
  void CountWrite(Connection* connection);
  void FireDue(int64_t now_ns);
  // Ends the streams whose turn it is; returns when the next one's comes.
  int64_t DrainDue(int64_t now_ns);
  void StartDrain(int64_t now_ns, int64_t by_ns);
  void ResetAll();

  TickRpc* const rpc_;
  const TickLimits limits_;
  std::atomic<int64_t>* const open_streams_;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  TickCounters counters_;

  // Orders from other threads, and what wakes the queue for them: an alarm can be set once.
  static constexpr int64_t kNotDraining = TickSchedule::kNever;
  std::atomic<int64_t> drain_by_ns_{kNotDraining};
  std::array<grpc::Alarm, 3> alarms_;
  size_t alarms_used_ = 0;

  // The worker's thread only.
  bool ran_ = false;
  bool stopping_ = false;
  TickSchedule schedule_;
  std::vector<Call*> calls_;  // accepted and not over yet; each knows its place
  absl::flat_hash_map<std::string, std::unique_ptr<Connection>> connections_;  // by peer
  uint64_t round_ = 0;                                                         // of firing
  std::vector<int> corked_;                                                    // sockets, in this round
  int64_t draining_by_ns_ = kNotDraining;
  int64_t next_ending_ns_ = 0;
  int64_t ending_step_ns_ = 0;
  size_t endings_left_ = 0;  // calls_[0, endings_left_) have not been told to end
  bool reset_all_ = false;
};

}  // namespace penstock::service

#endif  // PENSTOCK_SERVICE_TICK_SERVICE_H_
