#include "gateway/config/flag_kinds.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gateway/config/units.h"

namespace penstock::config {
namespace {

absl::StatusOr<std::string> ParseWord(const std::string& text) {
  if (text.empty()) return BadValue(text, "must be a word");
  return text;
}
std::string PrintWord(const std::string& word) { return word; }

TEST(FlagKinds, TheFieldHoldsTheDefaultUntilAGoodValueComes) {
  std::string word = "old";
  const Flag flag = Single("--word", "Words", "WORD", "a word", &word, ParseWord, PrintWord);
  EXPECT_EQ(flag.preset, "old");
  EXPECT_EQ(flag.set({""}).message(), "must be a word, got \"\"");
  EXPECT_EQ(word, "old");
  EXPECT_TRUE(flag.set({"new"}).ok());
  EXPECT_EQ(word, "new");
}

TEST(FlagKinds, AListReplacesTheDefaultAndTakesAllOrNothing) {
  std::vector<std::string> words = {"a", "b"};
  const Flag flag = List("--word", "Words", "WORD", "words", &words, ParseWord, PrintWord);
  EXPECT_EQ(flag.kind, Flag::Kind::kRepeated);
  EXPECT_EQ(flag.help, "words; may be repeated");
  EXPECT_EQ(flag.preset, "a b");
  EXPECT_FALSE(flag.set({"c", ""}).ok());
  EXPECT_EQ(words, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(flag.set({"c"}).ok());
  EXPECT_EQ(words, std::vector<std::string>{"c"});
}

TEST(FlagKinds, AChoiceNamesAllThatThereAre) {
  enum class Colour { kRed, kGreen };
  Colour colour = Colour::kGreen;
  const Flag flag = Choice("--colour", "Looks", "which", &colour, {{"red", Colour::kRed}, {"green", Colour::kGreen}});
  EXPECT_EQ(flag.value, "red|green");
  EXPECT_EQ(flag.preset, "green");
  EXPECT_EQ(flag.set({"blue"}).message(), "must be one of red|green, got \"blue\"");
  EXPECT_TRUE(flag.set({"red"}).ok());
  EXPECT_EQ(colour, Colour::kRed);
}

TEST(FlagKinds, ASwitchIsOnOrOffAndAnActionHasNoValue) {
  bool on = true;
  const Flag flag = Switch("--light", "Looks", "the light", &on);
  EXPECT_EQ(flag.preset, "on");
  EXPECT_FALSE(flag.set({"1"}).ok());
  EXPECT_TRUE(flag.set({"off"}).ok());
  EXPECT_FALSE(on);
  const Flag action = Action("--check", "Other", "look", &on);
  EXPECT_EQ(action.kind, Flag::Kind::kAction);
  EXPECT_EQ(action.preset, "");
  EXPECT_TRUE(action.set({"on"}).ok());
  EXPECT_TRUE(on);
}

TEST(FlagKinds, ACountIsBounded) {
  int threads = 2;
  int64_t streams = 3;
  size_t connections = std::numeric_limits<size_t>::max();
  const Flag flag = Count("--threads", "Sizes", "loops", &threads, 256);
  EXPECT_EQ(flag.value, "N");
  for (const char* bad : {"", "0", "-1", "+1", "1k", "257", "none", "99999999999999999999"}) {
    EXPECT_EQ(flag.set({bad}).message(), std::string("must be an integer from 1 to 256, got \"") + bad + "\"");
  }
  EXPECT_EQ(threads, 2);
  EXPECT_TRUE(flag.set({"256"}).ok());
  EXPECT_EQ(threads, 256);
  EXPECT_TRUE(Count("--streams", "Sizes", "streams", &streams, 5'000'000'000).set({"5000000000"}).ok());
  EXPECT_EQ(streams, 5'000'000'000);

  const Flag unbounded = Count("--connections", "Sizes", "all", &connections, 10, None::kAllowed);
  EXPECT_EQ(unbounded.value, "N|none");
  EXPECT_EQ(unbounded.preset, "none");
  EXPECT_TRUE(unbounded.set({"10"}).ok());
  EXPECT_EQ(connections, 10u);
  EXPECT_TRUE(unbounded.set({"none"}).ok());
  EXPECT_EQ(connections, kNoSizeLimit);
}

}  // namespace
}  // namespace penstock::config
