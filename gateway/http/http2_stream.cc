#include "gateway/http/http2_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/http/error_reply.h"
#include "gateway/http/http2_callbacks.h"
#include "gateway/http/http2_fields.h"
#include "gateway/http/http2_session.h"

namespace penstock::http {
namespace {

constexpr absl::string_view kServed = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

}  // namespace

Http2Stream::Http2Stream(Http2Session& session, int32_t id)
    : session_(session), fields_(std::make_unique<Http2Request>(session.context_.options.parser)), id_(id) {}

Http2Stream::~Http2Stream() {
  if (body_) session_.context_.buffers.Give(std::move(body_));
  if (handler_) session_.context_.loop.live_requests().fetch_sub(1, std::memory_order_relaxed);
}

// ---- the request

void Http2Stream::OnHead(bool end_stream) {
  const std::unique_ptr<Http2Request> fields = std::move(fields_);
  request_complete_ = end_stream;
  const bool good = fields->Complete(end_stream);
  RequestHead head = fields->TakeHead();
  to_head_ = head.method == "HEAD";
  if (!good) return Refuse(fields->error().status, fields->error().message);
  const bool awaits_continue = !end_stream && FindHeader(head.headers, "expect") != nullptr;
  head.peer = session_.peer_.ToString();
  handler_ = session_.context_.factory(std::move(head), *this);
  PENSTOCK_CHECK(handler_ != nullptr);
  session_.context_.loop.live_requests().fetch_add(1, std::memory_order_relaxed);
  if (!answered()) handler_->OnRequestHead();
  if (awaits_continue && !head_sent_ && !answered()) {
    Http2Fields interim;
    interim.AddOwn(":status", "100");
    nghttp2_submit_headers(session_.session_.get(), NGHTTP2_FLAG_NONE, id_, nullptr, interim.data(), interim.size(),
                           nullptr);
  }
  if (end_stream && !answered()) handler_->OnRequestEnd();
  UpdateDeadline();
}

// The session's own answer to what never became a request.
void Http2Stream::Refuse(int status, absl::string_view message) {
  SendError(*this, status, GrpcCodeOf(status), message,
            status == 405 ? Headers{{"Allow", std::string(kServed)}} : Headers{});
}

void Http2Stream::OnBody(absl::string_view data) {
  if (handler_ == nullptr || answered()) return;  // dropped; its window stays shut
  unreleased_ += data.size();
  handler_->OnRequestBody(data);
  UpdateDeadline(/*progress=*/true);
}

void Http2Stream::OnBodyEnd() {
  request_complete_ = true;
  if (handler_ != nullptr && !answered()) handler_->OnRequestEnd();
  UpdateDeadline();
}

void Http2Stream::ReleaseRequestBody(size_t bytes) {
  bytes = std::min(bytes, unreleased_);
  unreleased_ -= bytes;
  if (bytes == 0 || closed_ || request_complete_) return;
  nghttp2_session_consume_stream(session_.session_.get(), id_, bytes);
  session_.WantWrite();
  UpdateDeadline();
}

// ---- the answer

void Http2Stream::SendHead(int status, const Headers& headers, absl::optional<uint64_t> content_length) {
  if (closed_ || aborted_ || head_sent_) return;
  head_sent_ = true;
  bodiless_ = to_head_ || status == 204 || status == 304;
  has_length_ = content_length.has_value() && !bodiless_;
  owed_ = has_length_ ? *content_length : 0;
  Http2Fields fields;
  fields.AddOwn(":status", absl::StrCat(status));
  fields.Add(headers);
  fields.AddOwn("date", session_.context_.DateValue());
  if (content_length && status != 204 && status != 304) fields.AddOwn("content-length", absl::StrCat(*content_length));
  const nghttp2_data_provider body = Http2Callbacks::BodyProvider();
  // Fails when memory is out only: then the stream must not hang.
  if (nghttp2_submit_response(session_.session_.get(), id_, fields.data(), fields.size(), &body) != 0) Abort();
  session_.WantWrite();
  UpdateDeadline();
}

std::string& Http2Stream::Body() {
  if (!body_) body_ = session_.context_.buffers.Take();
  return *body_;
}

void Http2Stream::CommitBody() {
  if (!body_) return;
  if (bodiless_ || answered()) body_->resize(committed_);
  committed_ = body_->size();
  if (waits()) Resume();
}

// Has nghttp2 ask for the body at the end of this turn.
void Http2Stream::Resume() {
  session_.MarkWaiting(*this);
  session_.WantWrite();
  if (!deferred_) return;
  deferred_ = false;
  nghttp2_session_resume_data(session_.session_.get(), id_);
}

void Http2Stream::Finish(const Headers& trailers) {
  if (answered()) return;
  PENSTOCK_CHECK(head_sent_);
  CommitBody();
  finished_ = true;
  if (!trailers.empty() && !bodiless_) trailers_ = std::make_unique<Headers>(trailers);
  Resume();
  UpdateDeadline();
}

void Http2Stream::Abort() {
  if (answered()) return;
  aborted_ = true;
  nghttp2_submit_rst_stream(session_.session_.get(), NGHTTP2_FLAG_NONE, id_, NGHTTP2_INTERNAL_ERROR);
  session_.WantWrite();
  UpdateDeadline();
}

Http2Stream::Piece Http2Stream::NextPiece(size_t& size) {
  const size_t unsent = Unsent();
  size = std::min(size, unsent);
  const bool last = finished_ && size == unsent;
  if (has_length_ && (size > owed_ || (last && size < owed_))) {
    aborted_ = true;
    return Piece::kBroken;
  }
  if (last) return Piece::kLast;
  if (size > 0) return Piece::kMore;
  deferred_ = true;
  return Piece::kNone;
}

void Http2Stream::AppendPiece(size_t size, std::string& out) {
  if (size == 0) return;
  out.append(*body_, framed_, size);
  framed_ += size;
  deadline_.Took(size);
  if (has_length_) owed_ -= size;
  if (drained_ == 0) session_.drained_.push_back(this);
  drained_ += size;
  if (framed_ == body_->size()) {
    framed_ = committed_ = 0;
    session_.context_.buffers.Give(std::move(body_));
  } else if (framed_ >= body_->size() - framed_) {
    body_->erase(0, framed_);  // each byte moves at most once on average
    committed_ -= framed_;
    framed_ = 0;
  }
  if (!waits()) StopWaiting();
}

void Http2Stream::OnEndFramed() {
  end_framed_ = true;
  StopWaiting();
  // RFC 9113 section 8.1: the answer is whole, what the client still has to say is not wanted.
  if (!request_complete_) {
    nghttp2_submit_rst_stream(session_.session_.get(), NGHTTP2_FLAG_NONE, id_, NGHTTP2_NO_ERROR);
  }
}

void Http2Stream::TellDrained() {
  const size_t drained = std::exchange(drained_, 0);
  if (handler_ != nullptr && !answered()) handler_->OnDrained(drained);
}

// ---- the end

void Http2Stream::OnClosed(absl::string_view reason) {
  const bool told = handler_ != nullptr && !answered();
  closed_ = true;
  StopWaiting();
  if (told) handler_->OnClientGone(reason);
}

void Http2Stream::Cut(absl::string_view reason, uint32_t error_code) {
  const bool told = handler_ != nullptr && !answered();
  aborted_ = true;
  StopWaiting();
  nghttp2_submit_rst_stream(session_.session_.get(), NGHTTP2_FLAG_NONE, id_, error_code);
  session_.WantWrite();
  if (told) handler_->OnClientGone(reason);
}

void Http2Stream::OnBlocked() {
  blocked_ = true;
  UpdateDeadline();
}

void Http2Stream::StopWaiting() {
  blocked_ = false;
  StreamHook<WaitingStreams>::unlink();
  UpdateDeadline();
}

SessionDeadline::Kind Http2Stream::WantedDeadline() const {
  using Kind = SessionDeadline::Kind;
  if (closed_ || aborted_) return Kind::kNone;
  if (blocked_) return Kind::kSlow;
  // A handler that has begun to answer talks with the client both ways: it says how long that may take.
  const bool may_send = unreleased_ < session_.context_.options.max_unreleased_bytes;
  return !request_complete_ && !head_sent_ && may_send ? Kind::kBody : Kind::kNone;
}

void Http2Stream::UpdateDeadline(bool progress) {
  const SessionDeadline::Kind wanted = WantedDeadline();
  const bool anew = progress && wanted == SessionDeadline::Kind::kBody;
  if (deadline_.Set(wanted, anew)) session_.context_.Arm(*this, deadline_);
}

void Http2Stream::OnTimer() {
  const SessionDeadline::Kind expired = deadline_.Expire();
  if (expired == SessionDeadline::Kind::kBody) {
    if (handler_ != nullptr && !answered()) handler_->OnRequestBroken(408, "the request body took too long");
  } else if (expired == SessionDeadline::Kind::kSlow) {
    // Where no stream gets through it is the connection that is slow, and judged as one.
    const bool alone = !session_.blocked();
    if (alone && deadline_.TooSlow(session_.context_.options)) return Cut("slow_client", NGHTTP2_CANCEL);
    UpdateDeadline();
  }
}

}  // namespace penstock::http
