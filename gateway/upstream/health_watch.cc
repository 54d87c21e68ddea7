#include "gateway/upstream/health_watch.h"

#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "gateway/codec/wire.h"
#include "gateway/upstream/h2_stream.h"

namespace penstock::upstream {
namespace {

// grpc.health.v1.HealthCheckResponse: its one field, `status`, and the values of that.
constexpr uint32_t kStatusTag = codec::MakeTag(1, codec::WireType::kVarint);
constexpr uint64_t kServing = 1;
constexpr absl::string_view kStatusNames[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};

// Absent: this is no such message.
absl::optional<uint64_t> StatusOf(absl::string_view message) {
  uint64_t status = 0;
  for (codec::WireReader reader(message); !reader.AtEnd();) {
    uint32_t tag = 0;
    if (!reader.ReadTag(&tag)) return absl::nullopt;
    if (!(tag == kStatusTag ? reader.ReadVarint(&status) : reader.Skip(tag))) return absl::nullopt;
  }
  return status;
}

}  // namespace

HealthWatch::HealthWatch(net::Loop& loop, H2Connection& connection, std::string name, Listener* listener)
    : loop_(loop), connection_(connection), name_(std::move(name)), listener_(listener) {}

void HealthWatch::Start() {
  if (connection_.CanStart()) {
    // In no room: it is about this connection and no other.
    CallRequest watch{"/grpc.health.v1.Health/Watch", {}, absl::InfiniteDuration()};
    auto stream = std::make_unique<H2Stream>(loop_, nullptr, std::move(watch), static_cast<CallHandler*>(this));
    if (connection_.Start(*stream)) {
      call_ = std::move(stream);
      call_->SendMessage("", /*last=*/true);  // a HealthCheckRequest about no service in particular
      return;
    }
  }
  if (!stopped_) loop_.Arm(this, absl::ToChronoNanoseconds(kAgainAfter));
}

void HealthWatch::Stop() {
  stopped_ = true;
  Disarm();
  call_.reset();
}

void HealthWatch::OnCallMessage(absl::string_view message, size_t window) {
  call_->GiveBack(window);
  const absl::optional<uint64_t> status = StatusOf(message);
  if (!status) return Set(false, "its health is no grpc.health.v1.HealthCheckResponse");
  if (*status == kServing) return Set(true, "");
  const bool named = *status < std::size(kStatusNames);
  Set(false, named ? absl::StrCat("its health is ", kStatusNames[*status])
                   : absl::StrCat("its health is number ", *status, ", which grpc.health.v1 does not name"));
}

// The call stays until another takes its place.
void HealthWatch::OnCallEnd(CallEnd end) {
  if (end.status.code() == absl::StatusCode::kUnimplemented) return Set(true, "");
  loop_.Arm(this, absl::ToChronoNanoseconds(kAgainAfter));
  Set(false, absl::StrCat("the watch on its health ended: ", end.status.message()));
}

void HealthWatch::Set(bool serving, absl::string_view why_not) {
  absl::Status status;
  if (!serving) status = absl::UnavailableError(absl::StrCat(name_, " does not serve: ", why_not));
  if (serving == serving_ && status == why_not_) return;
  serving_ = serving;
  why_not_ = std::move(status);
  listener_->OnHealthChanged();
}

}  // namespace penstock::upstream
