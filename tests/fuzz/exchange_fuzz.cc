// A whole exchange, in either dialect, between a client and an upstream that do anything in any order: the client
// always gets one well-formed response. A stream of records ends with exactly one final record, or is aborted; all
// window and body bytes are given back; and nothing is sent after the end.
//
// Input: choices for the request, then steps: an action of the client, of the upstream or of the gateway.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/exchange/cors.h"
#include "gateway/exchange/csrf_gate.h"
#include "gateway/exchange/exchange.h"
#include "gateway/grpc_gateway/grpc_gateway_protocol.h"
#include "gateway/grpc_gateway/grpc_gateway_rules.h"
#include "gateway/http/embedded_file.h"
#include "gateway/http/http1_parser.h"
#include "gateway/observe/metrics_observer.h"
#include "gateway/protocol/native_protocol.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/json_grammar.h"

namespace penstock::http {

absl::Span<const EmbeddedFile> FuzzSchemas();

}  // namespace penstock::http

namespace penstock::fuzz {
namespace {

constexpr char kOrigin[] = "https://example.com";
constexpr size_t kMaxSteps = 300;
constexpr size_t kMaxRecordBytes = 2000;
constexpr size_t kMaxRequestBytes = 300;
constexpr size_t kMaxUnsentBytes = 100;

// ---- the client's side: what response_stream.h asks of a handler

class Response final : public http::ResponseStream {
 public:
  void SendHead(int code, const http::Headers& fields, absl::optional<uint64_t> length) override {
    FUZZ_EXPECT(status == 0 && open(), "a second head");
    FUZZ_EXPECT(code >= 200 && code <= 599, code);
    status = code;
    headers = fields;
    content_length = length;
    for (const http::Header& field : fields) {
      // The type of an upstream's HttpBody goes as it is to the session, which leaves out what no header can carry.
      const bool theirs = field.name == "Content-Type";
      FUZZ_EXPECT(http::IsToken(field.name) && (theirs || http::IsFieldValue(field.value)), field.name);
    }
  }
  std::string& Body() override {
    FUZZ_EXPECT(status != 0 && open(), "a body at the wrong time");
    return body;
  }
  void CommitBody() override { committed = body.size(); }
  void Finish(const http::Headers& fields) override {
    FUZZ_EXPECT(status != 0 && open());
    FUZZ_EXPECT(committed == body.size(), "bytes were left uncommitted");
    finished = true;
    trailers = fields;
    for (const http::Header& field : fields) {
      FUZZ_EXPECT(http::IsToken(field.name) && http::IsFieldValue(field.value), field.name);
    }
  }
  void Abort() override {
    FUZZ_EXPECT(open());
    aborted = true;
  }
  size_t Unsent() const override { return committed - drained; }
  void ReleaseRequestBody(size_t bytes) override { released += bytes; }

  bool open() const { return !finished && !aborted; }
  std::string Header(absl::string_view name) const {
    for (const http::Header& field : headers) {
      if (absl::EqualsIgnoreCase(field.name, name)) return field.value;
    }
    return "";
  }

  int status = 0;
  http::Headers headers, trailers;
  absl::optional<uint64_t> content_length;
  std::string body;
  size_t committed = 0, drained = 0, released = 0;
  bool finished = false, aborted = false;
};

// ---- the upstream's side

class Upstream final : public upstream::Channel {
 public:
  std::unique_ptr<upstream::Call> StartCall(upstream::CallRequest request, upstream::CallHandler* its) override {
    FUZZ_EXPECT(++calls == 1, "a request is one call");
    FUZZ_EXPECT(absl::StartsWith(request.path, "/"), request.path);
    handler = its;
    return std::make_unique<OneCall>(*this);
  }
  bool ready() const override { return true; }

  // Calls `callback` with the handler, which may not destroy its call meanwhile.
  template <typename Callback>
  void Tell(Callback&& callback) {
    telling_ = true;
    callback(*handler);
    telling_ = false;
  }

  upstream::CallHandler* handler = nullptr;  // null: no call is open, or it has ended
  size_t calls = 0, unsent = 0, taken = 0, given_back = 0;
  bool ended = false, send_closed = false;

 private:
  class OneCall final : public upstream::Call {
   public:
    explicit OneCall(Upstream& upstream) : upstream_(upstream) {}
    ~OneCall() override {
      FUZZ_EXPECT(!upstream_.telling_, "a call is destroyed inside its callback");
      upstream_.handler = nullptr;
    }
    void SendMessage(absl::string_view message, bool last) override {
      FUZZ_EXPECT(!upstream_.send_closed, "a message behind the last");
      upstream_.unsent += message.size();
      upstream_.send_closed = last;
    }
    void CloseSend() override { upstream_.send_closed = true; }
    size_t Unsent() const override { return upstream_.unsent; }
    void GiveBack(size_t bytes) override {
      upstream_.given_back += bytes;
      FUZZ_EXPECT(upstream_.given_back <= upstream_.taken, "window that was never taken");
    }

   private:
    Upstream& upstream_;
  };

  bool telling_ = false;  // a callback is running
};

// ---- what all inputs share

std::shared_ptr<const Schema> BuildSchema(const SchemaRules& rules, route::Unescape unescape) {
  google::protobuf::FileDescriptorSet all;
  std::vector<std::string> names;
  for (const http::EmbeddedFile& file : http::FuzzSchemas()) {
    google::protobuf::FileDescriptorSet set;
    FUZZ_EXPECT(set.ParseFromArray(file.data, static_cast<int>(file.size)), file.name);
    for (auto& descriptor : *set.mutable_file()) {
      if (std::find(names.begin(), names.end(), descriptor.name()) != names.end()) continue;
      names.push_back(descriptor.name());
      *all.add_file() = std::move(descriptor);
    }
  }
  SchemaOptions options;
  options.rules = &rules;
  options.unescape = unescape;
  auto schema = Schema::Build(all, options);
  FUZZ_EXPECT(schema.ok(), schema.status().ToString());
  return *schema;
}

template <typename Spoken>
ProtocolSet Just() {
  std::vector<std::unique_ptr<const Protocol>> protocols;
  protocols.push_back(std::make_unique<Spoken>(MetadataOptions()));
  return ProtocolSet(std::move(protocols));
}

Gates AllGates() {
  Gates gates;
  gates.push_back(std::make_unique<CsrfGate>());
  return gates;
}

struct Shared {
  net::Loop loop;
  http::StaticFiles static_files;
  FileResource files{static_files};
  ProtocolSet native_protocols = Just<NativeProtocol>();
  ProtocolSet gateway_protocols = Just<grpc_gateway::GrpcGatewayProtocol>();
  Gates gates = AllGates();
  std::unique_ptr<const codec::PlanSet> known_types =
      codec::PlanSet::Build({google::rpc::RetryInfo::descriptor()->file(), google::rpc::Status::descriptor()->file()},
                            {})
          .value();
  std::shared_ptr<const Schema> native = BuildSchema(kNativeRules, route::Unescape::kAllExceptReserved);
  std::shared_ptr<const Schema> gateway = BuildSchema(grpc_gateway::kGrpcGatewayRules, route::Unescape::kLegacy);
  ExchangeOptions options{.max_request_bytes = kMaxRequestBytes,
                          .max_record_bytes = kMaxRecordBytes,
                          .max_unsent_bytes = kMaxUnsentBytes,
                          .head_wait = absl::Hours(1),
                          .heartbeat = absl::Hours(1),
                          .unary_timeout = absl::Hours(1),
                          .max_stream_duration = absl::InfiniteDuration(),
                          .cors = Cors({kOrigin}, /*credentials=*/true)};
};

Shared& SharedState() {
  static Shared& shared = *new Shared;
  return shared;
}

// ---- one input

http::RequestHead AnyHead(Input& input) {
  static constexpr std::pair<absl::string_view, absl::string_view> kRequests[] = {
      {"POST", "/v1/ticks:subscribe"},
      {"GET", "/v1/ticks:subscribe?message=x&count=3"},
      {"POST", "/v1/everything:echo"},
      {"GET", "/v1/everything:echo?int32Value=5&nestedValue.child.text=a"},
      {"POST", "/v1/everything:repeat"},
      {"POST", "/v1/streams:chat"},
      {"POST", "/v1/streams:collect"},
      {"POST", "/v1/faults:failStream"},
      {"PATCH", "/v1/shelves/1/books/2?updateMask=title"},
      {"GET", "/v1/shelves/1/books?pageSize=1"},
      {"PUT", "/v1/shelves/1/books/2"},
      {"HEAD", "/v1/ticks:subscribe"},
      {"OPTIONS", "/v1/ticks:subscribe"},
      {"GET", "/nowhere"},
      {"DELETE", "/v1/shelves/%ff"},
      {"POST", "/penstock.testing.v1.FaultService/Unbound"}};
  static constexpr std::pair<absl::string_view, absl::string_view> kHeaders[] = {
      {"accept", "application/x-ndjson"},
      {"accept", "text/event-stream"},
      {"accept", "application/json, */*;q=0.1"},
      {"accept", "image/png"},
      {"content-type", "application/json"},
      {"content-type", "application/x-www-form-urlencoded"},
      {"content-type", "text/plain"},
      {"grpc-timeout", "1S"},
      {"grpc-timeout", "x"},
      {"te", "trailers"},
      {"x-http-method-override", "GET"},
      {"last-event-id", "5"},
      {"authorization", "Bearer x"},
      {"grpc-metadata-x", "y"},
      {"origin", kOrigin},
      {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
      {"origin", "null"},
      {"origin", "https://example.com.evil"},
      {"access-control-request-method", "POST"},
      {"sec-fetch-site", "cross-site"}};
  http::RequestHead head;
  const auto& routes = SharedState().native->routes();
  const size_t which = input.Byte();
  if (which < 240) {
    head.method = std::string(kRequests[which % 16].first);
    head.target = std::string(kRequests[which % 16].second);
  } else {  // any route there is, as its template stands
    const Schema::Route& route = routes[(input.Byte() * 256 + input.Byte()) % routes.size()];
    head.method = input.Flag() ? "GET" : "POST";
    head.target = route.path_template;
    for (char& c : head.target) {
      if (absl::StrContains("{}=*", absl::string_view(&c, 1))) c = '1';
    }
  }
  head.authority = "localhost:8080";
  head.peer = "192.0.2.1:5";
  for (size_t count = input.Below(4); count > 0; --count) {
    const auto& [name, value] = kHeaders[input.Below(20)];
    head.headers.push_back({std::string(name), std::string(value)});
  }
  head.has_body = input.Flag();
  return head;
}

class Talk {
 public:
  explicit Talk(Input& input)
      : input_(input),
        native_(!input.Flag()),
        context_{.loop = SharedState().loop,
                 .options = SharedState().options,
                 .protocols = native_ ? SharedState().native_protocols : SharedState().gateway_protocols,
                 .gates = SharedState().gates,
                 .resources = {&SharedState().files},
                 .channels = {&upstream_},
                 .upstream_names = {"upstream"},
                 .known_types = *SharedState().known_types,
                 .observer = metrics_,
                 .schema = native_ ? SharedState().native : SharedState().gateway},
        head_(AnyHead(input)) {}

  void Run() {
    exchange_ = std::make_unique<Exchange>(context_, head_, response_);
    handler().OnRequestHead();
    if (!head_.has_body) EndRequest();
    for (size_t steps = 0; !input_.empty() && exchange_ != nullptr && steps < kMaxSteps; ++steps) Step();
    Settle();
    CheckAnswer();
  }

 private:
  http::RequestHandler& handler() { return *exchange_; }
  bool open() const { return exchange_ != nullptr && response_.open(); }

  void Step() {
    switch (input_.Below(16)) {
      case 0:
      case 1:
      case 2:
        return SendBody();
      case 3:
        return EndRequest();
      case 4:
        return SendMetadata();
      case 5:
      case 6:
      case 7:
        return AnswerMessage();
      case 8:
        return AnswerPartial(1 + size_t{input_.Byte()});
      case 9:
        return EndCall();
      case 10:
      case 11:
        return Drain(1 + size_t{input_.Byte()} * input_.Byte());
      case 12:
        return Turn();
      case 13:
        return Leave();
      case 14:
        if (input_.Below(8) == 0 && exchange_ != nullptr && !drained_) drained_ = true, exchange_->EndForDrain();
        return;
      case 15:
        return Break();
    }
  }

  void Turn() {
    for (int turn = 0; turn < 100; ++turn) {
      context_.loop.io().restart();
      if (context_.loop.io().poll() == 0) return;
    }
  }

  // ---- the client

  void SendBody() {
    static constexpr absl::string_view kPieces[] = {"{\"message\":\"hello\"}",
                                                    "{",
                                                    "}",
                                                    "{\"number\":1}",
                                                    "\n",
                                                    "{\"int32Value\":5,\"any\":{}}",
                                                    "null",
                                                    "\"",
                                                    "{\"name\":\"x\",",
                                                    "\"count\":\"3\"}",
                                                    "[1]",
                                                    "{\"wrong\":true}",
                                                    " ",
                                                    "\xff",
                                                    "a=b&c",
                                                    "{\"code\":5,\"after\":1}"};
    const size_t which = input_.Below(18);
    const absl::string_view piece = which < 16 ? kPieces[which] : input_.Take(input_.Below(64));
    if (!head_.has_body || request_ended_ || piece.empty() || !open()) return;
    delivered_ += piece.size();
    handler().OnRequestBody(piece);
  }

  void EndRequest() {
    if (request_ended_ || !open()) return;
    request_ended_ = true;
    handler().OnRequestEnd();
  }

  void Break() {
    if (!head_.has_body || request_ended_ || !open() || input_.Below(4) != 0) return;
    request_ended_ = true;
    handler().OnRequestBroken(input_.Flag() ? 400 : 408, "the body is broken");
  }

  void Drain(size_t bytes) {
    bytes = std::min(bytes, response_.Unsent());
    if (bytes == 0) return;
    response_.drained += bytes;
    if (open()) handler().OnDrained(bytes);
  }

  void Leave() {
    if (!open() || input_.Below(4) != 0) return;
    left_ = true;
    handler().OnClientGone(input_.Flag() ? "client_closed" : "slow_client");
    exchange_.reset();
    FUZZ_EXPECT(upstream_.handler == nullptr, "the call outlives its client");
  }

  // ---- the upstream

  bool answers() const { return upstream_.handler != nullptr && !upstream_.ended; }

  upstream::Metadata AnyMetadata() {
    static constexpr std::pair<absl::string_view, absl::string_view> kMetadata[] = {
        {"x", "y"}, {"x-bin", "\0\1"}, {"content-type", "application/grpc"}, {"a", "b\xff"}};
    upstream::Metadata metadata;
    for (size_t count = input_.Below(4); count > 0; --count) {
      const auto& [name, value] = kMetadata[input_.Below(4)];
      metadata.emplace_back(name, value);
    }
    return metadata;
  }

  void SendMetadata() {
    if (!answers() || metadata_ || answered_) return;
    metadata_ = true;
    upstream_.Tell([&](upstream::CallHandler& told) { told.OnCallMetadata(AnyMetadata()); });
  }

  void AnswerMessage() {
    static constexpr absl::string_view kMessages[] = {"",
                                                      "\x12\x02hi\x18\x01",
                                                      "\x08\x01",
                                                      "\x0a\x03xyz",
                                                      "\x12\x03\xff\xff\xff",
                                                      "\x0a",
                                                      "\x0a\x04text\x12\x01x",
                                                      "\x0a\x0d\x0a\x0btype.x/none"};
    const size_t which = input_.Below(11);
    const std::string message = which < 8    ? std::string(kMessages[which])
                                : which == 8 ? absl::StrCat("\x12\x80\x08", std::string(1024, 'x'))
                                             : std::string(input_.Take(input_.Below(128)));
    if (!answers()) return;
    answered_ = true;
    const size_t window = message.size() + 5 - std::min(partial_, message.size() + 4);
    partial_ = 0;
    upstream_.taken += window;
    upstream_.Tell([&](upstream::CallHandler& told) { told.OnCallMessage(message, window); });
  }

  void AnswerPartial(size_t window) {
    if (!answers()) return;
    answered_ = true;
    partial_ += window;
    upstream_.taken += window;
    upstream_.Tell([&](upstream::CallHandler& told) { told.OnCallPartial(window); });
  }

  void EndCall() {
    upstream::CallEnd end;
    const size_t how = input_.Byte();
    const int code = how % 18;
    if (code != 0) {
      end.status = absl::Status(static_cast<absl::StatusCode>(code), how < 128 ? "it failed" : "b\xff\n\"d");
      if ((how & 64) != 0) {
        end.status.SetPayload(upstream::kStatusDetailsUrl, absl::Cord(std::string(input_.Take(input_.Below(64)))));
      }
    }
    end.from_upstream = code == 0 || (how & 1) != 0;
    end.unprocessed = code != 0 && !answered_ && !metadata_ && (how & 2) != 0;
    end.trailers = AnyMetadata();
    if (!answers()) return;
    upstream_.ended = true;
    upstream_.Tell([&](upstream::CallHandler& told) { told.OnCallEnd(std::move(end)); });
    FUZZ_EXPECT(!response_.open(), "the call has ended, and the client is not told");
  }

  // ---- the end

  void Settle() {
    if (exchange_ == nullptr) return;
    Turn();
    // Everything is taken: then all window and all of the body are free again.
    Drain(response_.Unsent());
    if (input_.Flag()) upstream_.unsent = 0;
    if (upstream_.handler != nullptr && upstream_.unsent == 0) {
      upstream_.Tell([](upstream::CallHandler& told) { told.OnCallSent(); });
    }
    Turn();
    if (open() && answers()) {
      FUZZ_EXPECT(upstream_.given_back == upstream_.taken, upstream_.given_back, " of ", upstream_.taken);
    }
    if (open() && upstream_.unsent == 0) FUZZ_EXPECT(response_.released == delivered_, "the client waits for ever");
    if (open()) {
      const bool waits_for_client = !request_ended_;
      if (answers() && upstream_.handler != nullptr) {
        upstream_.ended = true;
        upstream_.Tell([&](upstream::CallHandler& told) {
          told.OnCallEnd({.status = {}, .from_upstream = true, .unprocessed = false, .trailers = {}});
        });
      }
      FUZZ_EXPECT(!response_.open() || waits_for_client, "nobody is left to answer");
      if (response_.open()) {
        handler().OnClientGone("client_closed");
        left_ = true;
      }
    }
    exchange_.reset();
    FUZZ_EXPECT(upstream_.handler == nullptr, "the call outlives its exchange");
    FUZZ_EXPECT(metrics_.metrics().requests_active.value() == 0 && metrics_.metrics().streams_active.value() == 0);
    FUZZ_EXPECT(context_.live.size() == 0);
  }

  void CheckAnswer() const {
    FUZZ_EXPECT(response_.released <= delivered_);
    FUZZ_EXPECT(left_ || !response_.open(), "no end");
    if (response_.status == 0) return;
    const std::string* origin = http::FindHeader(head_.headers, "origin");
    const std::string allowed = response_.Header("access-control-allow-origin");
    FUZZ_EXPECT(allowed.empty() || (allowed == kOrigin && origin != nullptr && *origin == kOrigin), allowed);
    const std::string type = response_.Header("content-type");
    if (response_.content_length) {
      FUZZ_EXPECT(!response_.finished || response_.body.size() == *response_.content_length);
      if (type == "application/json" && head_.method != "HEAD") FUZZ_EXPECT(IsJson(response_.body), response_.body);
      return;
    }
    if (head_.method == "HEAD") return;
    if (type == "text/event-stream") return CheckEvents();
    if (type == "application/x-ndjson" || (native_ && type == "application/json" && response_.status == 200 &&
                                           absl::StrContains(response_.Header("x-accel-buffering"), "no"))) {
      return CheckRecords(/*bare=*/false);
    }
    if (type == "application/json" && response_.trailers.empty()) CheckRecords(/*bare=*/true);
  }

  // One JSON value a line, and of a native stream that ended one ending line. `bare`: grpc-gateway's, where a good end
  // is no line.
  void CheckRecords(bool bare) const {
    std::vector<absl::string_view> lines = absl::StrSplit(response_.body, '\n');
    const absl::string_view rest = lines.back();
    lines.pop_back();
    // An early failure of that dialect is one value without a newline.
    if (bare && lines.empty()) {
      FUZZ_EXPECT(rest.empty() || IsJson(rest), rest);
      return;
    }
    FUZZ_EXPECT(absl::StripAsciiWhitespace(rest).empty(), "half a record: ", rest);
    size_t endings = 0;
    for (const absl::string_view line : lines) {
      FUZZ_EXPECT(endings == 0, "a record behind the ending: ", line);
      FUZZ_EXPECT(IsJson(line), line);
      const absl::string_view record = absl::StripAsciiWhitespace(line);
      endings += absl::StartsWith(record, "{\"end\":") || absl::StartsWith(record, "{\"error\":") ? 1 : 0;
    }
    FUZZ_EXPECT(bare || endings == (response_.finished ? 1u : 0u), endings, " endings in ", response_.body);
  }

  void CheckEvents() const {
    size_t endings = 0;
    for (const absl::string_view line : absl::StrSplit(response_.body, '\n')) {
      absl::string_view field = line;
      if (absl::ConsumePrefix(&field, "data: ")) {
        FUZZ_EXPECT(IsJson(field), line);
      } else if (absl::ConsumePrefix(&field, "event: ")) {
        FUZZ_EXPECT(endings == 0, "an event behind the ending: ", line);
        endings += field == "end" || field == "failure" ? 1 : 0;
      } else {
        FUZZ_EXPECT(line.empty() || absl::StartsWith(line, ":") || absl::StartsWith(line, "id:") ||
                        absl::StartsWith(line, "retry:"),
                    line);
      }
    }
    FUZZ_EXPECT(endings == (response_.finished ? 1u : 0u), endings, " endings in ", response_.body);
  }

  Input& input_;
  const bool native_;
  Upstream upstream_;
  Response response_;
  observe::MetricsObserver metrics_;
  ExchangeContext context_;
  const http::RequestHead head_;
  std::unique_ptr<Exchange> exchange_;
  size_t delivered_ = 0, partial_ = 0;
  bool request_ended_ = false, metadata_ = false, answered_ = false, left_ = false, drained_ = false;
};

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Talk(input).Run();
  return 0;
}
