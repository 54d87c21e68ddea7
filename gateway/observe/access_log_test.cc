#include "gateway/observe/access_log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace penstock::observe {
namespace {

AccessEntry Entry() {
  AccessEntry entry;
  entry.end_time = absl::FromUnixMillis(1700000000123);
  entry.method = "POST";
  entry.path = "/v1/ticks:subscribe";
  entry.route = "/v1/ticks:subscribe";
  entry.protocol = "HTTP/1.1";
  entry.peer = "127.0.0.1:4242";
  entry.status = 200;
  entry.grpc_code = absl::StatusCode::kUnavailable;
  entry.end_reason = "upstream_lost";
  entry.duration = absl::Milliseconds(1500);
  entry.first_message = absl::Microseconds(250);
  entry.messages = 3;
  entry.bytes = 300;
  return entry;
}

TEST(AccessLine, SaysWhatHappenedInOneJsonObject) {
  EXPECT_EQ(FormatAccessLine(Entry()),
            "{\"ts\":\"2023-11-14T22:13:20.123Z\",\"method\":\"POST\",\"path\":\"/v1/ticks:subscribe\","
            "\"route\":\"/v1/ticks:subscribe\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"grpc_code\":14,"
            "\"end_reason\":\"upstream_lost\",\"duration_ms\":1500.000,\"ttfm_ms\":0.250,\"messages\":3,"
            "\"bytes\":300,\"peer\":\"127.0.0.1:4242\"}\n");
}

TEST(AccessLine, SaysWhatItBelongsToWhereThatIsKnown) {
  AccessEntry entry = Entry();
  entry.trace_id = "0af7651916cd43dd8448eb211c80319c";
  entry.request_id = "r\"1";
  entry.upstream = "a:1,b:2";
  entry.deadline = absl::Milliseconds(2500);
  const std::string line = FormatAccessLine(entry);
  EXPECT_NE(line.find("Z\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"request_id\":\"r\\\"1\",\"method\""),
            std::string::npos)
      << line;
  EXPECT_NE(line.find("\"peer\":\"127.0.0.1:4242\",\"upstream\":\"a:1,b:2\",\"deadline_ms\":2500}\n"),
            std::string::npos)
      << line;
}

TEST(AccessLine, WhatAClientChoseCannotForgeALineOrReachATerminal) {
  AccessEntry entry = Entry();
  entry.path = "/\"}\n{\\\x1b[2J\xff";
  const std::string line = FormatAccessLine(entry);
  EXPECT_NE(line.find("\"path\":\"/\\\"}\\n{\\\\\\u001b[2J\\ufffd\""), std::string::npos) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(AccessLog, WritesToAFileWhatWasQueued) {
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/access.log";
  {
    AccessLog log(AccessLog::Target::kFile, path);
    EXPECT_TRUE(log.enabled());
    log.Write("{\"a\":1}\n");
    log.Write("{\"b\":\"{}\"}\n");
  }
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(text, "{\"a\":1}\n{\"b\":\"{}\"}\n");
}

TEST(AccessLog, OffWantsNoLines) {
  AccessLog log(AccessLog::Target::kOff, "");
  EXPECT_FALSE(log.enabled());
  log.Write("x\n");
}

}  // namespace
}  // namespace penstock::observe
