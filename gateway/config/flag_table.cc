#include "gateway/config/flag_table.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace penstock::config {
namespace {

constexpr char kOther[] = "Other";

std::string VariableOf(const Flag& flag) {
  return absl::StrCat("PENSTOCK_", absl::AsciiStrToUpper(absl::StrReplaceAll(flag.name.substr(2), {{"-", "_"}})));
}

// How many insertions, removals and replacements turn `a` into `b`.
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] != b[j] ? 1 : 0);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

void AddValued(const Flag& flag, std::vector<std::string>* values, CLI::App& app) {
  CLI::Option* option = app.add_option(
      flag.name,
      [values](const CLI::results_t& results) {
        *values = results;
        return true;
      },
      HelpOf(flag));
  option->group(flag.group)->type_name(flag.value)->expected(flag.kind == Flag::Kind::kSwitch ? 0 : 1, 1);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
}

void AddAction(const Flag& flag, std::vector<std::string>* values, CLI::App& app) {
  app.add_flag_callback(flag.name, [values] { *values = {"on"}; }, HelpOf(flag))->group(flag.group);
}

}  // namespace

std::string HelpOf(const Flag& flag) {
  return flag.preset.empty() ? flag.help : absl::StrCat(flag.help, " (", flag.preset, ")");
}

Arguments ReadArguments(const Program& program, const FlagTable& flags, absl::Span<const char* const> argv) {
  Arguments arguments;
  arguments.values.resize(flags.size());
  CLI::App app(program.purpose, program.name);
  app.set_help_flag();  // it would end the parsing before bad flags are seen
  app.allow_extras();
  app.footer(program.footer);
  app.get_formatter()->column_width(program.column);
  for (size_t i = 0; i < flags.size(); ++i) {
    if (flags[i].kind != Flag::Kind::kAction) AddValued(flags[i], &arguments.values[i], app);
  }
  bool help = false;
  bool version = false;
  app.add_flag("-h,--help", help, "print this")->group(kOther);
  app.add_flag("--version", version, "print the version")->group(kOther);
  for (size_t i = 0; i < flags.size(); ++i) {
    if (flags[i].kind == Flag::Kind::kAction) AddAction(flags[i], &arguments.values[i], app);
  }
  // CLI11 takes the arguments last one first.
  std::vector<std::string> words(argv.rbegin(), argv.rend() - (argv.empty() ? 0 : 1));
  try {
    app.parse(std::move(words));
    arguments.unknown = app.remaining();
  } catch (const CLI::ParseError& error) {
    arguments.error = error.what();
  }
  if (help) {
    arguments.answer = app.help();
  } else if (version) {
    arguments.answer = absl::StrCat(program.name, " ", kVersion, "\n");
  }
  return arguments;
}

std::string ClosestFlag(const FlagTable& flags, const std::string& name) {
  constexpr size_t kClose = 4;
  size_t best = kClose;
  std::string closest;
  for (const Flag& flag : flags) {
    const size_t distance = Distance(name, flag.name);
    if (distance >= best) continue;
    best = distance;
    closest = flag.name;
  }
  return closest;
}

absl::Status ApplyFlag(const Flag& flag, std::vector<std::string> values, const Getenv& getenv) {
  std::string source = flag.name;
  if (values.empty()) {
    if (flag.kind == Flag::Kind::kAction) return absl::OkStatus();
    source = VariableOf(flag);
    const char* const variable = getenv(source.c_str());
    if (variable == nullptr || *variable == '\0') return absl::OkStatus();
    if (flag.kind == Flag::Kind::kRepeated) {
      values = absl::StrSplit(variable, ' ', absl::SkipEmpty());
      if (values.empty()) return absl::OkStatus();
    } else {
      values = {variable};
    }
  } else if (flag.kind == Flag::Kind::kSwitch) {
    // `--x` alone; CLI11 reports it as one of these.
    for (std::string& value : values) {
      if (value.empty() || value == "{}") value = "on";
    }
  }
  if (flag.kind != Flag::Kind::kRepeated && values.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(source, ": given ", values.size(), " times: give it once"));
  }
  const absl::Status status = flag.set(values);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(source, ": ", status.message()));
}

std::vector<std::string> ApplyFlags(const FlagTable& flags, const std::vector<std::vector<std::string>>& values,
                                    const Getenv& getenv) {
  std::vector<std::string> errors;
  for (size_t i = 0; i < flags.size(); ++i) {
    const absl::Status status = ApplyFlag(flags[i], values[i], getenv);
    if (!status.ok()) errors.push_back(std::string(status.message()));
  }
  return errors;
}

std::string PrintErrors(const Program& program, const std::vector<std::string>& errors) {
  std::string text;
  for (const std::string& error : errors) absl::StrAppend(&text, program.name, ": ", error, "\n");
  return text;
}

}  // namespace penstock::config
