// Certificates made for a test while it runs: no key is in the tree.
//
//   const TestCertificate ca = MakeTestCertificate("test CA");
//   const TestCertificate server = MakeTestCertificate("localhost", &ca);
//   const std::string file = WriteTestFile("server.crt", server.certificate_pem);
#ifndef PENSTOCK_GATEWAY_NET_TESTING_CERTIFICATES_H_
#define PENSTOCK_GATEWAY_NET_TESTING_CERTIFICATES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace penstock::net::testing {

struct TestCertificate {
  std::string certificate_pem;
  std::string key_pem;
};

// Valid for an hour, for `name`, localhost and 127.0.0.1, with an elliptic-curve key. `issuer` null: it signs itself
// and may sign others.
TestCertificate MakeTestCertificate(const std::string& name, const TestCertificate* issuer = nullptr);

// A file of the test's own folder; what was there is replaced in one step, as who renews certificates does it.
std::string WriteTestFile(const std::string& name, absl::string_view content);

}  // namespace penstock::net::testing

#endif  // PENSTOCK_GATEWAY_NET_TESTING_CERTIFICATES_H_
