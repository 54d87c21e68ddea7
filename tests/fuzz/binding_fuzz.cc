// Path, query and body bound to one message, by the rules of both dialects: the result is a message that libprotobuf
// parses and that can be printed; it does not depend on how the query is split; and a rejected request leaves nothing
// behind.
//
// Input: a byte that chooses the rule, a line per path variable, a line of query, then the body.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gateway/binding/native_request_binding.h"
#include "gateway/codec/wire_to_json.h"
#include "gateway/grpc_gateway/go_request_binding.h"
#include "gateway/route/percent.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/json_grammar.h"
#include "tests/fuzz/messages.h"

namespace penstock::fuzz {
namespace {

using binding::RequestBinding;
using codec::MessagePlan;

struct Rule {
  absl::string_view type;
  std::vector<std::string> variables;
  absl::string_view body;
  bool patch;
};

const std::vector<Rule>& Rules() {
  static const std::vector<Rule>& rules = *new std::vector<Rule>{
      {"UpdateBook", {"parent"}, "book", true},
      {"UpdateBook", {"book.name", "color"}, "*", false},
      {"UpdateBook", {}, "", false},
      {"Everything", {}, "", false},
      {"Everything", {"scalars.an_int64", "well_known.time"}, "well_known.value", false},
      {"Choices", {"number"}, "", false},
      {"PatchDocument", {"document.shelf"}, "document", true},
      {"Upload", {"name"}, "file", false},
      {"Proto2", {"needed"}, "child", false},
      {"Scalars", {"some_bytes", "a_double"}, "", false},
  };
  return rules;
}

struct Bound {
  const MessagePlan* plan;
  std::vector<std::unique_ptr<const RequestBinding>> bindings;  // native, then grpc-gateway
};

template <typename Binding>
void Build(const Rule& rule, Bound* bound) {
  auto binding =
      Binding::Build(*bound->plan, {.path_variables = rule.variables, .body = rule.body, .patch = rule.patch});
  FUZZ_EXPECT(binding.ok(), rule.type, ": ", binding.status().ToString());
  bound->bindings.push_back(std::make_unique<const Binding>(*std::move(binding)));
}

Bound BuildOne(const Rule& rule) {
  Bound bound{&PlanOf(Printing::kSetOnly, rule.type), {}};
  Build<binding::NativeRequestBinding>(rule, &bound);
  Build<grpc_gateway::GoRequestBinding>(rule, &bound);
  return bound;
}

const std::vector<Bound>& Bindings() {
  static const std::vector<Bound>& bindings = *[] {
    auto* all = new std::vector<Bound>;
    for (const Rule& rule : Rules()) all->push_back(BuildOne(rule));
    return all;
  }();
  return bindings;
}

// Not everything that is bound can be printed: a URL spells the paths of a FieldMask as .proto files do, where `a_1` is
// a name that has no JSON form. `native`: else an empty google.protobuf.Value may have been bound as well.
void CheckMessage(const MessagePlan& plan, const std::string& wire, bool native) {
  const auto message = NewMessage(plan);
  FUZZ_EXPECT(message->ParseFromString(wire), "libprotobuf does not take it");
  std::string json;
  const absl::Status status = WireToJson(plan, wire, kNoLimit, &json);
  if (!status.ok() && (!native || absl::StrContains(status.message(), "a FieldMask path"))) return;
  FUZZ_EXPECT(status.ok(), status.ToString());
  CheckLine(json);
  std::string merged;
  FUZZ_EXPECT(WireToJson(plan, message->SerializeAsString(), kNoLimit, &merged).ok() && merged == json, json, merged);
}

bool IsUtf8(absl::string_view text) { return route::FindInvalidUtf8(text) == absl::string_view::npos; }

void Run(Input& input) {
  const size_t choice = input.Byte();
  const size_t index = choice / 2 % Rules().size();
  const Bound& bound = Bindings()[index];
  const RequestBinding& binding = *bound.bindings[choice % 2];
  std::vector<std::string> values;
  for (size_t i = 0; i < Rules()[index].variables.size(); ++i) {
    values.emplace_back(input.TakeUntil('\n'));
    if (choice % 2 == 0 && !IsUtf8(values.back())) return;  // the native router lets no such path through
  }
  const absl::string_view query = input.TakeUntil('\n');
  RequestBinding::Parts parts{.path_values = values, .queries = {&query, 1}, .body = input.Rest()};
  if (binding.takes_http_body()) parts.content_type = "text/plain";

  std::string wire = "kept";
  const absl::Status status = binding.Bind(parts, &wire);
  if (!status.ok()) FUZZ_EXPECT(wire == "kept" && !status.message().empty(), status.ToString());

  // The same in two queries, cut at any "&".
  const size_t half = query.find('&', query.size() / 2);
  if (half != absl::string_view::npos) {
    const absl::string_view halves[] = {query.substr(0, half), query.substr(half + 1)};
    parts.queries = halves;
    std::string other = "kept";
    const absl::Status same = binding.Bind(parts, &other);
    // Of several faults grpc-gateway tells the first of each query.
    const bool alike = choice % 2 == 0 ? same == status : same.code() == status.code();
    FUZZ_EXPECT(alike && other == wire, status.ToString(), " and ", same.ToString());
  }
  if (status.ok()) CheckMessage(*bound.plan, wire.substr(4), /*native=*/choice % 2 == 0);
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Run(input);
  return 0;
}
