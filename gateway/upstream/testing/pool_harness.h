// For the tests of endpoint_pool.h: a pool on the test's own loop, and what it has told.
#ifndef PENSTOCK_GATEWAY_UPSTREAM_TESTING_POOL_HARNESS_H_
#define PENSTOCK_GATEWAY_UPSTREAM_TESTING_POOL_HARNESS_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/net/address.h"
#include "gateway/net/loop.h"
#include "gateway/upstream/endpoint_pool.h"
#include "gateway/upstream/testing/scripted_server.h"

namespace penstock::upstream {

class EndpointPoolTest : public ::testing::Test {
 protected:
  void Start(std::vector<net::Address> addresses) {
    options_.addresses = std::move(addresses);
    pool_ = EndpointPool::Create(loop_, options_).value();
    pool_->OnChange([this](const PoolChange& change) {
      if (change.ready != (!changes_.empty() && changes_.back())) changes_.push_back(change.ready);
      if (change.joined) ++joined_;
      if (!change.failure.ok()) failures_.emplace_back(change.failure.message());
    });
    pool_->Start();
  }

  void Call(testing::Recorder& recorder) {
    recorder.call = pool_->StartCall({"/pkg.Service/Method", {}, absl::InfiniteDuration()}, &recorder);
    recorder.call->SendMessage("ask", /*last=*/true);
  }

  bool AwaitReady() {
    return testing::RunUntil(loop_, [this] { return pool_->ready(); });
  }

  static net::Address FreePort() {
    net::Loop loop;
    return testing::ScriptedServer(loop).address();  // closed again: connects there are refused
  }

  net::Loop loop_;
  ChannelOptions options_;
  std::unique_ptr<EndpointPool> pool_;
  std::vector<bool> changes_;  // of readiness
  int joined_ = 0;
  std::vector<std::string> failures_;
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_TESTING_POOL_HARNESS_H_
