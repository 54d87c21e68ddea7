#include "tests/conformance/everything_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "everything.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/conformance/echo_services.h"
#include "tests/conformance/metadata_services.h"
#include "tests/conformance/reactors.h"

namespace penstock::testing {
namespace {

using v1::Book;
using v1::Everything;
using v1::FailRequest;
using v1::FloodRequest;
using v1::GetBookRequest;
using v1::HangRequest;
using v1::Item;

grpc::Status StatusOf(const FailRequest& request) {
  if (request.code() == 0) return grpc::Status::OK;
  google::rpc::Status status;
  status.set_code(request.code());
  status.set_message(request.message());
  google::rpc::BadRequest bad;
  for (const std::string& field : request.bad_fields()) {
    google::rpc::BadRequest::FieldViolation* violation = bad.add_field_violations();
    violation->set_field(field);
    violation->set_description("as asked");
  }
  if (request.bad_fields_size() > 0) status.add_details()->PackFrom(bad);
  const std::string details = request.bad_fields_size() > 0 ? status.SerializeAsString() : "";
  return grpc::Status(static_cast<grpc::StatusCode>(request.code()), request.message(), details);
}

// Milliseconds left of a call, -1 without a deadline.
int64_t TimeLeft(grpc::CallbackServerContext* context) {
  const auto deadline = context->deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return -1;
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::system_clock::now()).count();
}

// Sends what `next` makes until it makes no more, then ends with `status`, or hangs where there is none.
// Owns itself, as gRPC's reactors do.
template <typename Message>
class StreamReactor : public grpc::ServerWriteReactor<Message> {
 public:
  // Fills the message; false: there is none left. Returns the bytes to count once gRPC has taken it, through `bytes`.
  using Next = std::function<bool(Message* message, int64_t* bytes)>;

  StreamReactor(EverythingStats* stats, Next next, bool hangs, grpc::Status status)
      : stats_(stats), next_(std::move(next)), hangs_(hangs), status_(std::move(status)) {
    ++stats_->live;
    WriteNext();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    stats_->flood_bytes += bytes_;
    WriteNext();
  }

  void OnCancel() override {
    ++stats_->cancelled;
    Finish(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    --stats_->live;
    delete this;
  }

 private:
  void WriteNext() {
    bytes_ = 0;
    if (next_(&message_, &bytes_)) return this->StartWrite(&message_);
    if (!hangs_) Finish(status_);
  }

  // A cancellation and the end of a write may come on two threads.
  void Finish(const grpc::Status& status) {
    if (!finished_.exchange(true)) grpc::ServerWriteReactor<Message>::Finish(status);
  }

  EverythingStats* const stats_;
  const Next next_;
  const bool hangs_;
  const grpc::Status status_;
  Message message_;
  int64_t bytes_ = 0;
  std::atomic<bool> finished_{false};
};

// `count` numbered items, for ever where `endless`.
std::function<bool(Item*, int64_t*)> Items(uint64_t count, bool endless, uint32_t bytes) {
  return [=, number = uint64_t{0}](Item* item, int64_t* taken) mutable {
    if (!endless && number == count) return false;
    item->set_number(++number);
    if (item->payload().size() != bytes) item->set_payload(std::string(bytes, 'x'));
    *taken = bytes;
    return true;
  };
}

// Does nothing until the call is cancelled. `Base`: gRPC's reactor of the kind of method.
template <typename Base>
class HangReactor final : public Base {
 public:
  explicit HangReactor(EverythingStats* stats) : stats_(stats) { ++stats_->live; }
  void OnCancel() override {
    ++stats_->cancelled;
    this->Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override {
    --stats_->live;
    delete this;
  }

 private:
  EverythingStats* const stats_;
};

class EverythingImpl final : public v1::EverythingService::CallbackService {
 public:
  explicit EverythingImpl(EverythingStats* stats) : stats_(stats) {}

  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context, const Everything* request,
                                 Everything* reply) override {
    ++stats_->calls;
    *reply = *request;
    return Reply(context, grpc::Status::OK);
  }

  grpc::ServerWriteReactor<Everything>* Repeat(grpc::CallbackServerContext*,
                                               const v1::RepeatRequest* request) override {
    ++stats_->calls;
    auto next = [message = request->message(), left = request->count()](Everything* out, int64_t*) mutable {
      if (left == 0) return false;
      --left;
      *out = message;
      return true;
    };
    return new StreamReactor<Everything>(stats_, std::move(next), /*hangs=*/false, grpc::Status::OK);
  }

 private:
  EverythingStats* const stats_;
};

class FaultImpl final : public v1::FaultService::CallbackService {
 public:
  explicit FaultImpl(EverythingStats* stats) : stats_(stats) {}

  grpc::ServerUnaryReactor* Fail(grpc::CallbackServerContext* context, const FailRequest* request,
                                 Item* reply) override {
    ++stats_->calls;
    reply->set_number(1);
    return Reply(context, StatusOf(*request));
  }

  grpc::ServerUnaryReactor* Unbound(grpc::CallbackServerContext* context, const FailRequest* request,
                                    Item* reply) override {
    return Fail(context, request, reply);
  }

  grpc::ServerWriteReactor<Item>* FailStream(grpc::CallbackServerContext*, const FailRequest* request) override {
    ++stats_->calls;
    return new StreamReactor<Item>(stats_, Items(request->after(), false, 0), /*hangs=*/false, StatusOf(*request));
  }

  grpc::ServerUnaryReactor* Hang(grpc::CallbackServerContext* context, const HangRequest*, Item*) override {
    ++stats_->calls;
    stats_->deadline_milliseconds = TimeLeft(context);
    return new HangReactor<grpc::ServerUnaryReactor>(stats_);
  }

  grpc::ServerWriteReactor<Item>* HangStream(grpc::CallbackServerContext* context,
                                             const HangRequest* request) override {
    ++stats_->calls;
    stats_->deadline_milliseconds = TimeLeft(context);
    return new StreamReactor<Item>(stats_, Items(request->after(), false, 0), /*hangs=*/true, grpc::Status::OK);
  }

  grpc::ServerWriteReactor<Item>* Flood(grpc::CallbackServerContext*, const FloodRequest* request) override {
    ++stats_->calls;
    return new StreamReactor<Item>(stats_, Items(request->count(), request->count() == 0, request->bytes()),
                                   /*hangs=*/false, grpc::Status::OK);
  }

  grpc::ServerReadReactor<Item>* Stall(grpc::CallbackServerContext*, Item*) override {
    ++stats_->calls;
    return new HangReactor<grpc::ServerReadReactor<Item>>(stats_);
  }

  grpc::ServerUnaryReactor* Stats(grpc::CallbackServerContext* context, const v1::StatsRequest*,
                                  v1::StatsReply* reply) override {
    reply->set_live(stats_->live);
    reply->set_flood_bytes(stats_->flood_bytes);
    reply->set_cancelled(stats_->cancelled);
    reply->set_calls(stats_->calls);
    reply->set_deadline_milliseconds(stats_->deadline_milliseconds);
    return Reply(context, grpc::Status::OK);
  }

 private:
  EverythingStats* const stats_;
};

// Answers with what it was asked, so that a test sees which field each part of the HTTP request went to.
class LibraryImpl final : public v1::LibraryService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetBook(grpc::CallbackServerContext* context, const GetBookRequest* request,
                                    Book* reply) override {
    return Tell(context, "get", *request, reply);
  }
  grpc::ServerUnaryReactor* BorrowBook(grpc::CallbackServerContext* context, const GetBookRequest* request,
                                       Book* reply) override {
    return Tell(context, "borrow", *request, reply);
  }
  grpc::ServerUnaryReactor* ReadPage(grpc::CallbackServerContext* context, const GetBookRequest* request,
                                     Book* reply) override {
    return Tell(context, "read", *request, reply);
  }
  grpc::ServerUnaryReactor* ArchiveBook(grpc::CallbackServerContext* context, const GetBookRequest* request,
                                        Book* reply) override {
    return Tell(context, "archive", *request, reply);
  }
  grpc::ServerUnaryReactor* CreateBook(grpc::CallbackServerContext* context, const v1::CreateBookRequest* request,
                                       Book* reply) override {
    *reply = request->book();
    reply->set_name("shelves/" + request->shelf().id() + "/books/new");
    reply->add_authors("request " + request->request_id());
    return Reply(context, grpc::Status::OK);
  }
  grpc::ServerUnaryReactor* ReplaceBook(grpc::CallbackServerContext* context, const Book* request,
                                        Book* reply) override {
    *reply = *request;
    return Reply(context, grpc::Status::OK);
  }
  grpc::ServerUnaryReactor* UpdateBook(grpc::CallbackServerContext* context, const v1::UpdateBookRequest* request,
                                       Book* reply) override {
    *reply = request->book();
    if (request->allow_missing()) reply->add_authors("allow_missing");
    return Reply(context, grpc::Status::OK);
  }
  grpc::ServerUnaryReactor* DeleteBook(grpc::CallbackServerContext* context, const GetBookRequest*,
                                       v1::DeleteBookReply*) override {
    return Reply(context, grpc::Status::OK);
  }
  grpc::ServerUnaryReactor* ListBooks(grpc::CallbackServerContext* context, const v1::ListBooksRequest* request,
                                      v1::ListBooksReply* reply) override {
    for (int i = 0; i < std::min(request->page_size(), 100); ++i) {
      reply->add_books()->set_name("shelves/" + request->shelf() + "/books/" + std::to_string(i));
    }
    reply->set_next_page_token("not seen");
    return Reply(context, grpc::Status::OK);
  }

 private:
  static grpc::ServerUnaryReactor* Tell(grpc::CallbackServerContext* context, const std::string& method,
                                        const GetBookRequest& request, Book* reply) {
    reply->set_name(request.name());
    reply->set_title(method);
    if (request.color() != v1::COLOR_UNSPECIFIED) reply->add_authors(v1::Color_Name(request.color()));
    if (!request.shelf().id().empty()) reply->add_authors(request.shelf().id());
    for (int page : request.pages()) reply->set_pages(reply->pages() + page);
    return Reply(context, grpc::Status::OK);
  }
};

}  // namespace

struct EverythingServer::Services {
  explicit Services(EverythingStats* stats) : everything(stats), fault(stats) {}
  EverythingImpl everything;
  FaultImpl fault;
  LibraryImpl library;
  std::vector<std::unique_ptr<grpc::Service>> others;
};

EverythingServer::EverythingServer(bool with_overlap) : services_(std::make_unique<Services>(&stats_)) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  for (auto* make : {&EchoServices, &MetadataServices}) {
    for (std::unique_ptr<grpc::Service>& service : make()) services_->others.push_back(std::move(service));
  }
  if (with_overlap) services_->others.push_back(OverlapService());
}

EverythingServer::~EverythingServer() {
  if (server_) server_->Shutdown(std::chrono::system_clock::now());
}

bool EverythingServer::Start(const std::string& address) {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.SetMaxSendMessageSize(-1);
  builder.RegisterService(&services_->everything);
  builder.RegisterService(&services_->fault);
  builder.RegisterService(&services_->library);
  for (const std::unique_ptr<grpc::Service>& service : services_->others) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
  if (!server_ || port == 0) return false;
  address_ = address.substr(0, address.rfind(':') + 1) + std::to_string(port);
  return true;
}

}  // namespace penstock::testing
