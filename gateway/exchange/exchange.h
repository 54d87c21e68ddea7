// The life of one request, from its head to its end. This is the only place that knows every stage; read OnRequestHead,
// OnRequestEnd and the OnCall… functions in that order and the whole gateway has been followed:
//
//   OnRequestHead   protocol → route → gates → admission             (or a local resource's reply, or a failure)
//   OnRequestBody   bytes → messages                                 (sent on at once where the method takes many)
//   OnRequestEnd    the last message → start the call
//   OnCallMessage   wire bytes → JSON record → the session's buffer  (the pump says when, and gives window back)
//   OnCallEnd       status → the ending
//
// How the client speaks is its Protocol's business, what is to be counted or logged its observer's.
//
// An Exchange lives on its loop's thread, is made and destroyed by the HTTP session, and reports its end when it is
// destroyed, which is when the client has everything or is gone.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_EXCHANGE_H_
#define PENSTOCK_GATEWAY_EXCHANGE_EXCHANGE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "gateway/exchange/exchange_context.h"
#include "gateway/exchange/gate.h"
#include "gateway/exchange/pump.h"
#include "gateway/http/request_handler.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/protocol/protocol.h"
#include "gateway/schema/schema.h"
#include "gateway/upstream/call.h"

namespace penstock {

class Exchange final : public http::RequestHandler,
                       public LiveStream,
                       private upstream::CallHandler,
                       private Gate::Waiter,
                       private net::Timer,
                       private net::Deferred {
 public:
  // `context` and `response` outlive it.
  Exchange(ExchangeContext& context, http::RequestHead head, http::ResponseStream& response);
  ~Exchange() override;

  // A stream that goes on is reported each time this has passed.
  static constexpr absl::Duration kReportEvery = absl::Minutes(1);

  // LiveStream: the gateway is shutting down and it is this request's turn.
  void EndForDrain() override;
  observe::LiveEntry Describe() const override;
  size_t held_bytes() const override { return pump_ ? pump_->held() : 0; }

 private:
  using Clock = net::TimerWheel::Clock;

  // A request that a gate has not decided about yet.
  struct Waiting {
    size_t gate;  // its index
    std::unique_ptr<Gate::Ticket> ticket;
    route::Router::Match match;
    std::string body;  // as far as it has come; the session bounds it, for nothing of it is released
    bool complete = false;
  };

  // How a call ended, for whoever is told.
  struct Ending {
    absl::Status status;
    observe::EndReason reason = observe::EndReason::kOk;
    bool unprocessed = false;  // no upstream saw the call
  };

  // http::RequestHandler
  void OnRequestHead() override;
  void OnRequestBody(absl::string_view data) override;
  void OnRequestEnd() override;
  void OnRequestBroken(int status, absl::string_view message) override;
  void OnDrained(size_t bytes) override;
  void OnClientGone(absl::string_view reason) override;

  // Gate::Waiter
  void OnVerdict(Gate::Verdict verdict) override;

  // upstream::CallHandler
  void OnCallMetadata(const upstream::Metadata& metadata) override;
  void OnCallMessage(absl::string_view message, size_t window) override;
  void OnCallPartial(size_t window) override;
  void OnCallSent() override;
  void OnCallEnd(upstream::CallEnd end) override;

  void OnTimer() override;      // head wait, heartbeat, longest duration
  void RunDeferred() override;  // what must not be done below a callback of the call

  // Before the call.
  route::Router::Match Route() const;
  void PassGates(route::Router::Match match, size_t first);
  void Enter(route::Router::Match match);
  void AnswerPreflight();
  void AnswerWithoutRoute(const route::Router::Match& match);
  void Admit(route::Router::Match match);
  absl::Status TakeLastEventId();
  void StartCall();
  absl::Status SendMessage(std::string* wire);
  void OnBadBody(const absl::Status& status);
  void ReleaseBody();

  // The response of a method that streams it.
  void OnStreamMessage(absl::string_view message, size_t window);
  void Apply(const PumpActions& actions, const Ending& ending, absl::optional<absl::string_view> first = {});
  void SendStreamHead(absl::optional<absl::string_view> first);
  void EndWithNothingLeft();
  void ArmTimer();

  // The response of any other method: a body with its media type.
  void OnUnaryMessage(absl::string_view message, size_t window);
  void OnUnaryEnd(const Ending& ending);

  // Replies that are complete in one go, and ends.
  void Reply(Answer answer, observe::EndReason reason);
  void ReplyFailure(const Failure& failure, observe::EndReason reason);
  void SendHead(int status, http::Headers headers, absl::optional<uint64_t> content_length);
  void End(observe::EndReason reason, absl::StatusCode code);
  void CancelCall();
  std::vector<const codec::PlanSet*> StatusTypes() const;
  observe::RequestFacts Facts() const;

  ExchangeContext& context_;
  http::ResponseStream& response_;
  const Clock::time_point start_ = Clock::now();
  http::RequestHead head_;
  const Protocol& protocol_;
  absl::string_view path_;               // into head_.target
  absl::string_view query_;              // the same, after '?'; or into rest_of_query_
  std::string rest_of_query_;            // without the id after which the client resumes
  absl::optional<std::string> last_id_;  // of the record after which the client resumes
  bool resumed_ = false;
  const std::string* origin_ = nullptr;  // of the page that asks, where it was configured; null: any other, or no page

  std::shared_ptr<const Schema> schema_;   // the one it started with
  const Schema::Route* route_ = nullptr;   // null: none matched
  std::unique_ptr<Waiting> waiting_;       // at a gate
  const StreamFormat* format_ = nullptr;   // of a method that streams its answer
  std::unique_ptr<RequestReader> reader_;  // while the body is read
  size_t unreleased_ = 0;                  // bytes of the body that the session was not told of yet
  absl::Duration timeout_ = absl::InfiniteDuration();

  std::unique_ptr<upstream::Call> call_;
  CallMetadata metadata_;                    // until the head goes, and at the end
  std::unique_ptr<PrintedMessage> printed_;  // the one message of a method that has one
  absl::optional<Pump> pump_;                // of a method that streams its answer, once its call has started

  std::string trace_id_, request_id_;    // where reports of open streams are wanted
  Clock::time_point reported_ = start_;  // its last report
  Clock::time_point last_sent_;          // or the call's start, while nothing was
  bool answered_ = false;  // a complete reply was sent, or the end is on its way: nothing more may be said
  bool cancel_ = false;    // the call goes at the end of the loop's iteration
  bool sends_trailers_ = false;
  bool called_ = false;  // a call was started
  int status_ = 0;
  absl::StatusCode code_ = absl::StatusCode::kOk;
  observe::EndReason end_reason_ = observe::EndReason::kClientGone;
  absl::optional<Clock::duration> first_message_;
  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_EXCHANGE_H_
