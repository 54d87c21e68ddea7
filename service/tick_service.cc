#include "service/tick_service.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "service/rpc_status.h"
#include "service/socket_cork.h"
#include "service/subscription.h"

namespace penstock::service {
namespace {

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int64_t UnixNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// steady_clock and GPR_CLOCK_MONOTONIC are both CLOCK_MONOTONIC.
gpr_timespec Deadline(int64_t steady_ns) {
  if (steady_ns == TickSchedule::kNever) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  gpr_timespec deadline;
  deadline.tv_sec = steady_ns / 1'000'000'000;
  deadline.tv_nsec = static_cast<int32_t>(steady_ns % 1'000'000'000);
  deadline.clock_type = GPR_CLOCK_MONOTONIC;
  return deadline;
}

}  // namespace

// What comes out of the queue: which operation of which call has completed. Without a call: an alarm.
struct TickWorker::Tag {
  enum class Event { kWake, kStop, kAccepted, kWritten, kFinished, kDone };

  Event event = Event::kWake;
  Call* call = nullptr;
};

// One stream:
//
//   waiting ──accepted──▶ ticking ──last tick, fault, shutdown──▶ finishing ──▶ over
//                            └────────── client gone ───────────────────────────▲
//
// It is over, and deleted, when gRPC has said that the call is done and no operation of it is out.
class TickWorker::Call : public TickStream {
 public:
  Call() : writer(&context), request(std::make_unique<penstock::tick::v1::Message>()) {}

  Tag accepted{Tag::Event::kAccepted, this};
  Tag written{Tag::Event::kWritten, this};
  Tag finished{Tag::Event::kFinished, this};
  Tag done{Tag::Event::kDone, this};

  grpc::ServerContext context;
  Connection* connection = nullptr;
  grpc::ServerAsyncWriter<WireTick> writer;
  std::unique_ptr<penstock::tick::v1::Message> request;  // until it has been read
  TickText text;
  size_t place = 0;  // in calls_
  grpc::StatusCode ending = grpc::StatusCode::OK;
  bool writing = false;
  bool finishing = false;  // the status is on its way, with or without a tick
  bool gone = false;       // gRPC is done with the call
  bool told_to_end = false;
  bool finish_out = false;
};

// A client's connection, while it has streams here.
struct TickWorker::Connection {
  std::string peer;
  size_t streams = 0;
  int fd = -1;  // looked up when there is a second stream to join the first one's writes
  bool looked_up = false;
  uint64_t round = 0;       // the round of firing that last wrote to it,
  size_t round_writes = 0;  // and how often
};

TickWorker::TickWorker(TickRpc* rpc, std::unique_ptr<grpc::ServerCompletionQueue> queue, TickLimits limits,
                       std::atomic<int64_t>* open_streams)
    : rpc_(rpc), limits_(limits), open_streams_(open_streams), queue_(std::move(queue)), schedule_(NowNs()) {}

// gRPC insists that a queue is shut down and emptied, also that of a worker that never ran.
TickWorker::~TickWorker() {
  if (!ran_) CloseQueue();
}

void TickWorker::CloseQueue() {
  queue_->Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) Handle(*static_cast<Tag*>(tag), ok);
}

void TickWorker::Run() {
  ran_ = true;
  for (int i = 0; i < kWaitingCalls; ++i) WaitForCall();
  Serve();
  CloseQueue();
}

void TickWorker::Serve() {
  for (;;) {
    const int64_t now_ns = NowNs();
    if (schedule_.NextWake() <= now_ns) FireDue(now_ns);
    const int64_t wake_ns = std::min(schedule_.NextWake(), DrainDue(now_ns));
    if (stopping_ && calls_.empty()) return;
    void* tag = nullptr;
    bool ok = false;
    if (queue_->AsyncNext(&tag, &ok, Deadline(wake_ns)) == grpc::CompletionQueue::GOT_EVENT) {
      Handle(*static_cast<Tag*>(tag), ok);
    }
  }
}

void TickWorker::Drain(absl::Duration window) {
  // The earliest order holds: a hurry is not undone by the drain that it overtook.
  const int64_t by_ns = NowNs() + absl::ToInt64Nanoseconds(window);
  drain_by_ns_.store(std::min(by_ns, drain_by_ns_.load(std::memory_order_relaxed)), std::memory_order_release);
  static Tag wake;
  if (alarms_used_ + 1 < alarms_.size()) {
    alarms_[alarms_used_++].Set(queue_.get(), gpr_now(GPR_CLOCK_MONOTONIC), &wake);
  }
}

void TickWorker::Stop() {
  // The order travels in the queue itself: were it a flag, the worker could close the queue before the alarm is in it.
  static Tag stop{Tag::Event::kStop};
  alarms_.back().Set(queue_.get(), gpr_now(GPR_CLOCK_MONOTONIC), &stop);
}

void TickWorker::WaitForCall() {
  auto* call = new Call;
  call->context.AsyncNotifyWhenDone(&call->done);
  rpc_->RequestSubscribe(&call->context, call->request.get(), &call->writer, queue_.get(), &call->accepted);
}

void TickWorker::Handle(const Tag& tag, bool ok) {
  switch (tag.event) {
    case Tag::Event::kWake:
      return;
    case Tag::Event::kStop:
      stopping_ = true;
      return;
    case Tag::Event::kAccepted:
      return OnAccepted(tag.call, ok);
    case Tag::Event::kWritten:
      return OnWritten(tag.call, ok);
    case Tag::Event::kFinished:
      tag.call->finish_out = false;
      return DeleteIfOver(tag.call);
    case Tag::Event::kDone:
      return OnDone(tag.call);
  }
}

void TickWorker::OnAccepted(Call* call, bool ok) {
  if (!ok) {  // The server is shutting down; gRPC sends no `done` for a call that never was.
    delete call;
    return;
  }
  call->place = calls_.size();
  calls_.push_back(call);
  counters_.streams_started.fetch_add(1, std::memory_order_relaxed);
  const int64_t open = open_streams_->fetch_add(1, std::memory_order_relaxed);
  if (draining_by_ns_ != kNotDraining) {
    EndForShutdown(call);
    return;
  }
  WaitForCall();
  JoinConnection(call);
  if (open >= limits_.max_streams) {
    Finish(call, grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                              "the service has as many streams as --max-streams allows; try again later"));
    return;
  }
  Start(call);
}

void TickWorker::Start(Call* call) {
  TickPlan plan;
  const google::rpc::BadRequest faults = CheckSubscription(*call->request, &plan);
  if (faults.field_violations_size() > 0) {
    Finish(call, StatusWithDetail(grpc::StatusCode::INVALID_ARGUMENT, Describe(faults), faults));
  } else if (NothingLeft(plan)) {
    Finish(call, grpc::Status::OK);
  } else {
    call->text = TickText(call->request->message());
    schedule_.Add(call, plan, NowNs());
  }
  call->request.reset();
}

void TickWorker::JoinConnection(Call* call) {
  std::string peer = call->context.peer();
  std::unique_ptr<Connection>& connection = connections_[peer];
  if (connection == nullptr) {
    connection = std::make_unique<Connection>();
    connection->peer = std::move(peer);
  }
  call->connection = connection.get();
  if (++connection->streams == 2 && !connection->looked_up) {
    connection->looked_up = true;
    connection->fd = FindSocket(connection->peer);
  }
}

void TickWorker::LeaveConnection(Call* call) {
  if (call->connection != nullptr && --call->connection->streams == 0) connections_.erase(call->connection->peer);
}

void TickWorker::CountWrite(Connection* connection) {
  if (connection->round != round_) {
    connection->round = round_;
    connection->round_writes = 0;
  }
  if (++connection->round_writes != 2 || connection->fd < 0) return;
  SetCork(connection->fd, true);
  corked_.push_back(connection->fd);
}

void TickWorker::FireDue(int64_t now_ns) {
  const uint64_t skipped = schedule_.skipped();
  uint64_t sent = 0;
  ++round_;
  schedule_.Fire(now_ns, [&](TickStream* stream, uint64_t sequence, bool last) {
    auto* call = static_cast<Call*>(stream);
    CountWrite(call->connection);
    const WireTick tick{&call->text, UnixNanos(), sequence};
    call->writing = true;
    ++sent;
    if (last) {
      call->finishing = true;
      call->writer.WriteAndFinish(tick, grpc::WriteOptions(), grpc::Status::OK, &call->written);
    } else {
      call->writer.Write(tick, &call->written);
    }
  });
  for (const int fd : corked_) SetCork(fd, false);
  corked_.clear();
  counters_.ticks_sent.fetch_add(sent, std::memory_order_relaxed);
  counters_.ticks_skipped.fetch_add(schedule_.skipped() - skipped, std::memory_order_relaxed);
}

void TickWorker::OnWritten(Call* call, bool ok) {
  call->writing = false;
  const bool exhausted = schedule_.Sent(call);
  if (!ok || call->gone || call->finishing) {
    // The call is lost, or its status went with the tick: all that is left is to hear that it is done.
    schedule_.Remove(call);
  } else if (call->told_to_end) {
    EndForShutdown(call);
  } else if (exhausted) {
    Finish(call, grpc::Status::OK);
  }
  DeleteIfOver(call);
}

void TickWorker::OnDone(Call* call) {
  call->gone = true;
  schedule_.Remove(call);
  if (call->context.IsCancelled() && call->ending == grpc::StatusCode::OK) {
    call->ending = call->told_to_end ? grpc::StatusCode::UNAVAILABLE : grpc::StatusCode::CANCELLED;
  }
  DeleteIfOver(call);
}

void TickWorker::Finish(Call* call, const grpc::Status& status) {
  call->ending = status.error_code();
  call->finishing = true;
  call->finish_out = true;
  call->writer.Finish(status, &call->finished);
}

void TickWorker::EndForShutdown(Call* call) {
  call->told_to_end = true;
  schedule_.Remove(call);
  if (call->writing || call->finishing || call->gone) return;
  Finish(call, Unavailable("the service is shutting down; come back for the next sequence", kRetryMs));
}

void TickWorker::DeleteIfOver(Call* call) {
  if (!call->gone || call->writing || call->finish_out) return;
  counters_.streams_ended[static_cast<size_t>(call->ending)].fetch_add(1, std::memory_order_relaxed);
  LeaveConnection(call);
  // The last one takes the place: one that has been told to end, or nobody has and there is one fewer to tell.
  calls_.back()->place = call->place;
  calls_[call->place] = calls_.back();
  calls_.pop_back();
  endings_left_ = std::min(endings_left_, calls_.size());
  delete call;
  if (open_streams_->fetch_sub(1, std::memory_order_acq_rel) == 1) open_streams_->notify_all();
}

int64_t TickWorker::DrainDue(int64_t now_ns) {
  const int64_t by_ns = drain_by_ns_.load(std::memory_order_acquire);
  if (by_ns == kNotDraining) return TickSchedule::kNever;
  if (by_ns < draining_by_ns_) StartDrain(now_ns, by_ns);
  while (endings_left_ > 0 && next_ending_ns_ <= now_ns) {
    next_ending_ns_ += ending_step_ns_;
    EndForShutdown(calls_[--endings_left_]);
  }
  if (endings_left_ > 0) return next_ending_ns_;
  if (calls_.empty() || reset_all_) return TickSchedule::kNever;
  const int64_t reset_ns = draining_by_ns_ + absl::ToInt64Nanoseconds(kLastBytesTime);
  if (now_ns < reset_ns) return reset_ns;
  ResetAll();
  return TickSchedule::kNever;
}

void TickWorker::StartDrain(int64_t now_ns, int64_t by_ns) {
  if (draining_by_ns_ == kNotDraining) endings_left_ = calls_.size();
  draining_by_ns_ = by_ns;
  next_ending_ns_ = now_ns;
  ending_step_ns_ = std::max<int64_t>(by_ns - now_ns, 0) / static_cast<int64_t>(std::max<size_t>(endings_left_, 1));
}

void TickWorker::ResetAll() {
  reset_all_ = true;
  for (Call* call : calls_) call->context.TryCancel();
}

}  // namespace penstock::service
