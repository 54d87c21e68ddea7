// Building blocks of the tests' services, for gRPC's callback API: replies, server streams, client streams. A stream's
// reactor deletes itself, as gRPC requires.
//
//   return new WriteReactor<Item>(Times(item, 3), grpc::Status::OK);
//   return new ReadReactor<Item>([reply](const Item& item) { reply->set_number(reply->number() + 1); });
#ifndef PENSTOCK_TESTS_CONFORMANCE_REACTORS_H_
#define PENSTOCK_TESTS_CONFORMANCE_REACTORS_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

namespace penstock::testing {

inline grpc::ServerUnaryReactor* Reply(grpc::CallbackServerContext* context, const grpc::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

// Makes the next message; false: there is none left.
template <typename Message>
using MakeNext = std::function<bool(Message* message)>;

template <typename Message>
MakeNext<Message> Times(Message message, uint32_t count) {
  return [message = std::move(message), left = count](Message* out) mutable {
    if (left == 0) return false;
    --left;
    *out = message;
    return true;
  };
}

// Sends what `next` makes, then ends with `status`. With `header_first`, initial metadata goes before all of it.
template <typename Message>
class WriteReactor final : public grpc::ServerWriteReactor<Message> {
 public:
  WriteReactor(MakeNext<Message> next, grpc::Status status, bool header_first = false)
      : next_(std::move(next)), status_(std::move(status)) {
    if (header_first) {
      this->StartSendInitialMetadata();
    } else {
      WriteNext();
    }
  }

  void OnSendInitialMetadataDone(bool ok) override { OnWriteDone(ok); }
  void OnWriteDone(bool ok) override { ok ? WriteNext() : End(grpc::Status::CANCELLED); }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  void WriteNext() { next_(&message_) ? this->StartWrite(&message_) : End(status_); }

  // A cancellation and the end of a write may come on two threads.
  void End(const grpc::Status& status) {
    if (!ended_.exchange(true)) this->Finish(status);
  }

  const MakeNext<Message> next_;
  const grpc::Status status_;
  Message message_;
  std::atomic<bool> ended_{false};
};

// Takes every message, then ends OK with the reply that `take` has filled.
template <typename Message>
class ReadReactor final : public grpc::ServerReadReactor<Message> {
 public:
  explicit ReadReactor(std::function<void(const Message&)> take) : take_(std::move(take)) {
    this->StartRead(&message_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return this->Finish(grpc::Status::OK);
    take_(message_);
    this->StartRead(&message_);
  }
  void OnDone() override { delete this; }

 private:
  const std::function<void(const Message&)> take_;
  Message message_;
};

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_CONFORMANCE_REACTORS_H_
