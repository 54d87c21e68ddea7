#include "gateway/upstream/reflection.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/upstream/status.h"
#include "google/protobuf/descriptor.h"
#include "grpc/reflection/v1/reflection.pb.h"

namespace penstock::upstream {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

// The two names of the same service, in the order they are tried.
constexpr const char* kServices[] = {"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"};

}  // namespace

// One fetch: a call, the questions that are still to ask, one in flight at a time, and the files so far. A call that
// has served goes at the end of the loop's iteration, when the next one is started or the result is told.
class ReflectionClient::FetchState final : public CallHandler, private net::Deferred {
 public:
  FetchState(ReflectionClient& client, Callback callback)
      : client_(client),
        callback_(std::move(callback)),
        until_(net::TimerWheel::Clock::now() + absl::ToChronoNanoseconds(kTimeout)) {}

  void Start() {
    AskFromTheStart();
    Open();
  }

  void OnCallMetadata(const Metadata&) override {}

  void OnCallMessage(absl::string_view message, size_t window) override {
    call_->GiveBack(window);
    if (done_) return;
    bytes_ += message.size();
    if (bytes_ > kMaxSchemaBytes) {
      return Finish(absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxSchemaBytes, " bytes of descriptors")));
    }
    ServerReflectionResponse response;
    if (questions_.empty() || !response.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
      return Finish(absl::InternalError("its answer is no ServerReflectionResponse"));
    }
    absl::Status taken = Take(response);
    if (!taken.ok()) return Finish(std::move(taken));
    questions_.pop_front();
    while (!questions_.empty() && services_.count(questions_.front().file_containing_symbol()) != 0) {
      questions_.pop_front();  // it came with another service's file
    }
    if (questions_.empty()) return Finish(absl::OkStatus());
    Ask();
  }

  void OnCallPartial(size_t window) override { call_->GiveBack(window); }

  void OnCallEnd(CallEnd end) override {
    if (done_) return;
    const bool unknown = end.status.code() == absl::StatusCode::kUnimplemented;
    if (unknown && version_ + 1 < std::size(kServices)) {
      ++version_;
      AskFromTheStart();
      return client_.loop_.Defer(this);
    }
    if (unknown) {
      return Finish(absl::UnimplementedError("it does not offer it; enable server reflection, or pass --descriptors"));
    }
    // Some servers end the call where others answer with an error.
    if (end.status.code() == absl::StatusCode::kNotFound && end.from_upstream && PassOver()) {
      questions_.pop_front();
      return questions_.empty() ? Finish(absl::OkStatus()) : client_.loop_.Defer(this);
    }
    Finish(end.status.ok() ? absl::UnavailableError("it ended the call before the schema was complete") : end.status);
  }

 private:
  void AskFromTheStart() {
    ServerReflectionRequest list;
    list.set_list_services("*");
    questions_ = {list};
  }

  // A call to the service of version_, with the next question.
  void Open() {
    CallRequest request;
    request.path = absl::StrCat("/", kServices[version_], "/ServerReflectionInfo");
    request.timeout = absl::FromChrono(until_ - net::TimerWheel::Clock::now());
    call_ = client_.channel_.StartCall(std::move(request), this);
    Ask();
  }

  void Ask() { call_->SendMessage(questions_.front().SerializeAsString(), /*last=*/false); }

  // What the question in flight is for, for messages.
  std::string Step() const {
    if (questions_.empty()) return "order the files";
    const ServerReflectionRequest& question = questions_.front();
    if (!question.file_by_filename().empty()) return absl::StrCat("fetch the file ", question.file_by_filename());
    if (question.file_containing_symbol().empty()) return "list the services";
    return absl::StrCat("fetch the file that defines ", question.file_containing_symbol());
  }

  absl::Status Take(const ServerReflectionResponse& response) {
    switch (response.message_response_case()) {
      case ServerReflectionResponse::kListServicesResponse:
        for (const auto& service : response.list_services_response().service()) {
          ServerReflectionRequest question;
          question.set_file_containing_symbol(service.name());
          questions_.push_back(std::move(question));
        }
        return absl::OkStatus();
      case ServerReflectionResponse::kFileDescriptorResponse:
        for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
          absl::Status kept = Keep(bytes);
          if (!kept.ok()) return kept;
        }
        AskForImports();
        return absl::OkStatus();
      case ServerReflectionResponse::kErrorResponse:
        if (PassOver()) return absl::OkStatus();
        return absl::Status(GrpcCode(response.error_response().error_code()),
                            response.error_response().error_message());
      default:
        return absl::InternalError("its answer is empty");
    }
  }

  // Whether the question in flight can do without an answer of the server's.
  bool PassOver() {
    if (questions_.empty()) return false;
    const ServerReflectionRequest& question = questions_.front();
    // Servers may list gRPC's own services (this one among them) without having their files: nobody misses those.
    if (absl::StartsWith(question.file_containing_symbol(), "grpc.")) return true;
    // Many leave out what every protobuf library has: ours are the same.
    if (!absl::StartsWith(question.file_by_filename(), "google/")) return false;
    const auto* own = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(question.file_by_filename());
    if (own == nullptr) return false;
    FileDescriptorProto file;
    own->CopyTo(&file);
    Keep(std::move(file));
    AskForImports();
    return true;
  }

  absl::Status Keep(const std::string& bytes) {
    FileDescriptorProto file;
    if (!file.ParseFromString(bytes) || file.name().empty()) return absl::InternalError("a file descriptor is broken");
    Keep(std::move(file));
    return absl::OkStatus();
  }

  void Keep(FileDescriptorProto file) {
    for (const auto& service : file.service()) {
      services_.insert(file.package().empty() ? service.name() : absl::StrCat(file.package(), ".", service.name()));
    }
    const std::string name = file.name();
    asked_.insert(name);
    files_.emplace(name, std::move(file));
  }

  // Servers send a file with all it imports, or alone.
  void AskForImports() {
    for (const auto& [name, file] : files_) {
      for (const std::string& import : file.dependency()) {
        if (!asked_.insert(import).second) continue;
        ServerReflectionRequest question;
        question.set_file_by_filename(import);
        questions_.push_back(std::move(question));
      }
    }
  }

  // Depth first over the imports, without recursion: an upstream must not choose the depth of our stack.
  absl::StatusOr<FileDescriptorSet> InOrder() const {
    FileDescriptorSet set;
    std::map<std::string, bool> done;  // false: on the path
    for (const auto& [root, unused] : files_) {
      if (!done.emplace(root, false).second) continue;
      std::vector<std::pair<std::string, int>> path = {{root, 0}};
      while (!path.empty()) {
        auto& [name, next] = path.back();
        const auto file = files_.find(name);
        if (file == files_.end()) return absl::InternalError(absl::StrCat("the file ", name, " did not come"));
        if (next == file->second.dependency_size()) {
          *set.add_file() = file->second;
          done[name] = true;
          path.pop_back();
          continue;
        }
        const std::string& import = file->second.dependency(next++);
        const auto [mark, fresh] = done.emplace(import, false);
        if (fresh) {
          path.emplace_back(import, 0);
        } else if (!mark->second) {
          return absl::InternalError(absl::StrCat("the file ", import, " imports itself"));
        }
      }
    }
    return set;
  }

  void Finish(absl::Status status) {
    done_ = true;
    if (status.ok()) {
      result_ = InOrder();
    } else {
      result_ = std::move(status);
    }
    if (!result_.ok()) {
      result_ = absl::Status(result_.status().code(), absl::StrCat("reflection of ", client_.name_, " failed to ",
                                                                   Step(), ": ", result_.status().message()));
    }
    client_.loop_.Defer(this);
  }

  void RunDeferred() override {
    call_.reset();
    if (!done_) return Open();
    // Out of the client first: the callback may fetch again, or destroy the client.
    const std::unique_ptr<FetchState> self = std::move(client_.fetch_);
    callback_(std::move(result_));
  }

  ReflectionClient& client_;
  const Callback callback_;
  const net::TimerWheel::Clock::time_point until_;
  size_t version_ = 0;
  std::unique_ptr<Call> call_;
  std::deque<ServerReflectionRequest> questions_;  // the first one is in flight
  std::set<std::string> asked_;                    // names of files that have come or were asked for
  std::set<std::string> services_;                 // full names that the files so far define
  std::map<std::string, FileDescriptorProto> files_;
  size_t bytes_ = 0;
  bool done_ = false;
  absl::StatusOr<FileDescriptorSet> result_ = absl::UnknownError("");
};

ReflectionClient::ReflectionClient(net::Loop& loop, Channel& channel, std::string name)
    : loop_(loop), channel_(channel), name_(std::move(name)) {}

ReflectionClient::~ReflectionClient() = default;

void ReflectionClient::Fetch(Callback callback) {
  fetch_ = std::make_unique<FetchState>(*this, std::move(callback));
  fetch_->Start();
}

}  // namespace penstock::upstream
