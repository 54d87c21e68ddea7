// Sends the same requests to grpc-gateway v2 and to --dialect=grpc-gateway: the responses must be equal.
//
// Rows come from the tables of differential_rows.h and from a generator. Each row of a table is a test of its own, so
// that --gtest_filter finds it. For other and more generated requests:
//
//   bazel test --config=release //tests/conformance:differential_test
//       --test_env=PENSTOCK_DIFFERENTIAL_SEED=7 --test_env=PENSTOCK_DIFFERENTIAL_COUNT=50000
//
// PENSTOCK_REFERENCE_GATEWAY, PENSTOCK_GATEWAY and PENSTOCK_EVERYTHING_SERVER override the binaries for a run by hand.
#include "tests/conformance/differential.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/conformance/differential_generated.h"
#include "tests/conformance/differential_rows.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

// Both gateways in front of one upstream, with the same flag where there is one.
class Gateways {
 public:
  explicit Gateways(const std::string& flag = "") {
    std::vector<std::string> flags = {"--upstream=" + Upstream()};
    if (!flag.empty()) flags.push_back(flag);
    reference_ = StartReferenceGateway(flags);
    flags.insert(flags.end(), {"--dialect=grpc-gateway", "--web-root=none"});
    ours_ = StartGateway(flags);
  }

  // The ones without a flag, shared by all tests that need no other.
  static const Gateways& Default() {
    static const Gateways* const gateways = new Gateways;
    return *gateways;
  }

  const std::string& reference() const { return reference_->address(); }
  const std::string& ours() const { return ours_->address(); }

 private:
  static const std::string& Upstream() {
    static const Server* const upstream = StartEverythingServer({"--with-overlap"}).release();
    return upstream->address();
  }

  std::unique_ptr<Server> reference_, ours_;
};

// Adds a failure where the answers differ, but for the aspects that an exception names; those must differ.
void ExpectSame(const Gateways& gateways, const Row& row) {
  const Response reference = Ask(gateways.reference(), row.request), ours = Ask(gateways.ours(), row.request);
  std::vector<Difference> differences = Differences(reference, ours);
  if (row.words_vary) {
    differences.erase(std::remove_if(differences.begin(), differences.end(),
                                     [](const Difference& one) { return one.aspect == Aspect::kMessage; }),
                      differences.end());
  }
  for (const Exception& exception : Exceptions()) {
    if (exception.row != row.why) continue;
    const auto found = std::find_if(differences.begin(), differences.end(),
                                    [&](const Difference& one) { return one.aspect == exception.aspect; });
    if (found != differences.end()) {
      differences.erase(found);
    } else {
      ADD_FAILURE() << "no longer differs in its " << AspectName(exception.aspect)
                    << ", take it out of Exceptions(): " << row.why;
    }
  }
  if (!differences.empty()) ADD_FAILURE() << row.why << "\n" << Report(row.request, differences, reference, ours);
}

std::vector<Row> AllRows() {
  std::vector<Row> all;
  for (auto* rows : {&RoutingRows, &OverlapRows, &FormRows, &PathRows, &QueryRows, &BodyRows, &BodyFieldRows,
                     &PatchRows, &ResponseBodyRows, &StreamRows, &HttpBodyRows, &ErrorRows, &MetadataRows}) {
    for (Row& row : (*rows)()) all.push_back(std::move(row));
  }
  return all;
}

// GoogleTest takes letters and digits in a test's name.
std::string NameOf(const ::testing::TestParamInfo<Row>& info) {
  std::string name = absl::StrCat(info.index, "_");
  for (const char c : info.param.why) {
    name.push_back(absl::ascii_isalnum(static_cast<unsigned char>(c)) ? c : '_');
  }
  return name.substr(0, 80);
}

class RowTest : public ::testing::TestWithParam<Row> {};
TEST_P(RowTest, IsAnsweredAlike) { ExpectSame(Gateways::Default(), GetParam()); }
INSTANTIATE_TEST_SUITE_P(All, RowTest, ::testing::ValuesIn(AllRows()), NameOf);

TEST(Differential, LegacyMetadataHeaders) {
  const Gateways gateways("--legacy-metadata-headers");
  for (const Row& row : LegacyMetadataRows()) ExpectSame(gateways, row);
}

class EscapeTest : public ::testing::TestWithParam<const char*> {};
TEST_P(EscapeTest, IsAnsweredAlike) {
  const Gateways gateways(absl::StrCat("--unescape=", GetParam()));
  for (const Row& row : EscapeRows()) ExpectSame(gateways, row);
}
INSTANTIATE_TEST_SUITE_P(All, EscapeTest,
                         ::testing::Values("legacy", "all-except-reserved", "all-except-slash", "all"));

TEST(Differential, RowsHaveNamesOfTheirOwnAndExceptionsNameThem) {
  std::set<std::string> names;
  for (const std::vector<Row>& rows : {AllRows(), LegacyMetadataRows(), EscapeRows()}) {
    for (const Row& row : rows) EXPECT_TRUE(names.insert(row.why).second) << "twice: " << row.why;
  }
  for (const Exception& exception : Exceptions()) EXPECT_EQ(names.count(exception.row), 1u) << exception.row;
}

uint64_t NumberOf(const char* variable, uint64_t otherwise) {
  uint64_t number = 0;
  const char* const text = getenv(variable);
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

TEST(Differential, Generated) {
  const uint64_t seed = NumberOf("PENSTOCK_DIFFERENTIAL_SEED", 1),
                 count = NumberOf("PENSTOCK_DIFFERENTIAL_COUNT", 1500);
  RecordProperty("seed", static_cast<int>(seed));
  printf("PENSTOCK_DIFFERENTIAL_SEED=%llu PENSTOCK_DIFFERENTIAL_COUNT=%llu\n", static_cast<unsigned long long>(seed),
         static_cast<unsigned long long>(count));
  GeneratedRequests requests(seed);
  for (uint64_t i = 0; i < count; ++i) {
    SCOPED_TRACE(absl::StrCat("request ", i, " of seed ", seed));
    ExpectSame(Gateways::Default(), requests.Next());
    if (HasFailure()) return;  // the first one is enough to start with
  }
}

}  // namespace
}  // namespace penstock::testing
