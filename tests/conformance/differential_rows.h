// The table of the differential test: requests to which grpc-gateway v2 and this gateway must respond alike, and the
// exceptions.
//
// Rows are in one file per topic, each with the reason why it exists, which is also its name.
#ifndef PENSTOCK_TESTS_CONFORMANCE_DIFFERENTIAL_ROWS_H_
#define PENSTOCK_TESTS_CONFORMANCE_DIFFERENTIAL_ROWS_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "tests/conformance/differential.h"

namespace penstock::testing {

struct Row {
  std::string why;
  std::string request;
  bool words_vary = false;  // several things may be wrong: the reference names any of them
};

// For GoogleTest, whose report is XML.
inline void PrintTo(const Row& row, std::ostream* out) { *out << absl::CHexEscape(row.why); }

std::vector<Row> RoutingRows();
std::vector<Row> OverlapRows();
std::vector<Row> FormRows();
std::vector<Row> PathRows();
std::vector<Row> QueryRows();
std::vector<Row> BodyRows();
std::vector<Row> BodyFieldRows();
std::vector<Row> PatchRows();
std::vector<Row> ResponseBodyRows();
std::vector<Row> StreamRows();
std::vector<Row> HttpBodyRows();
std::vector<Row> ErrorRows();
std::vector<Row> MetadataRows();

// For gateways with --legacy-metadata-headers.
std::vector<Row> LegacyMetadataRows();
// For gateways with each --unescape.
std::vector<Row> EscapeRows();

// A row whose answers may differ in one aspect, on purpose.
struct Exception {
  std::string row;  // its `why`
  Aspect aspect;
  const char* why;
};

std::vector<Exception> Exceptions();

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_CONFORMANCE_DIFFERENTIAL_ROWS_H_
