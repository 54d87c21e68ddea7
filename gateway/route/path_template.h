// A path template of google.api.http, parsed. Pure and immutable; any thread.
//
//   Template  = "/" [ Segments [ ":" Literal ] ]                    "/" is one empty literal
//   Segments  = Segment { "/" Segment }
//   Segment   = "*" | "**" | Literal | Variable
//   Variable  = "{" Field { "." Field } [ "=" Segments ] "}"        "{a}" is "{a=*}"
//
// "**" is the last segment if there is one. A variable holds no other variable, and no field path is bound twice. A
// TemplateSyntax may take more.
//
//   absl::StatusOr<PathTemplate> t = PathTemplate::Parse("/v1/{name=shelves/*/books/**}:read");
//   t->segments()   → v1 shelves * books **
//   t->variables()  → name: segments [1, 5), multi_segment
//   t->verb()       → "read"
//
// Errors name the template and the column, from 1:
//   template "/v1/{name": column 5: the variable is not closed, expected ".", "=" or "}"
#ifndef PENSTOCK_GATEWAY_ROUTE_PATH_TEMPLATE_H_
#define PENSTOCK_GATEWAY_ROUTE_PATH_TEMPLATE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penstock::route {

// What is taken besides the grammar above, and how literals are read.
struct TemplateSyntax {
  bool segments_after_star_star = false;
  // ":" in literals. The verb is what follows the last segment's last colon, where a variable ends that segment its
  // first one.
  bool colons_in_literals = false;
  bool decode_literals = true;  // else they stay as they are written
};

class PathTemplate {
 public:
  struct Segment {
    enum class Kind { kLiteral, kStar, kStarStar };
    Kind kind = Kind::kLiteral;
    std::string literal;  // kLiteral
  };

  struct Variable {
    std::string field_path;  // "a.b"
    size_t begin = 0;        // segments [begin, end)
    size_t end = 0;
    bool multi_segment = false;  // its value may hold slashes: several segments, or "**"
  };

  static absl::StatusOr<PathTemplate> Parse(absl::string_view text, TemplateSyntax syntax = {});

  const std::string& text() const { return text_; }
  const std::vector<Segment>& segments() const { return segments_; }  // never empty
  const std::vector<Variable>& variables() const { return variables_; }
  const std::string& verb() const { return verb_; }  // read like literals; empty: none

 private:
  friend class PathTemplateParser;
  PathTemplate() = default;

  std::string text_;
  std::vector<Segment> segments_;
  std::vector<Variable> variables_;
  std::string verb_;
};

}  // namespace penstock::route

#endif  // PENSTOCK_GATEWAY_ROUTE_PATH_TEMPLATE_H_
