#include "gateway/upstream/endpoint.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace penstock::upstream {
namespace {

using Clock = net::TimerWheel::Clock;
using boost::asio::ip::tcp;

int FamilyOf(const H2Connection::SocketAddress& endpoint) { return endpoint.protocol().family(); }

bool Contains(const std::vector<int>& families, int family) {
  return std::find(families.begin(), families.end(), family) != families.end();
}

}  // namespace

Endpoint::Endpoint(BackendContext& context, net::Address address, BackendListener* listener)
    : context_(context), address_(std::move(address)), listener_(listener), resolver_(context.loop.io()) {}

Endpoint::~Endpoint() = default;

void Endpoint::Start() {
  if (UseLiteral()) {
    resolved_once_ = true;
    families_ = {FamilyOf(addresses_.front())};
    Sync();
  } else {
    is_name_ = true;
    Resolve();
  }
}

void Endpoint::Stop() {
  stopped_ = true;
  Disarm();
  resolver_.cancel();
  backends_.clear();
  retired_.clear();
}

bool Endpoint::UseLiteral() {
  if (address_.is_unix()) {
    addresses_ = {boost::asio::local::stream_protocol::endpoint(address_.path)};
    return true;
  }
  boost::system::error_code not_literal;
  const auto literal = boost::asio::ip::make_address(address_.host, not_literal);
  if (not_literal) return false;
  addresses_ = {tcp::endpoint(literal, address_.port)};
  return true;
}

void Endpoint::Resolve() {
  if (resolving_) return;
  resolving_ = true;
  resolver_.async_resolve(
      address_.host, std::to_string(address_.port),
      [self = shared_from_this()](const boost::system::error_code& error, const tcp::resolver::results_type& results) {
        if (!self->stopped_) self->OnResolved(error, results);
      });
}

void Endpoint::OnResolved(const boost::system::error_code& error, const tcp::resolver::results_type& results) {
  resolving_ = false;
  resolved_once_ = true;
  resolved_at_ = Clock::now();
  if (error || results.empty()) {
    // What was known stays in use: a name server that is down must not take the upstream along.
    resolve_error_ = absl::UnavailableError(absl::StrCat("no connection to ", net::PrintAddress(address_), ": ",
                                                         error ? error.message() : "the name has no address"));
    context_.loop.Arm(this, absl::ToChronoNanoseconds(std::min(kResolveEvery, context_.backoff_max)));
    listener_->OnBackendFailed(resolve_error_);
    listener_->OnBackendChanged();
    return;
  }
  resolve_error_ = absl::OkStatus();
  addresses_.clear();
  for (const auto& entry : results) {
    const H2Connection::SocketAddress endpoint(entry.endpoint());
    if (std::find(addresses_.begin(), addresses_.end(), endpoint) == addresses_.end()) addresses_.push_back(endpoint);
  }
  context_.loop.Arm(this, absl::ToChronoNanoseconds(kResolveEvery));
  ChooseFamilies();
  Sync();
  listener_->OnBackendChanged();
}

void Endpoint::OnTimer() { Resolve(); }

void Endpoint::OnBackendChanged() {
  listener_->OnBackendChanged();
  context_.loop.Defer(this);  // backends may not be replaced while one of them reports
}

void Endpoint::RunDeferred() {
  if (stopped_) return;
  const bool failed =
      std::any_of(backends_.begin(), backends_.end(), [](const auto& backend) { return !backend->last_error().ok(); });
  if (is_name_ && failed && Clock::now() - resolved_at_ >= absl::ToChronoNanoseconds(kResolveAgainAfter)) Resolve();
  ChooseFamilies();
  Sync();
  listener_->OnBackendChanged();
}

// The family that answered; while none does, the first, then both.
void Endpoint::ChooseFamilies() {
  std::vector<int> known;
  for (const auto& address : addresses_) {
    if (!Contains(known, FamilyOf(address))) known.push_back(FamilyOf(address));
  }
  for (const auto& backend : backends_) {
    const int family = FamilyOf(backend->endpoint());
    if (backend->ready() && Contains(known, family)) {
      families_ = {family};
      return;
    }
  }
  families_.erase(std::remove_if(families_.begin(), families_.end(), [&](int f) { return !Contains(known, f); }),
                  families_.end());
  const bool failed = std::none_of(backends_.begin(), backends_.end(), [](const auto& b) { return b->trying(); });
  if (families_.empty()) {
    families_ = {known.front()};
  } else if (failed) {
    families_ = known;
  }
}

// Makes the backends what `addresses_` and `families_` say.
void Endpoint::Sync() {
  const auto wanted = [this](const H2Connection::SocketAddress& endpoint) {
    return Contains(families_, FamilyOf(endpoint)) &&
           std::find(addresses_.begin(), addresses_.end(), endpoint) != addresses_.end();
  };
  // Taken out first: retiring one reports a change, and then the list must be whole.
  const auto leaving = std::stable_partition(backends_.begin(), backends_.end(),
                                             [&](const auto& backend) { return wanted(backend->endpoint()); });
  const size_t staying = retired_.size();
  std::move(leaving, backends_.end(), std::back_inserter(retired_));
  backends_.erase(leaving, backends_.end());
  for (size_t i = staying; i < retired_.size(); ++i) retired_[i]->Retire();
  retired_.erase(
      std::remove_if(retired_.begin(), retired_.end(), [](const auto& backend) { return backend->finished(); }),
      retired_.end());
  for (const auto& address : addresses_) {
    const bool known = std::any_of(backends_.begin(), backends_.end(),
                                   [&](const auto& backend) { return backend->endpoint() == address; });
    if (known || !wanted(address) || backends_.size() >= kMaxBackends) continue;
    backends_.push_back(std::make_unique<Backend>(context_, address, address_, this));
    backends_.back()->Start();
  }
}

void Endpoint::Grow(size_t waiting) {
  for (const auto& backend : backends_) {
    if (backend->ready()) return backend->Grow(waiting);
  }
}

bool Endpoint::ready() const {
  return std::any_of(backends_.begin(), backends_.end(), [](const auto& backend) { return backend->ready(); });
}

bool Endpoint::trying() const {
  if (!resolved_once_) return true;
  return std::any_of(backends_.begin(), backends_.end(), [](const auto& backend) { return backend->trying(); });
}

absl::Status Endpoint::last_error() const {
  for (const auto& backend : backends_) {
    if (!backend->last_error().ok()) return backend->last_error();
  }
  return resolve_error_;
}

}  // namespace penstock::upstream
