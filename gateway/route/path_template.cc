#include "gateway/route/path_template.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/route/percent.h"

namespace penstock::route {
namespace {

// The router descends a call deep for each segment. No real template comes near.
constexpr size_t kMaxSegments = 128;

bool IsFieldStart(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsFieldCharacter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// What a literal may hold: not the grammar's own characters, and nothing that no path could hold.
bool IsLiteralCharacter(char c) {
  constexpr absl::string_view kOthers = "/*{}:?#\x7f";
  return static_cast<unsigned char>(c) > ' ' && kOthers.find(c) == absl::string_view::npos;
}

}  // namespace

// Recursive descent without the recursion: the grammar nests only once.
class PathTemplateParser {
 public:
  PathTemplateParser(absl::string_view text, TemplateSyntax syntax) : syntax_(syntax) {
    result_.text_ = std::string(text);
  }

  absl::StatusOr<PathTemplate> Parse() {
    if (!Take("/")) return Expected("\"/\"");
    if (AtEnd()) {
      result_.segments_.push_back({Kind::kLiteral, ""});
      return std::move(result_);
    }
    const size_t verb = syntax_.colons_in_literals ? FindVerb() : kNone;
    segments_end_ = verb;
    absl::Status status = Segments(/*in_variable=*/false);
    segments_end_ = kNone;
    if (status.ok() && (!syntax_.colons_in_literals || at_ == verb) && Take(":")) status = Verb();
    if (!status.ok()) return status;
    if (!AtEnd()) return Expected(AfterSegment(/*in_variable=*/false));
    return std::move(result_);
  }

 private:
  using Kind = PathTemplate::Segment::Kind;

  // Where the colon before the verb stands, or kNone.
  size_t FindVerb() const {
    const size_t segment = result_.text_.find_last_of("/}");
    const size_t colon = result_.text_[segment] == '}' ? result_.text_.find(':', segment) : result_.text_.rfind(':');
    return colon == kNone || colon < segment ? kNone : colon;
  }

  bool AtEnd() const { return at_ == result_.text_.size(); }
  bool AtLiteral() const {
    if (AtEnd() || at_ == segments_end_) return false;
    return IsLiteralCharacter(Peek()) || (syntax_.colons_in_literals && Peek() == ':');
  }
  char Peek() const { return AtEnd() ? '\0' : result_.text_[at_]; }

  bool Take(absl::string_view token) {
    if (absl::string_view(result_.text_).substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  // Segment { "/" Segment }, up to what is neither.
  absl::Status Segments(bool in_variable) {
    do {
      if (has_star_star_ && !syntax_.segments_after_star_star) {
        --at_;  // the slash that was taken
        return Expected(AfterSegment(in_variable));
      }
      if (result_.segments_.size() == kMaxSegments) {
        return Error(at_, absl::StrCat("more than ", kMaxSegments, " segments"));
      }
      const absl::Status status = Segment(in_variable);
      if (!status.ok()) return status;
    } while (Take("/"));
    return absl::OkStatus();
  }

  absl::Status Segment(bool in_variable) {
    if (Take("**")) {
      if (has_star_star_) return Error(at_ - 2, "a template has one \"**\" at most");
      has_star_star_ = true;
      result_.segments_.push_back({Kind::kStarStar, ""});
    } else if (Take("*")) {
      result_.segments_.push_back({Kind::kStar, ""});
    } else if (Peek() == '{') {
      if (in_variable) return Error(at_, "a variable cannot hold another variable");
      return Variable();
    } else {
      absl::StatusOr<std::string> literal = Literal("a literal, \"*\", \"**\" or \"{\"");
      if (!literal.ok()) return literal.status();
      result_.segments_.push_back({Kind::kLiteral, *std::move(literal)});
    }
    return absl::OkStatus();
  }

  absl::Status Variable() {
    const size_t open = at_++;
    variable_open_ = open;
    PathTemplate::Variable variable;
    variable.begin = result_.segments_.size();
    const bool had_star_star = has_star_star_;
    absl::Status status = FieldPath(variable.field_path);
    if (!status.ok()) return status;
    for (const PathTemplate::Variable& other : result_.variables_) {
      if (other.field_path == variable.field_path) {
        return Error(open, absl::StrCat("the field \"", variable.field_path, "\" is bound twice"));
      }
    }
    if (Take("=")) {
      status = Segments(/*in_variable=*/true);
      if (!status.ok()) return status;
      if (Peek() != '}') return Expected(AfterSegment(/*in_variable=*/true));
    } else {
      if (Peek() != '}') return Expected("\".\", \"=\" or \"}\"");
      result_.segments_.push_back({Kind::kStar, ""});
    }
    ++at_;  // "}"
    variable_open_ = kNone;
    variable.end = result_.segments_.size();
    variable.multi_segment = variable.end - variable.begin > 1 || has_star_star_ != had_star_star;
    result_.variables_.push_back(std::move(variable));
    return absl::OkStatus();
  }

  absl::Status FieldPath(std::string& field_path) {
    const size_t begin = at_;
    do {
      if (!IsFieldStart(Peek())) return Expected("a field name");
      while (IsFieldCharacter(Peek())) ++at_;
    } while (Take("."));
    field_path = result_.text_.substr(begin, at_ - begin);
    return absl::OkStatus();
  }

  absl::Status Verb() {
    absl::StatusOr<std::string> verb = Literal("a verb");
    if (!verb.ok()) return verb.status();
    result_.verb_ = *std::move(verb);
    if (!AtEnd()) return Expected("the end after the verb");
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Literal(absl::string_view what) {
    const size_t begin = at_;
    while (AtLiteral()) ++at_;
    if (at_ == begin) return Expected(what);
    const absl::string_view raw = absl::string_view(result_.text_).substr(begin, at_ - begin);
    absl::StatusOr<std::string> literal = PercentDecode(raw, Unescape::kAll, /*multi_segment=*/false);
    if (!literal.ok()) return Error(begin, absl::StrCat("literal \"", raw, "\": ", literal.status().message()));
    return syntax_.decode_literals ? literal : std::string(raw);
  }

  absl::string_view AfterSegment(bool in_variable) const {
    const bool is_last = has_star_star_ && !syntax_.segments_after_star_star;
    if (in_variable) return is_last ? "\"}\" (\"**\" comes last)" : "\"/\" or \"}\"";
    return is_last ? "\":\" or the end (\"**\" comes last)" : "\"/\", \":\" or the end";
  }

  absl::Status Expected(absl::string_view what) const {
    if (AtEnd() && variable_open_ != kNone) {
      return Error(variable_open_, absl::StrCat("the variable is not closed, expected ", what));
    }
    if (AtEnd()) return Error(at_, absl::StrCat("expected ", what, ", found the end"));
    return Error(at_, absl::StrCat("expected ", what, ", found \"", result_.text_.substr(at_, 1), "\""));
  }

  absl::Status Error(size_t at, absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("template \"", result_.text_, "\": column ", at + 1, ": ", what));
  }

  static constexpr size_t kNone = std::string::npos;

  const TemplateSyntax syntax_;
  PathTemplate result_;
  size_t at_ = 0;
  size_t segments_end_ = kNone;   // where no literal goes on, because the verb begins
  size_t variable_open_ = kNone;  // where the "{" of the variable being read stands
  bool has_star_star_ = false;
};

absl::StatusOr<PathTemplate> PathTemplate::Parse(absl::string_view text, TemplateSyntax syntax) {
  return PathTemplateParser(text, syntax).Parse();
}

}  // namespace penstock::route
