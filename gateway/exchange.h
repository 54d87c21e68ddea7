// The life of one request, from its head to its end. This is the only place that knows every stage; read OnRequestHead,
// OnRequestEnd and the OnCall… functions in that order and the whole gateway has been followed:
//
//   OnRequestHead   route → media types → limits                    (or an error reply, or the page)
//   OnRequestBody   collect, bounded
//   OnRequestEnd    bind path, query and body to wire bytes → start the call
//   OnCallMessage   wire bytes → JSON record → the session's buffer  (the pump says when, and gives window back)
//   OnCallEnd       status → the ending
//
// An Exchange lives on its loop's thread, is made and destroyed by the HTTP session, and writes the access line when it
// is destroyed, which is when the client has everything or is gone.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_H_
#define PENSTOCK_GATEWAY_EXCHANGE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "gateway/exchange_context.h"
#include "gateway/http/stream.h"
#include "gateway/loop.h"
#include "gateway/observe/metrics.h"
#include "gateway/pump.h"
#include "gateway/schema.h"
#include "gateway/timer_wheel.h"
#include "gateway/upstream/call.h"

namespace penstock {

class Exchange final : public http::RequestHandler,
                       public LiveStream,
                       private upstream::CallHandler,
                       private Timer,
                       private Deferred {
 public:
  // `context` and `response` outlive it.
  Exchange(ExchangeContext& context, http::RequestHead head, http::ResponseStream& response);
  ~Exchange() override;

  // LiveStream: the gateway is shutting down and it is this request's turn.
  void EndForDrain() override;

 private:
  using Clock = TimerWheel::Clock;

  // http::RequestHandler
  void OnRequestHead() override;
  void OnRequestBody(absl::string_view data) override;
  void OnRequestEnd() override;
  void OnRequestBroken(int status, absl::string_view message) override;
  void OnDrained(size_t bytes) override;
  void OnClientGone(absl::string_view reason) override;

  // upstream::CallHandler
  void OnCallMetadata(const upstream::Metadata& metadata) override;
  void OnCallMessage(absl::string_view message, size_t window) override;
  void OnCallPartial(size_t window) override;
  void OnCallEnd(upstream::CallEnd end) override;

  void OnTimer() override;      // head wait, heartbeat, longest duration
  void RunDeferred() override;  // lets go of a call that must not be destroyed below its own callback

  // Before the call.
  void Answer(const route::Router::Match& match);
  void AnswerWithFile();
  void CheckHead();
  void StartCall(std::string message);

  // How a call ended, for whoever is told.
  struct Ending {
    absl::Status status;
    observe::EndReason reason = observe::EndReason::kOk;
    bool unprocessed = false;  // no upstream saw the call
  };

  // The response of a streaming method.
  void OnStreamMessage(absl::string_view message, size_t window);
  absl::Status AppendRecord(absl::string_view message, std::string* body);
  void Carry(const PumpActions& actions, const Ending& ending);
  void SendStreamHead();
  void ArmTimer();

  // The response of a unary method.
  void OnUnaryMessage(absl::string_view message, size_t window);
  void OnUnaryEnd(const upstream::CallEnd& end, observe::EndReason reason);

  // Replies that are complete in one go, and ends.
  void Reply(int http_status, absl::string_view message, http::Headers extra = {});
  void ReplyTooLong();
  void ReplyStatus(const absl::Status& status, observe::EndReason reason, bool unprocessed = false);
  void SendWhole(int http_status, http::Headers headers, absl::string_view json);
  void SendHead(int status, http::Headers headers, absl::optional<uint64_t> content_length);
  void End(observe::EndReason reason, absl::StatusCode code);
  void CancelCall();
  std::vector<const transcode::PlanSet*> DetailTypes() const;
  void WriteAccessLine() const;

  ExchangeContext& context_;
  http::ResponseStream& response_;
  const Clock::time_point start_ = Clock::now();
  http::RequestHead head_;
  absl::string_view path_;   // into head_.target
  absl::string_view query_;  // the same, after '?'

  std::shared_ptr<const Schema> schema_;  // the one it started with
  const Schema::Route* route_ = nullptr;  // null: none matched
  std::vector<std::string> variables_;
  absl::Duration timeout_;
  size_t media_type_ = 0;  // index into the offered ones
  std::string body_;       // of the request, until the call starts

  std::unique_ptr<upstream::Call> call_;
  http::Headers metadata_;  // of the response, until the head goes
  std::string unary_json_;
  bool unary_received_ = false;
  absl::optional<Pump> pump_;  // of a streaming method, once its call has started

  Clock::time_point last_sent_;  // or the call's start, while nothing was
  bool answered_ = false;        // a complete reply was sent, or the end is on its way: nothing more may be said
  int status_ = 0;
  absl::StatusCode code_ = absl::StatusCode::kOk;
  observe::EndReason end_reason_ = observe::EndReason::kClientGone;
  absl::optional<Clock::duration> first_message_;
  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_H_
