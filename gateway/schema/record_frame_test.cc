#include "gateway/schema/record_frame.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

TEST(RecordType, IsTheNameInLowerCamelCaseUnlessReserved) {
  EXPECT_EQ(RecordType("Tick"), "tick");
  EXPECT_EQ(RecordType("HealthCheckResponse"), "healthCheckResponse");
  EXPECT_EQ(RecordType("my_message_v2"), "myMessageV2");
  EXPECT_EQ(RecordType("__x"), "x");
  for (const char* reserved : {"End", "Error", "Open", "Close", "Retry", "Message", "Start", "Abort"}) {
    EXPECT_EQ(RecordType(reserved), "message") << reserved;
  }
  EXPECT_EQ(RecordType("_"), "message");
}

TEST(RecordFrame, HasTheIdWhereThereIsOne) {
  const RecordFrame frame("tick");
  std::string out;
  frame.AppendPrefix("", &out);
  EXPECT_EQ(out, "{\"type\":\"tick\",\"data\":");
  out.clear();
  frame.AppendPrefix("a\"b", &out);
  EXPECT_EQ(out, "{\"type\":\"tick\",\"id\":\"a\\\"b\",\"data\":") << "ids are escaped";
}

}  // namespace
}  // namespace penstock
