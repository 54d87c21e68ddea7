#include "gateway/http/http1_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "gateway/base/check.h"
#include "gateway/http/error_reply.h"
#include "gateway/http/response_head.h"

namespace penstock::http {
namespace {

constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr int kContentTooLarge = 413;
constexpr absl::string_view kServed = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

}  // namespace

Http1Session::Http1Session(SessionContext& context, net::ByteStream byte_stream)
    : context_(context),
      byte_stream_(std::move(byte_stream)),
      writer_(context.buffers),
      peer_(net::Peer::Of(byte_stream_.fd())) {
  ArmRead();
  UpdateDeadline();
}

Http1Session::~Http1Session() { DropHandler(); }

void Http1Session::Receive(absl::string_view input) {
  if (input.empty()) return;
  Consume(input);
  UpdateDeadline(/*progress=*/true);
}

void Http1Session::Refuse(int status, absl::string_view message, Headers extra) {
  RefuseRequest(status, message, std::move(extra));
}

void Http1Session::BeginDrain() {
  if (state_ == State::kHead && writer_.empty() && !(parser_ && parser_->in_head())) {
    Close(false);
  } else {
    close_ = true;
  }
}

// ---- reading

size_t Http1Session::ReadAllowance() const {
  if (eof_) return 0;
  switch (state_) {
    case State::kHead:
      return kHeadReadBytes;
    case State::kBody:
      return context_.options.max_unreleased_bytes - std::min(unreleased_, context_.options.max_unreleased_bytes);
    case State::kDiscard:
      return drop_budget_;
    case State::kResponse: {
      if (drop_input_) return drop_budget_;
      const size_t kept = pipelined_ ? pipelined_->size() : 0;
      return context_.options.max_pipelined_bytes - std::min(kept, context_.options.max_pipelined_bytes);
    }
    case State::kLinger:
      return drop_budget_;
    case State::kClosed:
      return 0;
  }
  return 0;
}

void Http1Session::ArmRead() {
  if (read_armed_ || ReadAllowance() == 0) return;
  read_armed_ = true;
  byte_stream_.WaitReadable([this] {
    read_armed_ = false;
    OnReadable();
  });
}

void Http1Session::OnReadable() {
  if (state_ == State::kClosed) return context_.loop.Defer(this);
  const size_t allowance = std::min(ReadAllowance(), net::Loop::kReadBufferBytes);
  if (allowance == 0) return;
  char* buffer = context_.loop.read_buffer();
  const ssize_t n = byte_stream_.Read(buffer, allowance);
  if (n > 0) {
    Receive(absl::string_view(buffer, static_cast<size_t>(n)));
  } else if (n == net::ByteStream::kEnd) {
    OnEof();
  } else if (n == net::ByteStream::kFailed) {
    return ClientGone("reset", /*reset=*/false);
  }
  ArmRead();
}

// A client that closes its side has left: browsers and HTTP libraries do not half-close. An answer that is complete
// is still written out for those that do.
void Http1Session::OnEof() {
  eof_ = true;
  if (!request_.finished || writer_.empty()) return ClientGone("client_closed", /*reset=*/false);
  close_ = true;
}

// Everything but bytes that are dropped goes through here, in order.
void Http1Session::Consume(absl::string_view input) {
  while (state_ != State::kClosed) {
    if (state_ == State::kLinger || (state_ == State::kResponse && drop_input_)) {
      drop_budget_ -= std::min(drop_budget_, input.size());
      if (drop_budget_ == 0 && state_ == State::kLinger) Close(/*reset=*/false);
      return;
    }
    if (state_ == State::kResponse) return KeepPipelined(input);
    if (!parser_) parser_ = std::make_unique<Http1Parser>(context_.options.parser);
    if (!TakeStep(input)) return;
  }
}

// One event of the parser. False: the input is used up.
bool Http1Session::TakeStep(absl::string_view& input) {
  const Http1Parser::Step step = parser_->Next(input);
  input.remove_prefix(step.consumed);
  switch (step.event) {
    case Http1Parser::Event::kNeedMore:
      return false;
    case Http1Parser::Event::kHead:
      BeginRequest(parser_->TakeHead());
      return true;
    case Http1Parser::Event::kBody:
      if (state_ == State::kBody && !answered()) {
        unreleased_ += step.body.size();
        handler_->OnRequestBody(step.body);
      } else if (state_ == State::kDiscard) {
        Discard(step.consumed);
      }
      return true;
    case Http1Parser::Event::kEnd:
      EndRequest();
      return true;
    case Http1Parser::Event::kError: {
      const Http1Parser::Error error = parser_->error();
      if (state_ == State::kHead) {
        RefuseRequest(error.status, error.message,
                      error.status == 405 ? Headers{{"Allow", std::string(kServed)}} : Headers{});
      } else {
        BreakRequest(error.status, error.message);
      }
      return true;
    }
  }
  return false;
}

void Http1Session::BeginRequest(RequestHead head) {
  request_ = RequestState();
  request_.to_head = head.method == "HEAD";
  request_.http10 = head.version == Version::kHttp10;
  request_.request_complete = !head.has_body;
  request_.awaits_continue = head.has_body && !request_.http10 && FindHeader(head.headers, "expect") != nullptr;
  if (request_.http10 ? !HasConnectionToken(head.headers, "keep-alive") : HasConnectionToken(head.headers, "close")) {
    close_ = true;
  }
  head.peer = peer_.ToString();
  state_ = State::kBody;
  handler_ = context_.factory(std::move(head), *this);
  PENSTOCK_CHECK(handler_ != nullptr);
  context_.loop.live_requests().fetch_add(1, std::memory_order_relaxed);
  if (!answered()) handler_->OnRequestHead();
  if (request_.awaits_continue && !request_.head_sent && !answered()) {
    request_.awaits_continue = false;
    writer_.AppendRaw(kContinue);
    context_.loop.Defer(this);
  }
}

void Http1Session::EndRequest() {
  parser_.reset();
  request_.request_complete = true;
  const bool wanted = state_ == State::kBody && !answered();
  state_ = State::kResponse;
  if (wanted) handler_->OnRequestEnd();
  context_.loop.Defer(this);
}

void Http1Session::KeepPipelined(absl::string_view input) {
  if (input.empty()) return;
  if (request_.head_sent && writer_.open_ended() && !request_.finished) {
    // Nobody may wait behind a stream whose end is not in sight: the connection closes after it.
    close_ = true;
    DropInput(context_.options.max_lingering_bytes);
    return Consume(input);
  }
  if (!pipelined_) pipelined_ = std::make_unique<std::string>();
  pipelined_->append(input.data(), input.size());
}

void Http1Session::DropInput(size_t budget) {
  pipelined_.reset();
  parser_.reset();
  drop_input_ = true;
  drop_budget_ = budget;
  unreleased_ = 0;
  if (state_ != State::kLinger) state_ = State::kResponse;
}

// A part of a body that nobody wants has gone by. The rest may turn out to be more than the connection is worth.
void Http1Session::Discard(size_t bytes) {
  drop_budget_ -= std::min(drop_budget_, bytes);
  if (drop_budget_ > 0) return;
  close_ = true;
  DropInput(context_.options.max_lingering_bytes);
  context_.loop.Defer(this);
}

// The session's own answer to what never became a request.
void Http1Session::RefuseRequest(int status, absl::string_view message, Headers extra) {
  request_ = RequestState();
  close_ = true;
  DropInput(context_.options.max_lingering_bytes);
  SendError(*this, status, GrpcCodeOf(status), message, std::move(extra));
}

void Http1Session::BreakRequest(int status, absl::string_view message) {
  close_ = true;
  const bool wanted = state_ == State::kBody && !answered();
  DropInput(context_.options.max_lingering_bytes);
  if (wanted) handler_->OnRequestBroken(status, message);
  context_.loop.Defer(this);
}

void Http1Session::ReleaseRequestBody(size_t bytes) {
  unreleased_ -= std::min(bytes, unreleased_);
  if (state_ != State::kBody) return;
  ArmRead();
  UpdateDeadline();
}

// ---- writing

// Whether what the client still has to send costs the connection: it is long, or never to come because the client waits
// for `100 Continue`. What is left of a chunked body nobody knows: it is read and dropped up to the limit, unless the
// answer is that there was too much of it.
bool Http1Session::MustCloseAfterHead(int status) const {
  if (request_.request_complete) return false;
  if (request_.awaits_continue || !parser_) return true;
  const absl::optional<uint64_t> left = parser_->body_left();
  return left ? *left > context_.options.max_discarded_bytes : status == kContentTooLarge;
}

void Http1Session::SendHead(int status, const Headers& headers, absl::optional<uint64_t> content_length) {
  using Framing = Http1Writer::Framing;
  if (state_ == State::kClosed || request_.head_sent) return;
  request_.head_sent = true;
  const bool bodiless = request_.to_head || status == 204 || status == 304;
  const Framing body = bodiless          ? Framing::kDropped
                       : content_length  ? Framing::kLength
                       : request_.http10 ? Framing::kUntilClose
                                         : Framing::kChunked;
  writer_.BeginBody(body, content_length.value_or(0));
  const bool others_wait = writer_.open_ended() && pipelined_;
  if (context_.draining || MustCloseAfterHead(status) || body == Framing::kUntilClose || others_wait) close_ = true;
  if (HasConnectionToken(headers, "close")) close_ = true;
  if (others_wait) DropInput(context_.options.max_lingering_bytes);

  ResponseFraming framing;
  if (status != 204 && status != 304) framing.content_length = content_length;
  framing.chunked = body == Framing::kChunked;
  framing.close = close_;
  framing.keep_alive = request_.http10;
  writer_.AppendHead(status, headers, context_.DateLine(), framing);
  context_.loop.Defer(this);
}

void Http1Session::CommitBody() {
  writer_.Commit();
  context_.loop.Defer(this);
}

void Http1Session::Finish(const Headers& trailers) {
  if (answered()) return;
  PENSTOCK_CHECK(request_.head_sent);
  request_.finished = true;
  writer_.EndBody(trailers);
  unreleased_ = 0;
  if (state_ == State::kBody) {
    if (close_ && !request_.request_complete) {
      DropInput(context_.options.max_lingering_bytes);
    } else {
      state_ = State::kDiscard;
      drop_budget_ = context_.options.max_discarded_bytes;
    }
  }
  context_.loop.Defer(this);
}

void Http1Session::Abort() {
  if (answered()) return;
  request_.aborted = true;
  context_.loop.Defer(this);
}

void Http1Session::RunDeferred() {
  if (state_ != State::kClosed) {
    writer_.FramePiece();
    if (request_.aborted || writer_.broken()) Close(/*reset=*/true);
  }
  if (state_ != State::kClosed) Write();
  if (state_ != State::kClosed) Settle();
  if (state_ == State::kClosed) {
    DropHandler();
    if (!read_armed_ && !write_armed_) context_.Remove(*this);  // the waits refer to this object
    return;
  }
  ArmRead();
  UpdateDeadline();
}

void Http1Session::Write() {
  if (writer_.empty() || write_armed_) return;
  const absl::string_view waiting = writer_.Unwritten();
  size_t taken = 0;
  if (!waiting.empty()) {
    const ssize_t n = byte_stream_.Write(waiting);
    if (n == net::ByteStream::kFailed) return ClientGone("reset", /*reset=*/false);
    if (n > 0) taken = static_cast<size_t>(n);
    deadline_.Took(taken);
    if (taken < waiting.size()) ArmWrite();
  }
  const size_t drained = writer_.Took(taken);
  if (drained > 0 && handler_ && !answered()) handler_->OnDrained(drained);
}

void Http1Session::ArmWrite() {
  write_armed_ = true;
  byte_stream_.WaitWritable([this] {
    write_armed_ = false;
    context_.loop.Defer(this);
  });
}

// ---- ending

// What follows once the response is complete and out.
void Http1Session::Settle() {
  if (!request_.finished || !writer_.empty()) return;
  DropHandler();
  if (state_ == State::kLinger) return;
  if (close_) return CloseAfterResponse();
  if (request_.request_complete && state_ == State::kResponse) NextRequest();
}

void Http1Session::NextRequest() {
  request_ = RequestState();
  state_ = State::kHead;
  if (!pipelined_) return;
  const std::unique_ptr<std::string> bytes = std::move(pipelined_);
  Consume(*bytes);
}

// Unread input would turn close() into a reset, and that would take from the client what it has not read yet.
void Http1Session::CloseAfterResponse() {
  const bool clean = !drop_input_ && !pipelined_ && request_.request_complete && !byte_stream_.Readable();
  if (clean || eof_) return Close(/*reset=*/false);
  BeginLinger();
}

void Http1Session::BeginLinger() {
  DropInput(context_.options.max_lingering_bytes);
  state_ = State::kLinger;
  byte_stream_.ShutdownWrite();
}

void Http1Session::ClientGone(absl::string_view reason, bool reset) {
  if (handler_ && !answered()) handler_->OnClientGone(reason);
  Close(reset);
}

void Http1Session::Close(bool reset) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  Disarm();
  // A body that ends with the connection would look complete after a FIN.
  const bool cut = request_.head_sent && (!request_.finished || !writer_.empty());
  byte_stream_.Close(reset || cut);
  writer_.Forget();
  parser_.reset();
  pipelined_.reset();
  context_.loop.Defer(this);
}

void Http1Session::DropHandler() {
  if (!handler_) return;
  context_.loop.live_requests().fetch_sub(1, std::memory_order_relaxed);
  handler_.reset();
}

// ---- deadlines

SessionDeadline::Kind Http1Session::WantedDeadline() const {
  using Kind = SessionDeadline::Kind;
  if (state_ == State::kClosed) return Kind::kNone;
  if (state_ == State::kLinger) return Kind::kLinger;
  if (write_armed_) return Kind::kSlow;
  if (state_ == State::kHead) return parser_ && parser_->in_head() ? Kind::kHeader : Kind::kIdle;
  // A handler that has begun to answer talks with the client both ways: it says how long that may take.
  if (state_ == State::kBody && !request_.head_sent && ReadAllowance() > 0) return Kind::kBody;
  if (state_ == State::kDiscard) return Kind::kBody;
  return Kind::kNone;
}

void Http1Session::UpdateDeadline(bool progress) {
  const SessionDeadline::Kind wanted = WantedDeadline();
  if (deadline_.Set(wanted, progress && wanted == SessionDeadline::Kind::kBody)) context_.Arm(*this, deadline_);
}

void Http1Session::OnTimer() {
  switch (deadline_.Expire()) {
    case SessionDeadline::Kind::kIdle:
    case SessionDeadline::Kind::kLinger:
      return Close(/*reset=*/false);
    case SessionDeadline::Kind::kHeader:
      return RefuseRequest(408, "the request head took too long");
    case SessionDeadline::Kind::kBody:
      return BreakRequest(408, "the request body took too long");
    case SessionDeadline::Kind::kSlow:
      if (deadline_.TooSlow(context_.options)) return ClientGone("slow_client", /*reset=*/true);
      return UpdateDeadline();
    case SessionDeadline::Kind::kNone:
    case SessionDeadline::Kind::kDrain:
      return;
  }
}

}  // namespace penstock::http
