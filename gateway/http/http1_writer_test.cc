#include "gateway/http/http1_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace penstock::http {
namespace {

using Framing = Http1Writer::Framing;

constexpr char kHead[] = "HTTP/1.1 200 OK\r\nDate: now\r\n\r\n";

// A writer and a socket that takes what it is told to.
class Connection {
 public:
  void Begin(Framing framing, uint64_t length = 0) {
    writer_.AppendHead(200, {}, "Date: now\r\n", {});
    writer_.BeginBody(framing, length);
  }
  void Append(absl::string_view text) {
    writer_.Body().append(text.data(), text.size());
    writer_.Commit();
  }
  // The end of a turn: the socket takes at most `most`. Returns what has drained of the body.
  size_t Write(size_t most = ~size_t{0}) {
    writer_.FramePiece();
    if (writer_.empty()) return 0;
    const absl::string_view taken = writer_.Unwritten().substr(0, most);
    written_.append(taken.data(), taken.size());
    return writer_.Took(taken.size());
  }

  Http1Writer& writer() { return writer_; }
  BufferPool& pool() { return pool_; }
  // Behind the head.
  std::string body() const { return written_.substr(std::min(written_.size(), sizeof(kHead) - 1)); }
  const std::string& written() const { return written_; }

 private:
  BufferPool pool_;
  Http1Writer writer_{pool_};
  std::string written_;
};

TEST(Http1Writer, FramesABodyAsItsHeadSaid) {
  const struct {
    const char* why;
    Framing framing;
    uint64_t length;
    const char* body;
  } kRows[] = {
      {"chunks, one a turn", Framing::kChunked, 0, "3\r\none\r\na\r\ntwo, three\r\n0\r\nA: b\r\n\r\n"},
      {"a length", Framing::kLength, 13, "onetwo, three"},
      {"the connection's end", Framing::kUntilClose, 0, "onetwo, three"},
      {"none", Framing::kDropped, 0, ""},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    Connection connection;
    connection.Begin(row.framing, row.length);
    connection.Write();
    connection.Append("one");
    connection.Write();
    connection.Append("two, ");
    connection.Append("three");
    connection.Write();
    EXPECT_FALSE(connection.writer().broken());
    connection.writer().EndBody({{"A", "b"}});
    connection.Write();
    EXPECT_EQ(connection.body(), row.body);
    EXPECT_FALSE(connection.writer().broken());
    EXPECT_TRUE(connection.writer().empty());
    EXPECT_EQ(connection.writer().open_ended(),
              row.framing == Framing::kChunked || row.framing == Framing::kUntilClose);
  }
}

TEST(Http1Writer, EveryPaceOfTheSocketWritesTheSameAndDrainsEachByteOnce) {
  for (const Framing framing : {Framing::kChunked, Framing::kLength, Framing::kUntilClose}) {
    std::string whole;
    for (size_t pace = 200; pace > 0; --pace) {
      SCOPED_TRACE(pace);
      Connection connection;
      connection.Begin(framing, 100);
      size_t drained = 0, appended = 0;
      for (int turn = 0; turn < 10; ++turn) {
        connection.Append(std::string(10, static_cast<char>('a' + turn)));
        appended += 10;
        EXPECT_EQ(connection.writer().unsent(), appended - drained);
        drained += connection.Write(pace);
        EXPECT_EQ(connection.writer().unsent(), appended - drained);
      }
      connection.writer().EndBody({});
      while (!connection.writer().empty()) drained += connection.Write(pace);
      EXPECT_EQ(drained, 100u);
      EXPECT_FALSE(connection.writer().broken());
      // A size's leading zeros travel only where something waits before it.
      std::string body = connection.body();
      for (size_t at; (at = body.find("\r\n0000000a\r\n")) != std::string::npos;) body.erase(at + 2, 7);
      if (whole.empty()) whole = body;
      EXPECT_EQ(body, whole);
    }
  }
}

TEST(Http1Writer, MoreOrLessThanTheLengthIsBroken) {
  for (const char* text : {"123456", "1234"}) {
    Connection connection;
    connection.Begin(Framing::kLength, 5);
    connection.Append(text);
    connection.Write();
    connection.writer().EndBody({});
    EXPECT_TRUE(connection.writer().broken()) << text;
    connection.writer().BeginBody(Framing::kLength, 0);
    EXPECT_FALSE(connection.writer().broken()) << "the next response is another";
  }
}

TEST(Http1Writer, WhatTheSameTurnAppendedMayBeCutOffAgain) {
  for (const Framing framing : {Framing::kChunked, Framing::kUntilClose}) {
    Connection connection;
    connection.Begin(framing);
    connection.Write();
    connection.Append("kept");
    std::string& body = connection.writer().Body();
    body.append("half a rec");
    connection.writer().Commit();
    EXPECT_EQ(connection.writer().unsent(), 14u);
    body.resize(body.size() - 10);
    connection.writer().Commit();
    EXPECT_EQ(connection.writer().unsent(), 4u);
    EXPECT_EQ(connection.Write(), 4u);
    connection.writer().Body().append("all of it");
    connection.writer().Commit();
    connection.writer().Body().resize(connection.writer().Body().size() - 9);
    EXPECT_EQ(connection.Write(), 0u) << "an empty chunk would be the end";
    connection.writer().EndBody({});
    connection.Write();
    EXPECT_EQ(connection.body(), framing == Framing::kChunked ? "4\r\nkept\r\n0\r\n\r\n" : "kept");
  }
}

TEST(Http1Writer, HoldsABufferOnlyWhileSomethingWaits) {
  Connection connection;
  EXPECT_TRUE(connection.writer().empty());
  connection.writer().AppendRaw("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_FALSE(connection.writer().empty());
  connection.Write(5);
  EXPECT_FALSE(connection.writer().empty());
  EXPECT_EQ(connection.pool().kept_bytes(), 0u);
  connection.Write();
  EXPECT_TRUE(connection.writer().empty());
  EXPECT_GT(connection.pool().kept_bytes(), 0u);
  connection.Begin(Framing::kUntilClose);
  connection.Write();
  connection.writer().Body();  // and nothing appended
  connection.Write();
  EXPECT_TRUE(connection.writer().empty());
  EXPECT_EQ(connection.written(), absl::StrCat("HTTP/1.1 100 Continue\r\n\r\n", kHead));
}

TEST(Http1Writer, ForgetsWhatNobodyWillTake) {
  Connection connection;
  connection.Begin(Framing::kUntilClose);
  connection.Append("lost");
  connection.writer().Forget();
  EXPECT_EQ(connection.writer().unsent(), 0u);
}

}  // namespace
}  // namespace penstock::http
