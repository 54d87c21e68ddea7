#include "gateway/route/api_config.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "gateway/route/percent.h"

namespace penstock::route {
namespace {

constexpr absl::string_view kServiceKeys[] = {"apis",
                                              "authentication",
                                              "backend",
                                              "billing",
                                              "config_version",
                                              "context",
                                              "control",
                                              "documentation",
                                              "endpoints",
                                              "enums",
                                              "http",
                                              "id",
                                              "logging",
                                              "logs",
                                              "metrics",
                                              "monitored_resources",
                                              "monitoring",
                                              "name",
                                              "producer_project_id",
                                              "publishing",
                                              "quota",
                                              "source_info",
                                              "system_parameters",
                                              "title",
                                              "type",
                                              "types",
                                              "usage"};
constexpr absl::string_view kHttpKeys[] = {"fully_decode_reserved_expansion", "rules"};
constexpr absl::string_view kRuleKeys[] = {
    "additional_bindings", "body", "custom", "delete", "get", "patch", "post", "put", "response_body", "selector"};
constexpr absl::string_view kCustomKeys[] = {"kind", "path"};

constexpr absl::string_view kPatterns = "get, put, post, delete, patch or custom";

std::string Place(const YAML::Mark& mark) { return absl::StrCat("line ", mark.line + 1, ", column ", mark.column + 1); }

absl::Status Error(const YAML::Mark& mark, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(Place(mark), ": ", what));
}

absl::string_view TypeName(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return "a single value";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "keys and values";
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      break;
  }
  return "nothing";
}

absl::Status WrongType(absl::string_view key, absl::string_view wanted, const YAML::Node& found) {
  return Error(found.Mark(), absl::StrCat("\"", key, "\" takes ", wanted, ", found ", TypeName(found)));
}

// "additionalBindings" → "additional_bindings"
std::string SnakeCase(absl::string_view key) {
  std::string snake;
  for (const char c : key) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) snake.push_back('_');
    snake.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return snake;
}

struct Field {
  std::string key;  // in snake_case
  YAML::Mark mark;  // of the key
  YAML::Node value;
};

// What `map`, the value of `owner`, holds, in the order of the file; without fields whose value is null, which is how
// protobuf's JSON leaves a field unset.
absl::StatusOr<std::vector<Field>> FieldsOf(const YAML::Node& map, absl::string_view owner,
                                            absl::Span<const absl::string_view> known) {
  if (!map.IsMap()) return WrongType(owner, "keys and values", map);
  std::vector<Field> fields;
  std::map<std::string, YAML::Mark> seen;
  for (const auto& entry : map) {
    const YAML::Mark mark = entry.first.Mark();
    if (!entry.first.IsScalar()) return Error(mark, absl::StrCat("a key of \"", owner, "\" is no text"));
    const std::string key = SnakeCase(entry.first.Scalar());
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return Error(mark, absl::StrCat("unknown key \"", entry.first.Scalar(), "\": \"", owner, "\" has ",
                                      absl::StrJoin(known, ", ")));
    }
    const auto [first, is_new] = seen.emplace(key, mark);
    if (!is_new) {
      return Error(mark, absl::StrCat("\"", key, "\" has been given at ", Place(first->second), ": leave one out"));
    }
    if (!entry.second.IsNull()) fields.push_back({key, mark, entry.second});
  }
  return fields;
}

absl::StatusOr<std::string> Text(const Field& field) {
  if (!field.value.IsScalar()) return WrongType(field.key, "a single value", field.value);
  std::string text = field.value.Scalar();
  // Debian's yaml-cpp makes the escapes \N and \_ single bytes, which are no UTF-8; all else has been checked.
  if (FindInvalidUtf8(text) != absl::string_view::npos) {
    return Error(field.value.Mark(),
                 absl::StrCat("\"", field.key, "\" is not UTF-8: write \\u0085 for \\N, \\u00a0 for \\_"));
  }
  return text;
}

absl::Status SetText(const Field& field, google::protobuf::Message& message) {
  absl::StatusOr<std::string> text = Text(field);
  if (!text.ok()) return text.status();
  message.GetReflection()->SetString(&message, message.GetDescriptor()->FindFieldByName(field.key), *std::move(text));
  return absl::OkStatus();
}

absl::Status ReadCustom(const Field& field, google::api::CustomHttpPattern& custom) {
  const absl::StatusOr<std::vector<Field>> fields = FieldsOf(field.value, field.key, kCustomKeys);
  if (!fields.ok()) return fields.status();
  for (const Field& part : *fields) {
    if (absl::Status status = SetText(part, custom); !status.ok()) return status;
  }
  if (!custom.kind().empty() && !custom.path().empty()) return absl::OkStatus();
  return Error(field.mark, "\"custom\" needs both: kind, an HTTP method or \"*\", and path");
}

enum class Depth { kRule, kAdditional };

absl::Status ReadRule(const YAML::Node& node, Depth depth, google::api::HttpRule& rule);

absl::Status ReadRuleField(const Field& field, Depth depth, google::api::HttpRule& rule) {
  if (field.key == "selector" || field.key == "body" || field.key == "response_body") return SetText(field, rule);
  if (field.key == "additional_bindings") {
    if (depth == Depth::kAdditional) {
      return Error(field.mark, "an additional binding has none of its own: put them all into the rule's list");
    }
    if (!field.value.IsSequence()) return WrongType(field.key, "a list", field.value);
    for (const YAML::Node& additional : field.value) {
      absl::Status status = ReadRule(additional, Depth::kAdditional, *rule.add_additional_bindings());
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  if (rule.pattern_case() != google::api::HttpRule::PATTERN_NOT_SET) {
    return Error(field.mark, absl::StrCat("\"", field.key,
                                          "\" is a second pattern: a rule has one, put others into "
                                          "additional_bindings"));
  }
  return field.key == "custom" ? ReadCustom(field, *rule.mutable_custom()) : SetText(field, rule);
}

absl::Status ReadRule(const YAML::Node& node, Depth depth, google::api::HttpRule& rule) {
  const absl::string_view owner = depth == Depth::kRule ? "rules" : "additional_bindings";
  const absl::StatusOr<std::vector<Field>> fields = FieldsOf(node, owner, kRuleKeys);
  if (!fields.ok()) return fields.status();
  for (const Field& field : *fields) {
    if (absl::Status status = ReadRuleField(field, depth, rule); !status.ok()) return status;
  }
  if (rule.pattern_case() == google::api::HttpRule::PATTERN_NOT_SET) {
    return Error(node.Mark(), absl::StrCat("a rule without a pattern: set one of ", kPatterns));
  }
  return absl::OkStatus();
}

absl::Status CheckSelector(const YAML::Node& node, const google::api::HttpRule& rule) {
  constexpr absl::string_view kRemedy = "write the full name of one method, package.Service.Method";
  if (rule.selector().empty()) return Error(node.Mark(), absl::StrCat("a rule without a selector: ", kRemedy));
  if (rule.selector().find_first_of("*, ") == std::string::npos) return absl::OkStatus();
  return Error(node["selector"].Mark(), absl::StrCat("selector \"", rule.selector(), "\": ", kRemedy));
}

absl::StatusOr<std::vector<ApiRule>> ReadRules(const Field& field) {
  if (!field.value.IsSequence()) return WrongType(field.key, "a list", field.value);
  std::vector<ApiRule> rules;
  std::map<std::string, std::string> places;
  for (const YAML::Node& node : field.value) {
    ApiRule rule;
    rule.place = Place(node.Mark());
    absl::Status status = ReadRule(node, Depth::kRule, rule.rule);
    if (status.ok()) status = CheckSelector(node, rule.rule);
    if (!status.ok()) return status;
    const auto [first, is_new] = places.emplace(rule.rule.selector(), rule.place);
    if (!is_new) {
      return Error(node.Mark(), absl::StrCat("selector \"", rule.rule.selector(), "\" has a rule at ", first->second,
                                             ": put further patterns into that rule's additional_bindings"));
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

absl::StatusOr<std::vector<ApiRule>> ReadHttp(const Field& http) {
  const absl::StatusOr<std::vector<Field>> fields = FieldsOf(http.value, http.key, kHttpKeys);
  if (!fields.ok()) return fields.status();
  absl::StatusOr<std::vector<ApiRule>> rules = std::vector<ApiRule>();
  for (const Field& field : *fields) {
    if (field.key == "rules") {
      rules = ReadRules(field);
      if (!rules.ok()) return rules;
      continue;
    }
    const absl::StatusOr<std::string> decode = Text(field);
    if (!decode.ok()) return decode.status();
    if (*decode != "false") {
      return Error(field.mark,
                   "\"fully_decode_reserved_expansion\" is not read: drop it and give --unescape=all-except-slash");
    }
  }
  return rules;
}

absl::StatusOr<std::vector<ApiRule>> ReadService(const YAML::Node& document) {
  const absl::StatusOr<std::vector<Field>> fields = FieldsOf(document, "google.api.Service", kServiceKeys);
  if (!fields.ok()) return fields.status();
  std::vector<ApiRule> rules;
  for (const Field& field : *fields) {
    if (field.key == "http") {
      absl::StatusOr<std::vector<ApiRule>> read = ReadHttp(field);
      if (!read.ok()) return read;
      rules = *std::move(read);
      continue;
    }
    const absl::string_view wanted = field.key == "type"             ? "google.api.Service"
                                     : field.key == "config_version" ? "3"
                                                                     : "";
    if (wanted.empty()) continue;
    const absl::StatusOr<std::string> text = Text(field);
    if (!text.ok()) return text.status();
    if (*text != wanted) {
      return Error(field.value.Mark(), absl::StrCat("\"", field.key, "\" is \"", *text, "\": write ", wanted));
    }
  }
  return rules;
}

// Reads over a document. YAML::Load stops after the first one and says nothing of what follows; YAML::LoadAll never
// returns where that is a stray bracket.
class DocumentStart final : public YAML::EventHandler {
 public:
  const YAML::Mark& mark() const { return mark_; }

  void OnDocumentStart(const YAML::Mark& mark) override { mark_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}

 private:
  YAML::Mark mark_;
};

// YAML is printable Unicode (YAML 1.2, section 5.1). yaml-cpp copies any byte, makes something else of a NUL and takes
// an EOT for the end of the file.
absl::Status CheckCharacters(absl::string_view yaml) {
  const auto control = std::find_if(yaml.begin(), yaml.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\t' && c != '\n' && c != '\r';
  });
  const size_t at = std::min(FindInvalidUtf8(yaml), static_cast<size_t>(control - yaml.begin()));
  if (at >= yaml.size()) return absl::OkStatus();
  const absl::string_view before = yaml.substr(0, at);
  YAML::Mark mark;
  mark.line = static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  mark.column = static_cast<int>(before.size() - (before.rfind('\n') + 1));
  return Error(mark, "no YAML: a control character, or a byte that is not UTF-8");
}

absl::Status CheckOneDocument(const std::string& yaml) {
  std::istringstream stream(yaml);
  YAML::Parser parser(stream);
  DocumentStart document;
  if (!parser.HandleNextDocument(document)) {
    return Error(document.mark(), "an empty file: begin with type: google.api.Service");
  }
  if (!parser.HandleNextDocument(document)) return absl::OkStatus();
  return Error(document.mark(), "more follows where the first YAML document has ended: leave one document in the file");
}

}  // namespace

absl::StatusOr<std::vector<ApiRule>> ParseApiConfig(absl::string_view yaml) {
  const std::string text(yaml);
  if (absl::Status status = CheckCharacters(yaml); !status.ok()) return status;
  try {
    if (absl::Status status = CheckOneDocument(text); !status.ok()) return status;
    return ReadService(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    // `body: *` is the mistake that everybody makes once.
    const bool is_alias = absl::string_view(error.msg).find("alias") != absl::string_view::npos;
    return Error(error.mark, absl::StrCat("no YAML: ", error.msg, is_alias ? ": put a \"*\" in quotes" : ""));
  }
}

}  // namespace penstock::route
