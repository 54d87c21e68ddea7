#include "gateway/protocol/retry_hint.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/codec/status_json.h"
#include "google/rpc/error_details.pb.h"

namespace penstock {
namespace {

TEST(RetryHint, SaysThatTheClientMayComeBackAndWhen) {
  const auto types =
      codec::PlanSet::Build({google::rpc::RetryInfo::descriptor()->file()}, codec::PrintOptions()).value();
  const codec::PlanSet* const sets[] = {types.get()};
  std::string json;
  codec::AppendStatusJson(RetryHint("later"), sets, &json);
  EXPECT_EQ(json, R"({"code":14,"message":"later","details":[)"
                  R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1s"}]})");
}

}  // namespace
}  // namespace penstock
