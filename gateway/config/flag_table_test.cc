#include "gateway/config/flag_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "gateway/config/flag_kinds.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Program kProgram = {.name = "tester", .purpose = "Tests flags.", .footer = "That is all.", .column = 30};

class FlagTableTest : public testing::Test {
 protected:
  Arguments Read(std::vector<const char*> argv) const {
    argv.insert(argv.begin(), kProgram.name);
    return ReadArguments(kProgram, flags_, absl::MakeConstSpan(argv));
  }

  // What is wrong with `argv` and `variables_`, after they have been applied.
  std::vector<std::string> Apply(const std::vector<const char*>& argv) {
    const Arguments arguments = Read(argv);
    EXPECT_EQ(arguments.error, "");
    EXPECT_THAT(arguments.unknown, IsEmpty());
    return ApplyFlags(flags_, arguments.values, [this](const char* name) -> const char* {
      const auto found = variables_.find(name);
      return found == variables_.end() ? nullptr : found->second.c_str();
    });
  }

  int threads_ = 2;
  std::vector<std::string> names_ = {"a"};
  bool light_ = false;
  bool check_ = false;
  std::map<std::string, std::string> variables_;
  const FlagTable flags_ = {
      Count("--threads", "Sizes", "loops", &threads_, 8),
      List(
          "--full-name", "Names", "NAME", "names", &names_,
          [](const std::string& text) -> absl::StatusOr<std::string> { return text; },
          [](const std::string& name) { return name; }),
      Switch("--light", "Looks", "the light", &light_),
      Action("--check", "Other", "look and exit", &check_),
  };
};

TEST_F(FlagTableTest, WhatIsNotGivenStays) {
  EXPECT_THAT(Apply({}), IsEmpty());
  EXPECT_EQ(threads_, 2);
  EXPECT_THAT(names_, ElementsAre("a"));
  EXPECT_FALSE(light_);
  EXPECT_FALSE(check_);
}

TEST_F(FlagTableTest, EveryKindIsRead) {
  EXPECT_THAT(Apply({"--threads=3", "--full-name", "b", "--full-name=c d", "--light", "--check"}), IsEmpty());
  EXPECT_EQ(threads_, 3);
  EXPECT_THAT(names_, ElementsAre("b", "c d"));
  EXPECT_TRUE(light_);
  EXPECT_TRUE(check_);
  EXPECT_THAT(Apply({"--light=off"}), IsEmpty());
  EXPECT_FALSE(light_);
}

TEST_F(FlagTableTest, VariablesAreReadUnlessAFlagIsGiven) {
  variables_ = {{"PENSTOCK_THREADS", "4"}, {"PENSTOCK_FULL_NAME", " b  c "}, {"PENSTOCK_LIGHT", "on"}};
  EXPECT_THAT(Apply({"--threads=5"}), IsEmpty());
  EXPECT_EQ(threads_, 5);
  EXPECT_THAT(names_, ElementsAre("b", "c"));
  EXPECT_TRUE(light_);
}

TEST_F(FlagTableTest, EmptyVariablesCountAsAbsentAndActionsHaveNone) {
  variables_ = {{"PENSTOCK_THREADS", ""}, {"PENSTOCK_FULL_NAME", "  "}, {"PENSTOCK_CHECK", "on"}};
  EXPECT_THAT(Apply({}), IsEmpty());
  EXPECT_EQ(threads_, 2);
  EXPECT_THAT(names_, ElementsAre("a"));
  EXPECT_FALSE(check_);
}

TEST_F(FlagTableTest, ErrorsNameTheFlagOrTheVariable) {
  variables_ = {{"PENSTOCK_LIGHT", "maybe"}};
  const std::vector<std::string> errors = Apply({"--threads=9"});
  EXPECT_THAT(errors, ElementsAre("--threads: must be an integer from 1 to 8, got \"9\"",
                                  "PENSTOCK_LIGHT: must be on or off, got \"maybe\""));
  EXPECT_EQ(PrintErrors(kProgram, errors), "tester: " + errors[0] + "\ntester: " + errors[1] + "\n");
  variables_.clear();
  EXPECT_THAT(Apply({"--threads=1", "--threads=1"}), ElementsAre("--threads: given 2 times: give it once"));
}

TEST_F(FlagTableTest, WhatCannotBeReadIsTold) {
  EXPECT_THAT(Read({"--threads"}).error, HasSubstr("--threads"));
  EXPECT_THAT(Read({"--thread=1", "now", "--light"}).unknown, ElementsAre("--thread=1", "now"));
  EXPECT_THAT(Read({"--full-name", "a", "b"}).unknown, ElementsAre("b")) << "a value for each time it is given";
}

TEST_F(FlagTableTest, TheClosestFlagIsSuggestedWhereOneIsClose) {
  EXPECT_EQ(ClosestFlag(flags_, "--thread"), "--threads");
  EXPECT_EQ(ClosestFlag(flags_, "--fullname"), "--full-name");
  EXPECT_EQ(ClosestFlag(flags_, "--something-else"), "");
}

TEST_F(FlagTableTest, HelpHasGroupsFlagsAndDefaults) {
  const std::string help = Read({"--help"}).answer.value_or("");
  for (const char* part : {"Tests flags.", "Sizes:", "Names:", "Looks:", "Other:", "That is all.", "--threads N",
                           "loops (2)", "names; may be repeated (a)", "--light on|off", "-h,--help", "--version"}) {
    EXPECT_THAT(help, HasSubstr(part));
  }
  EXPECT_THAT(help, HasSubstr("look and exit\n")) << "an action has no default";
  EXPECT_EQ(Read({"-h", "--bogus"}).answer, help);
  EXPECT_EQ(Read({"--version"}).answer, std::string("tester ") + kVersion + "\n");
  EXPECT_EQ(Read({"--light"}).answer, absl::nullopt);
}

}  // namespace
}  // namespace penstock::config
