// LocalProber over TLS: whom it believes. The server is OpenSSL's, with certificates made here.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

#include "adapter/localprobe/prober.hpp"
#include "contract/test_server.hpp"

namespace adapter::localprobe {
namespace {

using contract::TestServer;
using namespace std::chrono_literals;  // NOLINT

struct Identity {
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{nullptr, EVP_PKEY_free};
  std::unique_ptr<X509, void (*)(X509*)> certificate{nullptr, X509_free};
};

// A certificate for `name`, signed by `issuer` or, without one, by itself.
Identity make_identity(const std::string& name, const Identity* issuer = nullptr) {
  Identity made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* const certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  const auto* const by = issuer != nullptr ? issuer : &made;
  X509_set_issuer_name(certificate, X509_get_subject_name(by->certificate.get()));
  const auto add = [&](int nid, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  };
  add(NID_basic_constraints, name == "CA" ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (name != "CA") add(NID_subject_alt_name, "DNS:" + name);
  X509_sign(certificate, by->key.get(), EVP_sha256());
  return made;
}

std::string pem_of(const Identity& identity) {
  const std::unique_ptr<BIO, int (*)(BIO*)> text(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(text.get(), identity.certificate.get());
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(text.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

class LocalProberTls : public testing::Test {
 protected:
  // Probes a server that has `identity`; `trusted` is what the prober believes.
  domain::Probe probe(const Identity& identity, const std::string& trusted,
                      bool check_name = true) {
    const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_server_method()),
                                                               SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
    TestServer server([&](int connection, const std::string& begun) {
      answer(context.get(), connection, begun);
    });
    ProbeOptions options;
    options.port = server.port();
    options.trusted = trusted;
    options.check_name = check_name;
    options.limit = 3s;
    LocalProber prober(options,
                       [](const domain::DesktopId&) { return base::Result<std::string>("t"); });
    const auto seen = prober.probe({.desktop = *domain::DesktopId::parse("m1-1-1"),
                                    .attempt = 1,
                                    .name = "m1-1-1.desk.localhost",
                                    .address = "127.0.0.1",
                                    .instance = *domain::InstanceId::parse("i-1")});
    EXPECT_TRUE(seen);
    return seen ? *seen : domain::Probe{};
  }

  static void answer(SSL_CTX* context, int connection, const std::string& begun) {
    const std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(context), SSL_free);
    // What the test server read already comes first, then the socket.
    BIO* const first = BIO_new_mem_buf(begun.data(), static_cast<int>(begun.size()));
    BIO* const socket = BIO_new_socket(connection, BIO_NOCLOSE);
    BIO_set_mem_eof_return(first, -1);
    SSL_set_bio(ssl.get(), first, socket);
    SSL_set_accept_state(ssl.get());
    int done = SSL_do_handshake(ssl.get());
    if (done != 1 && SSL_get_error(ssl.get(), done) == SSL_ERROR_WANT_READ) {
      SSL_set0_rbio(ssl.get(), BIO_new_socket(connection, BIO_NOCLOSE));
      done = SSL_do_handshake(ssl.get());
    }
    if (done != 1) return;
    std::array<char, 1024> request{};
    if (SSL_read(ssl.get(), request.data(), request.size()) <= 0) return;
    const std::string body = R"({"desktop":"m1-1-1","attempt":1,"screen":true,"connections":0})";
    const auto text =
        fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
    SSL_write(ssl.get(), text.data(), static_cast<int>(text.size()));
    SSL_shutdown(ssl.get());
  }
};

TEST_F(LocalProberTls, CertificateOfOurCaForTheNameIsBelieved) {
  const auto ca = make_identity("CA");
  const auto desktop = make_identity("*.desk.localhost", &ca);
  const auto seen = probe(desktop, pem_of(ca));
  EXPECT_TRUE(seen.answers) << seen.why_not;
  EXPECT_EQ(seen.connections, 0U);
}

TEST_F(LocalProberTls, PinnedCertificateIsBelievedWithoutItsIssuer) {
  const auto ca = make_identity("CA");
  const auto desktop = make_identity("*.desk.localhost", &ca);
  const auto seen = probe(desktop, pem_of(desktop));
  EXPECT_TRUE(seen.answers) << seen.why_not;
}

TEST_F(LocalProberTls, EachCertificateOfTheTextIsBelieved) {
  const auto ca = make_identity("CA");
  const auto desktop = make_identity("*.desk.localhost", &ca);
  const auto seen = probe(desktop, pem_of(make_identity("www.example.org")) + pem_of(ca));
  EXPECT_TRUE(seen.answers) << seen.why_not;
}

TEST_F(LocalProberTls, StrangersCertificateIsNotBelieved) {
  const auto ca = make_identity("CA");
  const auto trusted = pem_of(ca);
  const auto stranger = make_identity("CA");
  for (const auto& identity :
       {make_identity("*.desk.localhost", &stranger), make_identity("*.desk.localhost")}) {
    const auto seen = probe(identity, trusted);
    EXPECT_FALSE(seen.answers);
    EXPECT_EQ(seen.why_not, "its certificate is not good");
    EXPECT_FALSE(probe(identity, trusted, false).answers);
  }
}

TEST_F(LocalProberTls, CertificateForAnotherNameNeedsTheNameUnchecked) {
  const auto other = make_identity("www.example.org");
  const auto trusted = pem_of(other);
  EXPECT_FALSE(probe(other, trusted).answers);
  EXPECT_TRUE(probe(other, trusted, false).answers);
}

TEST_F(LocalProberTls, PlainHttpIsNotBelieved) {
  const auto ca = make_identity("CA");
  TestServer server([](int connection, const std::string&) {
    TestServer::send(connection, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  });
  ProbeOptions options;
  options.port = server.port();
  options.trusted = pem_of(ca);
  LocalProber prober(options,
                     [](const domain::DesktopId&) { return base::Result<std::string>("t"); });
  const auto seen = prober.probe({.desktop = *domain::DesktopId::parse("m1-1-1"),
                                  .attempt = 1,
                                  .name = "m1-1-1.desk.localhost",
                                  .address = "127.0.0.1",
                                  .instance = *domain::InstanceId::parse("i-1")});
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->answers);
  EXPECT_EQ(seen->why_not, "it does not speak TLS");
}

}  // namespace
}  // namespace adapter::localprobe
