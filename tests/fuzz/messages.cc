#include "tests/fuzz/messages.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "binding_test.pb.h"
#include "tests/fuzz/expect.h"
#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::fuzz {
namespace {

using codec::PlanSet;
using codec::PrintOptions;

PrintOptions OptionsOf(Printing printing) {
  switch (printing) {
    case Printing::kDefault:
      return {};
    case Printing::kSetOnly:
      return {.unpopulated = false};
    case Printing::kGo:
      return {.unset_as_null = true, .closed_enums = false, .group_type_names = true, .extensions_by_name = true};
    case Printing::kOther:
      return {.unpopulated = false, .proto_names = true, .enum_numbers = true};
  }
  return {};
}

std::unique_ptr<const PlanSet> Build(Printing printing) {
  return PlanSet::Build(
             {transcode::test::Everything::descriptor()->file(), transcode::test::Proto2::descriptor()->file(),
              transcode::test::Document::descriptor()->file()},
             OptionsOf(printing))
      .value();
}

}  // namespace

const PlanSet& Plans(Printing printing) {
  static const std::unique_ptr<const PlanSet>* const plans = new std::unique_ptr<const PlanSet>[kPrintings] {
    Build(Printing::kDefault), Build(Printing::kSetOnly), Build(Printing::kGo), Build(Printing::kOther)
  };
  return *plans[static_cast<size_t>(printing)];
}

const codec::MessagePlan& PlanOf(Printing printing, absl::string_view type) {
  const auto* plan = Plans(printing).Find(absl::StrCat("penstock.transcode.test.", type));
  FUZZ_EXPECT(plan != nullptr, type);
  return *plan;
}

std::unique_ptr<google::protobuf::Message> NewMessage(const codec::MessagePlan& plan) {
  const auto* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(plan.descriptor());
  return std::unique_ptr<google::protobuf::Message>(prototype->New());
}

bool ReadByLibprotobuf(absl::string_view json, google::protobuf::Message* message) {
  return google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, message).ok();
}

bool HasOddNull(const google::protobuf::Message& message) {
  const std::string text = message.DebugString();
  // The fields of this type; a number without a name stands there as a number.
  for (const absl::string_view field : {"null_value: ", "nothing: "}) {
    for (size_t at = 0; (at = text.find(field.data(), at)) != std::string::npos;) {
      at += field.size();
      if (text[at] != 'N') return true;
    }
  }
  return false;
}

}  // namespace penstock::fuzz
