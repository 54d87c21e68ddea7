#include "tests/conformance/metadata_services.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "everything.grpc.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/conformance/reactors.h"

namespace penstock::testing {
namespace {

using v1::EndRequest;
using v1::Item;
using v1::MetadataReply;

grpc::Status StatusOf(const EndRequest& request) {
  if (request.code() == 0) return grpc::Status::OK;
  std::string details = request.raw_details();
  if (details.empty() && request.details_size() > 0) {
    google::rpc::Status status;
    status.set_code(request.code());
    status.set_message(request.message());
    *status.mutable_details() = request.details();
    details = status.SerializeAsString();
  }
  return grpc::Status(static_cast<grpc::StatusCode>(request.code()), request.message(), details);
}

void SetMetadata(const EndRequest& request, grpc::CallbackServerContext* context) {
  for (const EndRequest::Pair& pair : request.initial()) context->AddInitialMetadata(pair.key(), pair.value());
  for (const EndRequest::Pair& pair : request.trailing()) context->AddTrailingMetadata(pair.key(), pair.value());
}

int64_t SecondsLeft(const grpc::CallbackServerContext& context) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return -1;
  return std::chrono::ceil<std::chrono::seconds>(deadline - std::chrono::system_clock::now()).count();
}

MetadataReply Received(const grpc::CallbackServerContext& context) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [key_ref, value_ref] : context.client_metadata()) {
    std::string key(key_ref.data(), key_ref.size()), value(value_ref.data(), value_ref.size());
    // Of the gRPC library that called.
    if (key == "user-agent" || absl::StartsWith(key, "grpc-")) continue;
    if (absl::EndsWith(key, "-bin")) value = absl::Base64Escape(value);
    pairs.emplace_back(std::move(key), std::move(value));
  }
  // By key alone: the order of a key's values is part of what was received.
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  MetadataReply reply;
  for (auto& [key, value] : pairs) {
    MetadataReply::Pair* pair = reply.add_received();
    pair->set_key(key);
    pair->set_value(value);
  }
  reply.set_seconds_left(SecondsLeft(context));
  return reply;
}

// Every item comes back, until the client has no more, or one says "fail".
class ChatReactor final : public grpc::ServerBidiReactor<Item, Item> {
 public:
  ChatReactor() { StartRead(&item_); }

  void OnReadDone(bool ok) override {
    if (!ok) return End(grpc::Status::OK);
    if (item_.payload() == "fail") return End(grpc::Status(grpc::StatusCode::ABORTED, "as asked"));
    StartWrite(&item_);
  }
  void OnWriteDone(bool ok) override { ok ? StartRead(&item_) : End(grpc::Status::CANCELLED); }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  void End(const grpc::Status& status) {
    if (!ended_.exchange(true)) Finish(status);
  }

  Item item_;
  std::atomic<bool> ended_{false};
};

class StreamImpl final : public v1::StreamService::CallbackService {
 public:
  grpc::ServerReadReactor<Item>* Collect(grpc::CallbackServerContext*, Item* reply) override {
    return new ReadReactor<Item>([reply](const Item& item) {
      reply->set_number(reply->number() + 1);
      reply->mutable_payload()->append(item.payload());
    });
  }
  grpc::ServerBidiReactor<Item, Item>* Chat(grpc::CallbackServerContext*) override { return new ChatReactor; }
  grpc::ServerWriteReactor<MetadataReply>* End(grpc::CallbackServerContext* context,
                                               const EndRequest* request) override {
    SetMetadata(*request, context);
    auto next = [reply = Received(*context), after = request->after()](MetadataReply* out) mutable {
      if (reply.number() == after) return false;
      reply.set_number(reply.number() + 1);
      *out = reply;
      return true;
    };
    return new WriteReactor<MetadataReply>(std::move(next), StatusOf(*request), request->header_first());
  }
};

class MetadataImpl final : public v1::MetadataService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Metadata(grpc::CallbackServerContext* context, const EndRequest* request,
                                     MetadataReply* reply) override {
    SetMetadata(*request, context);
    *reply = Received(*context);
    return Reply(context, StatusOf(*request));
  }
};

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MetadataServices() {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<StreamImpl>());
  services.push_back(std::make_unique<MetadataImpl>());
  return services;
}

}  // namespace penstock::testing
