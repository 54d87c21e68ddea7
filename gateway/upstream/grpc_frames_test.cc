#include "gateway/upstream/grpc_frames.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace penstock::upstream {
namespace {

using Result = GrpcDeframer::Result;

class Collector : public GrpcDeframer::Sink {
 public:
  bool OnFrame(absl::string_view message, size_t window) override {
    messages.emplace_back(message);
    last_data = message.data();
    this->window += window;
    return messages.size() < stop_after;
  }
  bool OnPartialFrame(size_t window) override {
    this->window += window;
    ++partials;
    return true;
  }

  std::vector<std::string> messages;
  const char* last_data = nullptr;
  size_t window = 0;
  size_t partials = 0;
  size_t stop_after = 1000;
};

std::string Stream(const std::vector<std::string>& messages) {
  std::string out;
  for (const std::string& message : messages) AppendFrame(message, &out);
  return out;
}

TEST(GrpcFramesTest, PrefixIsFlagAndLength) {
  std::string out = "x";
  AppendFrame(std::string(258, 'a'), &out);
  EXPECT_EQ(out.substr(0, 6), std::string("x\0\0\0\1\2", 6));
  EXPECT_EQ(out.size(), 1u + 5u + 258u);
}

TEST(GrpcFramesTest, EveryCutInTwoAndThreeGivesTheSameMessages) {
  const std::vector<std::string> messages = {"hello", "", "x", std::string(40, 'y')};
  const std::string input = Stream(messages);
  for (size_t first = 0; first <= input.size(); ++first) {
    for (size_t second = first; second <= input.size(); ++second) {
      GrpcDeframer deframer;
      Collector collector;
      ASSERT_EQ(deframer.Feed(absl::string_view(input).substr(0, first), 1000, collector), Result::kOk);
      ASSERT_EQ(deframer.Feed(absl::string_view(input).substr(first, second - first), 1000, collector), Result::kOk);
      ASSERT_EQ(deframer.Feed(absl::string_view(input).substr(second), 1000, collector), Result::kOk);
      ASSERT_EQ(collector.messages, messages) << first << " " << second;
      ASSERT_EQ(collector.window, input.size()) << "every byte is accounted for once";
      ASSERT_FALSE(deframer.inside_message());
    }
  }
}

TEST(GrpcFramesTest, ByteByByte) {
  const std::vector<std::string> messages = {"", "ab", ""};
  const std::string input = Stream(messages);
  GrpcDeframer deframer;
  Collector collector;
  for (size_t i = 0; i < input.size(); ++i) {
    const size_t before = collector.window;
    ASSERT_EQ(deframer.Feed(absl::string_view(input).substr(i, 1), 10, collector), Result::kOk);
    ASSERT_EQ(collector.window, before + 1) << "reported in the Feed that brought it";
  }
  EXPECT_EQ(collector.messages, messages);
  EXPECT_EQ(collector.partials, input.size() - messages.size());
}

TEST(GrpcFramesTest, AWholeMessageIsNotCopied) {
  const std::string input = Stream({"whole"});
  GrpcDeframer deframer;
  Collector collector;
  deframer.Feed(input, 100, collector);
  EXPECT_EQ(collector.last_data, input.data() + kFramePrefixBytes);
  // Nor when only its prefix came before.
  deframer.Feed(absl::string_view(input).substr(0, 5), 100, collector);
  deframer.Feed(absl::string_view(input).substr(5), 100, collector);
  EXPECT_EQ(collector.last_data, input.data() + kFramePrefixBytes);
}

TEST(GrpcFramesTest, KnowsWhenAMessageIsCut) {
  const std::string input = Stream({"abc"});
  for (size_t size = 1; size < input.size(); ++size) {
    GrpcDeframer deframer;
    Collector collector;
    deframer.Feed(absl::string_view(input).substr(0, size), 100, collector);
    EXPECT_TRUE(deframer.inside_message()) << size;
  }
}

TEST(GrpcFramesTest, RefusesWhatIsTooLargeOrCompressed) {
  struct Row {
    const char* why;
    std::string input;
    Result result;
  };
  const Row rows[] = {
      {"exactly the limit", Stream({std::string(10, 'a')}), Result::kOk},
      {"one more", Stream({std::string(11, 'a')}), Result::kTooLarge},
      {"known from the prefix alone", std::string("\0\xFF\xFF\xFF\xFF", 5), Result::kTooLarge},
      {"compressed", std::string("\1\0\0\0\0", 5), Result::kCompressed},
      {"a flag that does not exist", std::string("\2\0\0\0\0", 5), Result::kCompressed},
  };
  for (const Row& row : rows) {
    for (size_t cut = 0; cut <= row.input.size(); ++cut) {
      GrpcDeframer deframer;
      Collector collector;
      Result result = deframer.Feed(absl::string_view(row.input).substr(0, cut), 10, collector);
      if (result == Result::kOk) result = deframer.Feed(absl::string_view(row.input).substr(cut), 10, collector);
      EXPECT_EQ(result, row.result) << row.why << " cut at " << cut;
    }
  }
}

TEST(GrpcFramesTest, MessagesBeforeARefusedOneAreDelivered) {
  GrpcDeframer deframer;
  Collector collector;
  EXPECT_EQ(deframer.Feed(Stream({"ok", "too long"}), 3, collector), Result::kTooLarge);
  EXPECT_EQ(collector.messages, (std::vector<std::string>{"ok"}));
  EXPECT_EQ(deframer.announced_length(), 8u);
}

// Destroys its deframer with the first thing it hears, as a handler that drops its call does.
class Destroyer : public GrpcDeframer::Sink {
 public:
  bool OnFrame(absl::string_view message, size_t) override {
    heard = std::string(message);
    deframer.reset();
    return false;
  }
  bool OnPartialFrame(size_t) override {
    deframer.reset();
    return false;
  }

  std::unique_ptr<GrpcDeframer> deframer = std::make_unique<GrpcDeframer>();
  std::string heard;
};

TEST(GrpcFramesTest, TheSinkMayDestroyTheDeframer) {
  const std::string input = Stream({"first", "second"});
  Destroyer whole;
  EXPECT_EQ(whole.deframer->Feed(input, 100, whole), Result::kStopped);
  EXPECT_EQ(whole.heard, "first");
  Destroyer partial;
  EXPECT_EQ(partial.deframer->Feed(absl::string_view(input).substr(0, 7), 100, partial), Result::kStopped);
}

}  // namespace
}  // namespace penstock::upstream
