// One HTTP/1.1 (or 1.0) connection: reads requests, has each answered by a handler, writes the answers in order.
//
// Lives on one loop, in a SessionSet. An idle or streaming connection holds this object, asio's state for the
// descriptor and one pending wait: the read buffer is the loop's, the parser exists while a request is read, the
// output buffer while something waits to be written.
//
//            head complete           request complete            response sent
//   ┌─▶ kHead ─────────────▶ kBody ──────────────────▶ kResponse ─────┬─────▶ kHead   keep-alive
//   │    │ refused             │ answered early            ▲          │
//   │    │                     ▼                           │          └─────▶ kLinger or kClosed
//   │    │                  kDiscard ──────────────────────┘ the rest of the body, when it is short
//   │    └─────────▶ kLinger ─────▶ kClosed
//
// All writing happens at the end of a turn (RunDeferred), so what a turn appended leaves in one send as one chunk, and
// nothing that a handler calls here ever calls back into it.
#ifndef PENSTOCK_GATEWAY_HTTP_HTTP1_SESSION_H_
#define PENSTOCK_GATEWAY_HTTP_HTTP1_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/http/http1_parser.h"
#include "gateway/http/http1_writer.h"
#include "gateway/http/request_handler.h"
#include "gateway/http/session.h"
#include "gateway/http/session_deadline.h"
#include "gateway/net/byte_stream.h"
#include "gateway/net/loop.h"
#include "gateway/net/peer.h"
#include "gateway/net/timer_wheel.h"

namespace penstock::http {

class Http1Session final : public Session, private ResponseStream, private net::Deferred, private net::Timer {
 public:
  // Bytes that one read takes while a head is awaited: what follows a head may be pipelined requests, which are kept.
  static constexpr size_t kHeadReadBytes = 16 * 1024;

  Http1Session(SessionContext& context, net::ByteStream byte_stream);
  ~Http1Session() override;

  // Bytes that were read from the connection before it came here. Right after construction only.
  void Receive(absl::string_view input);

  // Instead of serving: answers with an error and closes. Right after construction only.
  void Refuse(int status, absl::string_view message, Headers extra = {});

  void BeginDrain() override;

 private:
  enum class State : uint8_t {
    kHead,      // between requests, or in a head
    kBody,      // the handler gets the body
    kDiscard,   // the handler has answered; the short rest of the body is dropped
    kResponse,  // the request is complete; what comes now is pipelined, or dropped
    kLinger,    // the last answer is on its way; what the client still sends is dropped until it closes
    kClosed,    // no descriptor any more; removed once no wait is pending
  };

  // What of a request and its answer must be remembered; new for each request.
  struct RequestState {
    bool to_head = false;  // HEAD: no body
    bool http10 = false;
    bool awaits_continue = false;  // Expect: 100-continue, not answered
    bool request_complete = false;
    bool head_sent = false;
    bool finished = false;
    bool aborted = false;
  };

  // ResponseStream
  void SendHead(int status, const Headers& headers, absl::optional<uint64_t> content_length) override;
  std::string& Body() override { return writer_.Body(); }
  void CommitBody() override;
  using ResponseStream::Finish;
  void Finish(const Headers& trailers) override;
  void Abort() override;
  size_t Unsent() const override { return writer_.unsent(); }
  void ReleaseRequestBody(size_t bytes) override;

  // Reading
  size_t ReadAllowance() const;
  void ArmRead();
  void OnReadable();
  void OnEof();
  void Consume(absl::string_view input);
  bool TakeStep(absl::string_view& input);
  void BeginRequest(RequestHead head);
  void EndRequest();
  void KeepPipelined(absl::string_view input);
  void DropInput(size_t budget);
  void Discard(size_t bytes);
  void RefuseRequest(int status, absl::string_view message, Headers extra = {});
  void BreakRequest(int status, absl::string_view message);

  // Writing
  void RunDeferred() override;
  bool MustCloseAfterHead(int status) const;
  void Write();
  void ArmWrite();
  void Settle();

  // Ending
  bool answered() const { return request_.finished || request_.aborted || state_ == State::kClosed; }
  void NextRequest();
  void CloseAfterResponse();
  void BeginLinger();
  void ClientGone(absl::string_view reason, bool reset);
  void Close(bool reset);
  void DropHandler();

  // Deadlines
  SessionDeadline::Kind WantedDeadline() const;
  void UpdateDeadline(bool progress = false);
  void OnTimer() override;

  SessionContext& context_;
  net::ByteStream byte_stream_;
  std::unique_ptr<RequestHandler> handler_;
  std::unique_ptr<Http1Parser> parser_;     // while a request is read
  std::unique_ptr<std::string> pipelined_;  // bytes behind the request in hand
  Http1Writer writer_;
  size_t unreleased_ = 0;   // request body bytes delivered and not released
  size_t drop_budget_ = 0;  // input bytes that may still be dropped
  SessionDeadline deadline_;
  net::Peer peer_;
  RequestState request_;
  State state_ = State::kHead;
  bool close_ = false;       // the connection ends with this request
  bool drop_input_ = false;  // what the client sends is read and dropped
  bool eof_ = false;         // the client will send no more
  bool read_armed_ = false;
  bool write_armed_ = false;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_HTTP1_SESSION_H_
