// HTTPS: the same server over TLS, its certificate read again while it runs, and peers that never
// finish their handshake (SECURITY row 22).

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>

#include "integration/http_house.hpp"

namespace test {
namespace {

// A self-signed certificate for `name` in two PEM files.
host::http::Tls make_certificate(const std::string& folder, const char* name) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  EXPECT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
  const host::http::Tls files{folder + "/cert.pem", folder + "/key.pem"};
  FILE* out = std::fopen(files.certificate_file.c_str(), "w");
  PEM_write_X509(out, certificate.get());
  std::fclose(out);
  out = std::fopen(files.key_file.c_str(), "w");
  PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(out);
  return files;
}

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int version_max = TLS1_3_VERSION)
      : http_(port),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        tls_(nullptr, SSL_free) {
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
    tls_.reset(SSL_new(context_.get()));
    SSL_set_fd(tls_.get(), http_.fd());
    connected_ = SSL_connect(tls_.get()) == 1;
  }
  bool connected() const { return connected_; }
  // The name in the server's certificate.
  std::string peer() const {
    const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(tls_.get()),
                                                             X509_free);
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                              sizeof name);
    return name;
  }
  // Whether all of it was taken.
  bool send(const std::string& bytes) {
    return SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
           static_cast<int>(bytes.size());
  }
  // The server says that nothing more comes. A reset is not that.
  bool ends() {
    char byte = 0;
    return ::recv(http_.fd(), &byte, 1, 0) == 0;
  }
  std::string call(const std::string& request, std::string_view until) {
    send(request);
    return read(until);
  }
  std::string read(std::string_view until) {
    std::string all;
    char bytes[4096];
    while (all.find(until) == std::string::npos) {
      const int got = SSL_read(tls_.get(), bytes, sizeof bytes);
      if (got <= 0) return all;
      all.append(bytes, static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  HttpClient http_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_;
  bool connected_ = false;
};

class HttpTls : public testing::Test {
 protected:
  HttpTls() {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets whose peer is gone
    char pattern[] = "/tmp/howdah-tls-XXXXXX";
    folder = ::mkdtemp(pattern);
    config.tls = make_certificate(folder, "first");
    config.public_url = "https://127.0.0.1:0";
    config.limits.handshake_time = 300ms;
    house = std::make_unique<HttpHouse>(config);
  }
  ~HttpTls() override {
    std::remove((folder + "/cert.pem").c_str());
    std::remove((folder + "/key.pem").c_str());
    ::rmdir(folder.c_str());
  }

  std::string folder;
  host::http::ServerConfig config;
  std::unique_ptr<HttpHouse> house;
};

TEST_F(HttpTls, ServesPagesEventsAndLinksOverHttps) {
  EXPECT_TRUE(house->server->public_origin().starts_with("https://127.0.0.1:"));
  TlsClient client(house->port);
  ASSERT_TRUE(client.connected());
  for (int i = 0; i < 3; ++i) {  // one connection, several requests
    EXPECT_NE(client.call(HttpClient::request("GET", "/", house->host), "organiser").find("200 OK"),
              std::string::npos);
  }
  const auto meeting = house->book();
  const auto shown = client.call(HttpClient::request("GET", "/v1/meetings/" + meeting.id.text(),
                                                     house->host, house->with_key()),
                                 "]}");
  EXPECT_NE(shown.find("\"link\":\"https://" + house->host), std::string::npos) << shown;
  // One for localhost would bind every other program that serves there (SECURITY row 24).
  EXPECT_EQ(shown.find("Strict-Transport-Security"), std::string::npos);
  TlsClient events(house->port);
  const auto head = events.call(
      HttpClient::request("GET", "/v1/join/" + meeting.seats[0].id.text() + "/events", house->host,
                          {{"Cookie", house->seat_cookie(meeting.seats[0])}}),
      "event: status");
  EXPECT_NE(head.find("event: status"), std::string::npos);
}

// A client that sends all of its request before it reads: a reset would take the answer away.
TEST_F(HttpTls, ARefusalIsReadByWhoStillSends) {
  const std::string request = HttpClient::request("POST", "/v1/login", house->host, {},
                                                  std::string(std::size_t{200} * 1024, 'x'));
  for (int i = 0; i < 20; ++i) {
    TlsClient client(house->port);
    ASSERT_TRUE(client.connected());
    EXPECT_TRUE(client.send(request)) << i;
    const auto answer = client.read("too large");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << i << ": " << answer;
    EXPECT_TRUE(client.ends()) << i;
  }
}

TEST_F(HttpTls, NewCertificateIsUsedWithoutARestart) {
  const TlsClient before(house->port);
  ASSERT_TRUE(before.connected());
  EXPECT_EQ(before.peer(), "first");
  make_certificate(folder, "second");
  EXPECT_TRUE(house->server->reload_certificate());
  std::string name;
  for (const auto until = std::chrono::steady_clock::now() + 10s;
       name != "second" && std::chrono::steady_clock::now() < until;) {
    name = TlsClient(house->port).peer();
  }
  EXPECT_EQ(name, "second");
  // A key that does not fit is refused, and the old certificate stays.
  std::remove((folder + "/key.pem").c_str());
  EXPECT_FALSE(house->server->reload_certificate());
  EXPECT_EQ(TlsClient(house->port).peer(), "second");
}

TEST_F(HttpTls, OldProtocolsAreRefused) {
  EXPECT_FALSE(TlsClient(house->port, TLS1_1_VERSION).connected());
  EXPECT_TRUE(TlsClient(house->port, TLS1_2_VERSION).connected());
}

TEST_F(HttpTls, sec_22_HalfOpenHandshakesAreClosedAndOthersServed) {
  std::vector<std::unique_ptr<HttpClient>> half_open;
  for (int i = 0; i < 50; ++i) {
    half_open.push_back(std::make_unique<HttpClient>(house->port));
    half_open.back()->send(std::string("\x16\x03\x01\x02\x00", 5));
  }
  HttpClient plain(house->port);
  plain.send("GET / HTTP/1.1\r\n\r\n");
  TlsClient client(house->port);
  ASSERT_TRUE(client.connected());
  EXPECT_NE(client.call(HttpClient::request("GET", "/healthz", house->host), "ok\n").find("200"),
            std::string::npos);
  for (const auto& one : half_open) EXPECT_TRUE(one->closed_within(5s));
  EXPECT_TRUE(plain.closed_within(5s));
}

}  // namespace
}  // namespace test
