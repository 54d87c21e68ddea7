// The clients of a benchmark: many streams on one thread, over any protocol; every line of every stream is counted and
// checked.
//
// A figure of a benchmark is valid only if all lines arrived. The receiver knows what must arrive (increasing sequence
// numbers, an OK final record), keeps the first fault, and counts missing numbers: those that the sender did not skip
// were lost.
//
//   Receiver receiver({.address = "127.0.0.1:8080", .protocol = Protocol::kHttp2, .target = "/v1/…", .body = "{}"});
//   receiver.Open(1000, absl::Seconds(1));        // spread over time, so that streams do not tick together
//   receiver.RunFor(absl::Seconds(10));
//   receiver.lines(), receiver.FirstFault()
//
// Not thread-safe.
#ifndef PENSTOCK_TESTS_BENCH_RECEIVER_H_
#define PENSTOCK_TESTS_BENCH_RECEIVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace penstock::bench {

enum class Protocol {
  kBare,  // lines without any framing; a stream ends with its connection
  kHttp1,
  kHttp2,
};

struct ReceiverOptions {
  std::string address;
  Protocol protocol = Protocol::kHttp1;
  bool tls = false;                                // any certificate will do
  size_t streams_a_connection = 1;                 // more than one: only over HTTP/2
  std::string target;                              // of HTTP: POSTed to
  std::string body;                                // JSON, or, bare, all that is sent
  uint64_t count = 0;                              // lines a stream must have when it ends; 0: streams have no end
  absl::Duration interval = absl::ZeroDuration();  // between two ticks: lateness is measured against it; zero: not
};

class Receiver {
 public:
  explicit Receiver(ReceiverOptions options);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  // Connects, then opens `streams` more, evenly over `ramp`, receiving meanwhile. False: a connection failed (see
  // FirstFault).
  bool Open(size_t streams, absl::Duration ramp);

  // Receives for `duration`, or until `done` holds.
  void RunFor(absl::Duration duration, const std::function<bool()>& done = nullptr);

  // Lateness is sampled from here on, or no more.
  void Sample(bool on) { sampling_ = on; }

  size_t started() const { return started_; }  // streams that have had a first line
  size_t ended() const { return ended_; }      // streams that ended as they should
  uint64_t lines() const { return lines_; }
  uint64_t missing() const { return missing_; }  // numbers between or after those that came, of streams that ended
  // Of the sampled ticks, by `fraction` (0.5: the median, 1: the greatest): when the service stamped it, after it was
  // due.
  absl::Duration Lateness(double fraction) const;
  // When the line was read here, after the service stamped it.
  absl::Duration Delivery(double fraction) const;

  // What went wrong first; empty: every stream is whole but for what is missing().
  const std::string& FirstFault() const { return fault_; }

 private:
  struct Stream;
  struct Connection;

  bool OpenOne(Connection& connection);
  bool Connect();
  void Poll(absl::Duration timeout);
  void Read(Connection& connection);
  void OnBytes(Connection& connection, absl::string_view bytes);
  void OnHttp1Bytes(Stream& stream, absl::string_view bytes);
  void TakeLines(Stream& stream, std::string& text);
  void OnResponseEnd(Stream& stream);
  bool TakeEnd(const Stream& stream);
  void OnLine(Stream& stream, absl::string_view line);
  void OnTick(Stream& stream, absl::string_view line);
  void OnPeerEnd(Connection& connection, bool reset);
  void Fault(const Stream& stream, absl::string_view what);
  void Fault(absl::string_view what);

  const ReceiverOptions options_;
  int epoll_fd_;
  std::unique_ptr<char[]> buffer_;
  std::vector<std::unique_ptr<Connection>> connections_;
  size_t streams_ = 0;
  size_t started_ = 0, ended_ = 0;
  uint64_t lines_ = 0, missing_ = 0;
  bool sampling_ = false;
  int64_t read_time_ns_ = 0;  // of the read in hand
  std::vector<int32_t> lateness_us_, delivery_us_;
  std::string fault_;
};

}  // namespace penstock::bench

#endif  // PENSTOCK_TESTS_BENCH_RECEIVER_H_
