#include "gateway/net/testing/certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "absl/strings/str_cat.h"

namespace penstock::net::testing {
namespace {

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;

Bio Reading(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
}

std::string Written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

void AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

TestCertificate MakeTestCertificate(const std::string& name, const TestCertificate* issuer) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate(X509_new(), X509_free);
  X509* made = certificate.get();
  uint32_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial);
  X509_gmtime_adj(X509_getm_notBefore(made), -60);
  X509_gmtime_adj(X509_getm_notAfter(made), 3600);
  X509_set_pubkey(made, key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  Certificate parent(nullptr, X509_free);
  Key parent_key(nullptr, EVP_PKEY_free);
  if (issuer != nullptr) {
    parent.reset(PEM_read_bio_X509(Reading(issuer->certificate_pem).get(), nullptr, nullptr, nullptr));
    parent_key.reset(PEM_read_bio_PrivateKey(Reading(issuer->key_pem).get(), nullptr, nullptr, nullptr));
  }
  X509* signer = issuer != nullptr ? parent.get() : made;
  X509_set_issuer_name(made, X509_get_subject_name(signer));
  AddExtension(made, signer, NID_basic_constraints, issuer != nullptr ? "CA:FALSE" : "critical,CA:TRUE");
  AddExtension(made, signer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  X509_sign(made, issuer != nullptr ? parent_key.get() : key.get(), EVP_sha256());

  const Bio certificate_out(BIO_new(BIO_s_mem()), BIO_free);
  const Bio key_out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(certificate_out.get(), made);
  PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {Written(certificate_out.get()), Written(key_out.get())};
}

std::string WriteTestFile(const std::string& name, absl::string_view content) {
  const char* folder = std::getenv("TEST_TMPDIR");
  const std::string file = absl::StrCat(folder != nullptr ? folder : "/tmp", "/", name);
  const std::string fresh = absl::StrCat(file, ".new");
  std::ofstream(fresh, std::ios::binary) << content;
  std::rename(fresh.c_str(), file.c_str());
  return file;
}

}  // namespace penstock::net::testing
