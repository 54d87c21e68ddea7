// The message types of the transcoding targets, compiled once.
#ifndef PENSTOCK_TESTS_FUZZ_MESSAGES_H_
#define PENSTOCK_TESTS_FUZZ_MESSAGES_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/codec/message_plan.h"

namespace penstock::fuzz {

inline constexpr size_t kNoLimit = size_t{1} << 30;

// Ways to print, each with its own plans: the default; what is set and nothing else; as Go does; other spellings.
enum class Printing { kDefault, kSetOnly, kGo, kOther };
inline constexpr size_t kPrintings = 4;

// The types of gateway/codec/testdata.
const codec::PlanSet& Plans(Printing printing);

// `type` without its package, such as "Everything". Aborts where there is none.
const codec::MessagePlan& PlanOf(Printing printing, absl::string_view type);

// An empty message of that type.
std::unique_ptr<google::protobuf::Message> NewMessage(const codec::MessagePlan& plan);

// The value of `json`, by libprotobuf. False: it does not read it.
bool ReadByLibprotobuf(absl::string_view json, google::protobuf::Message* message);

// It holds a NullValue of another number than 0: any is taken, and printed as null, which is read as 0.
bool HasOddNull(const google::protobuf::Message& message);

}  // namespace penstock::fuzz

#endif  // PENSTOCK_TESTS_FUZZ_MESSAGES_H_
