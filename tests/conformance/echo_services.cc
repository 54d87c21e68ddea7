#include "tests/conformance/echo_services.h"

#include <grpcpp/grpcpp.h>

#include <string>

#include "everything.grpc.pb.h"
#include "everything_proto2.grpc.pb.h"
#include "overlap.grpc.pb.h"
#include "tests/conformance/reactors.h"

namespace penstock::testing {
namespace {

using google::api::HttpBody;
using overlap::v1::Overlap;
using overlap::v1::OverlapReply;
using v1::Everything;

template <typename Message>
grpc::ServerUnaryReactor* Same(grpc::CallbackServerContext* context, const Message* request, Message* reply) {
  *reply = *request;
  return Reply(context, grpc::Status::OK);
}

class BindingImpl final : public v1::BindingService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Path(grpc::CallbackServerContext* context, const Everything* request,
                                 Everything* reply) override {
    return Same(context, request, reply);
  }
  grpc::ServerUnaryReactor* Body(grpc::CallbackServerContext* context, const Everything* request,
                                 Everything* reply) override {
    return Same(context, request, reply);
  }
  grpc::ServerUnaryReactor* ResponseBody(grpc::CallbackServerContext* context, const Everything* request,
                                         Everything* reply) override {
    return Same(context, request, reply);
  }
  grpc::ServerUnaryReactor* Kinds(grpc::CallbackServerContext* context, const Everything* request,
                                  Everything* reply) override {
    return Same(context, request, reply);
  }
  grpc::ServerUnaryReactor* Patch(grpc::CallbackServerContext* context, const v1::PatchRequest* request,
                                  v1::PatchRequest* reply) override {
    return Same(context, request, reply);
  }
  grpc::ServerWriteReactor<Everything>* ResponseBodyStream(grpc::CallbackServerContext*,
                                                           const v1::RepeatRequest* request) override {
    return new WriteReactor<Everything>(Times(request->message(), request->count()), grpc::Status::OK);
  }
};

class HttpBodyImpl final : public v1::HttpBodyService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Download(grpc::CallbackServerContext* context, const v1::DownloadRequest* request,
                                     HttpBody* reply) override {
    *reply = BodyOf(*request);
    return Reply(context, StatusOf(request->code()));
  }
  grpc::ServerWriteReactor<HttpBody>* DownloadStream(grpc::CallbackServerContext*,
                                                     const v1::DownloadRequest* request) override {
    return new WriteReactor<HttpBody>(Times(BodyOf(*request), request->count()), StatusOf(request->code()));
  }
  grpc::ServerUnaryReactor* Upload(grpc::CallbackServerContext* context, const HttpBody* request,
                                   HttpBody* reply) override {
    return Same(context, request, reply);
  }
  grpc::ServerUnaryReactor* UploadFile(grpc::CallbackServerContext* context, const v1::UploadRequest* request,
                                       v1::UploadRequest* reply) override {
    return Same(context, request, reply);
  }
  grpc::ServerReadReactor<HttpBody>* UploadStream(grpc::CallbackServerContext*, HttpBody* reply) override {
    return new ReadReactor<HttpBody>([reply](const HttpBody& chunk) {
      if (reply->content_type().empty()) reply->set_content_type(chunk.content_type());
      reply->mutable_data()->append(chunk.data());
    });
  }

 private:
  static HttpBody BodyOf(const v1::DownloadRequest& request) {
    HttpBody body;
    body.set_content_type(request.content_type());
    body.set_data(request.data().empty() ? request.name() : request.data());
    *body.mutable_extensions() = request.extensions();
    return body;
  }
  static grpc::Status StatusOf(int code) {
    return code == 0 ? grpc::Status::OK : grpc::Status(static_cast<grpc::StatusCode>(code), "as asked");
  }
};

class Proto2Impl final : public v1::Proto2Service::CallbackService {
 public:
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context, const v1::Proto2Message* request,
                                 v1::Proto2Message* reply) override {
    return Same(context, request, reply);
  }
};

class OverlapImpl final : public overlap::v1::OverlapService::CallbackService {
 public:
  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

  Reactor* Literal(Context* c, const Overlap* q, OverlapReply* r) override { return Tell(c, "Literal", *q, r); }
  Reactor* Star(Context* c, const Overlap* q, OverlapReply* r) override { return Tell(c, "Star", *q, r); }
  Reactor* Rest(Context* c, const Overlap* q, OverlapReply* r) override { return Tell(c, "Rest", *q, r); }
  Reactor* First(Context* c, const Overlap* q, OverlapReply* r) override { return Tell(c, "First", *q, r); }
  Reactor* Second(Context* c, const Overlap* q, OverlapReply* r) override { return Tell(c, "Second", *q, r); }
  Reactor* VerbFirst(Context* c, const Overlap* q, OverlapReply* r) override { return Tell(c, "VerbFirst", *q, r); }
  Reactor* VerbLast(Context* c, const Overlap* q, OverlapReply* r) override { return Tell(c, "VerbLast", *q, r); }
  Reactor* Deep(Context* c, const Overlap* q, OverlapReply* r) override { return Tell(c, "Deep", *q, r); }
  Reactor* Lists(Context* c, const Overlap* q, OverlapReply* r) override { return Tell(c, "Lists", *q, r); }
  Reactor* Choice(Context* c, const Overlap* q, OverlapReply* r) override { return Tell(c, "Choice", *q, r); }
  Reactor* Twice(Context* c, const Overlap* q, OverlapReply* r) override { return Tell(c, "Twice", *q, r); }

 private:
  static Reactor* Tell(Context* context, const char* method, const Overlap& request, OverlapReply* reply) {
    reply->set_method(method);
    *reply->mutable_request() = request;
    return Reply(context, grpc::Status::OK);
  }
};

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> EchoServices() {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<BindingImpl>());
  services.push_back(std::make_unique<HttpBodyImpl>());
  services.push_back(std::make_unique<Proto2Impl>());
  return services;
}

std::unique_ptr<grpc::Service> OverlapService() { return std::make_unique<OverlapImpl>(); }

}  // namespace penstock::testing
