#include "gateway/http/http1_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "gateway/base/check.h"
#include "gateway/http/error_reply.h"
#include "gateway/http/response_head.h"

namespace penstock::http {
namespace {

// "0000006d\r\n": reserved before a chunk's data and filled in when its length is known. Eight digits are more than a
// turn can append; leading zeros are part of the grammar (RFC 9112 section 7.1).
constexpr size_t kSizeDigits = 8;
constexpr absl::string_view kSizeLine = "00000000\r\n";

constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr int kContentTooLarge = 413;
constexpr absl::string_view kServed = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

void Append(std::string& out, absl::string_view text) { out.append(text.data(), text.size()); }

}  // namespace

Http1Session::Http1Session(SessionContext& context, net::ByteStream byte_stream)
    : context_(context), byte_stream_(std::move(byte_stream)), peer_(net::Peer::Of(byte_stream_.fd())) {
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
  if (state_ == State::kHead && !out_ && !(parser_ && parser_->in_head())) {
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
  if (!exchange_.finished || !out_) return ClientGone("client_closed", /*reset=*/false);
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
  exchange_ = Exchange();
  exchange_.to_head = head.method == "HEAD";
  exchange_.http10 = head.version == Version::kHttp10;
  exchange_.request_complete = !head.has_body;
  exchange_.awaits_continue = head.has_body && !exchange_.http10 && FindHeader(head.headers, "expect") != nullptr;
  if (exchange_.http10 ? !HasConnectionToken(head.headers, "keep-alive") : HasConnectionToken(head.headers, "close")) {
    close_ = true;
  }
  head.peer = peer_.ToString();
  state_ = State::kBody;
  handler_ = context_.factory(std::move(head), *this);
  PENSTOCK_CHECK(handler_ != nullptr);
  context_.loop.live_requests().fetch_add(1, std::memory_order_relaxed);
  if (!answered()) handler_->OnRequestHead();
  if (exchange_.awaits_continue && !exchange_.head_sent && !answered()) {
    exchange_.awaits_continue = false;
    Append(Out(), kContinue);
    accounted_ = out_->size();
    context_.loop.Defer(this);
  }
}

void Http1Session::EndRequest() {
  parser_.reset();
  exchange_.request_complete = true;
  const bool wanted = state_ == State::kBody && !answered();
  state_ = State::kResponse;
  if (wanted) handler_->OnRequestEnd();
  context_.loop.Defer(this);
}

void Http1Session::KeepPipelined(absl::string_view input) {
  if (input.empty()) return;
  if (exchange_.head_sent && exchange_.unknown_length && !exchange_.finished) {
    // Nobody may wait behind a stream whose end is not in sight: the connection closes after it.
    close_ = true;
    DropInput(context_.options.max_lingering_bytes);
    return Consume(input);
  }
  if (!pipelined_) pipelined_ = std::make_unique<std::string>();
  Append(*pipelined_, input);
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
  exchange_ = Exchange();
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

std::string& Http1Session::Out() {
  if (!out_) out_ = context_.buffers.Take();
  return *out_;
}

// A rest of the body that cannot be skipped cheaply: of unknown length, long, or never to come because the client
// waits for `100 Continue`.
// Whether what the client still has to send is worth the connection. What is left of a chunked body nobody knows: it is
// read and dropped up to the limit, unless the answer is that there was too much of it.
bool Http1Session::MustCloseAfterHead(int status) const {
  if (exchange_.request_complete) return false;
  if (exchange_.awaits_continue || !parser_) return true;
  const absl::optional<uint64_t> left = parser_->body_left();
  return left ? *left > context_.options.max_discarded_bytes : status == kContentTooLarge;
}

void Http1Session::SendHead(int status, const Headers& headers, absl::optional<uint64_t> content_length) {
  if (state_ == State::kClosed || exchange_.head_sent) return;
  Exchange& now = exchange_;
  now.head_sent = true;
  now.bodiless = now.to_head || status == 204 || status == 304;
  now.unknown_length = !content_length && !now.bodiless;
  now.chunked = now.unknown_length && !now.http10;
  now.owed = now.bodiless ? 0 : content_length.value_or(0);
  const bool until_close = now.unknown_length && !now.chunked;
  const bool others_wait = now.unknown_length && pipelined_;
  if (context_.draining || MustCloseAfterHead(status) || until_close || others_wait) close_ = true;
  if (HasConnectionToken(headers, "close")) close_ = true;
  if (others_wait) DropInput(context_.options.max_lingering_bytes);

  ResponseFraming framing;
  if (status != 204 && status != 304) framing.content_length = content_length;
  framing.chunked = now.chunked;
  framing.close = close_;
  framing.keep_alive = now.http10;
  AppendResponseHead(status, headers, context_.DateLine(), framing, Out());
  accounted_ = out_->size();
  context_.loop.Defer(this);
}

std::string& Http1Session::Body() {
  std::string& out = Out();
  if (piece_ == kNoPiece) {
    if (exchange_.chunked) Append(out, kSizeLine);
    piece_ = accounted_ = out.size();
  }
  return out;
}

void Http1Session::Account() {
  unsent_ += out_->size() - accounted_;  // unsigned: a cut-off subtracts
  accounted_ = out_->size();
}

void Http1Session::CommitBody() {
  if (!out_ || piece_ == kNoPiece) return;
  Account();
  context_.loop.Defer(this);
}

// Frames what was appended since the last write.
void Http1Session::ClosePiece() {
  if (!out_ || piece_ == kNoPiece) return;
  Account();
  const size_t length = out_->size() - piece_;
  if (exchange_.bodiless) {
    out_->resize(piece_);
  } else if (exchange_.chunked && length == 0) {
    out_->resize(piece_ - kSizeLine.size());
  } else if (exchange_.chunked) {
    const size_t line = piece_ - kSizeLine.size();
    size_t digit = kSizeDigits;
    PENSTOCK_CHECK((uint64_t{length} >> (4 * kSizeDigits)) == 0);
    for (size_t rest = length; rest != 0; rest >>= 4) (*out_)[line + --digit] = "0123456789abcdef"[rest & 15];
    if (sent_ == line) sent_ += digit;  // nothing before it waits: the leading zeros need not travel
    Append(*out_, "\r\n");
  } else if (!exchange_.unknown_length) {
    // More than was announced would be read as the next response.
    if (length > exchange_.owed) exchange_.aborted = true;
    exchange_.owed -= std::min<uint64_t>(length, exchange_.owed);
  }
  piece_ = kNoPiece;
  accounted_ = out_->size();
}

void Http1Session::WriteEnding(const Headers& trailers) {
  if (exchange_.owed > 0) exchange_.aborted = true;  // less than was announced: the client must see a cut
  if (!exchange_.chunked) return;
  std::string& out = Out();
  Append(out, "0\r\n");
  AppendFields(trailers, out);
  Append(out, "\r\n");
  accounted_ = out.size();
}

void Http1Session::Finish(const Headers& trailers) {
  if (answered()) return;
  PENSTOCK_CHECK(exchange_.head_sent);
  exchange_.finished = true;
  ClosePiece();
  WriteEnding(trailers);
  unreleased_ = 0;
  if (state_ == State::kBody) {
    if (close_ && !exchange_.request_complete) {
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
  exchange_.aborted = true;
  context_.loop.Defer(this);
}

void Http1Session::RunDeferred() {
  if (state_ != State::kClosed) {
    ClosePiece();
    if (exchange_.aborted) Close(/*reset=*/true);
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
  if (!out_ || write_armed_) return;
  const size_t waiting = out_->size() - sent_;
  if (waiting > 0) {
    const ssize_t n = byte_stream_.Write(absl::string_view(*out_).substr(sent_));
    if (n == net::ByteStream::kFailed) return ClientGone("reset", /*reset=*/false);
    const size_t taken = n > 0 ? static_cast<size_t>(n) : 0;
    sent_ += taken;
    deadline_.Took(taken);
    if (taken < waiting) ArmWrite();
  }
  OnTaken();
}

// Counts what the socket took. While framing waits along with the body, body bytes count as the last to go.
void Http1Session::OnTaken() {
  const size_t waiting = out_->size() - sent_;
  const size_t drained = unsent_ - std::min(unsent_, waiting);
  unsent_ -= drained;
  if (waiting == 0) {
    out_->clear();
    sent_ = 0;
  } else if (sent_ >= waiting) {
    out_->erase(0, sent_);  // each byte moves at most once on average
    sent_ = 0;
  }
  accounted_ = out_->size();
  if (drained > 0 && handler_ && !answered()) handler_->OnDrained(drained);
  if (!out_->empty()) return;
  piece_ = kNoPiece;
  context_.buffers.Give(std::move(out_));
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
  if (!exchange_.finished || out_) return;
  DropHandler();
  if (state_ == State::kLinger) return;
  if (close_) return CloseAfterResponse();
  if (exchange_.request_complete && state_ == State::kResponse) NextRequest();
}

void Http1Session::NextRequest() {
  exchange_ = Exchange();
  state_ = State::kHead;
  if (!pipelined_) return;
  const std::unique_ptr<std::string> bytes = std::move(pipelined_);
  Consume(*bytes);
}

// Unread input would turn close() into a reset, and that would take from the client what it has not read yet.
void Http1Session::CloseAfterResponse() {
  const bool clean = !drop_input_ && !pipelined_ && exchange_.request_complete && !byte_stream_.Readable();
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
  const bool cut = exchange_.head_sent && (!exchange_.finished || out_);
  byte_stream_.Close(reset || cut);
  unsent_ = 0;
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
  if (state_ == State::kBody && !exchange_.head_sent && ReadAllowance() > 0) return Kind::kBody;
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
