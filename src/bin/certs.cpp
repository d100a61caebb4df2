// Making certificates, with OpenSSL.
#include "bin/certs.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>

#include "base/crypto.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;

template <class T, void (*release)(T*)>
struct Releaser {
  void operator()(T* object) const { release(object); }
};
using Certificate = std::unique_ptr<X509, Releaser<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY, EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Releaser<BIO, BIO_free_all>>;

tl::unexpected<base::Error> openssl_failed(const char* what) {
  return fail(ErrorKind::internal, fmt::format("OpenSSL can't {}", what));
}

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

bool is_address(const std::string& text) {
  in6_addr bytes{};
  return ::inet_pton(AF_INET, text.c_str(), &bytes) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &bytes) == 1;
}

bool is_name(const std::string& text) {
  const auto name = text.starts_with("*.") ? text.substr(2) : text;
  return !name.empty() && name.size() <= 253 && name.find("..") == std::string::npos &&
         name.front() != '.' && name.back() != '.' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string::npos;
}

template <class List>
void add_once(List& list, const std::string& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

base::Result<> add_host(CertHosts& hosts, std::string host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (is_address(host)) {
    add_once(hosts.addresses, host);
  } else if (is_name(host)) {
    add_once(hosts.names, host);
  } else {
    return fail(ErrorKind::invalid, fmt::format("{} is neither a DNS name nor an address", host));
  }
  return {};
}

// The extension text "IP:..." of a name constraint: one address and its full mask.
std::string only_address(const std::string& address) {
  const bool v6 = address.find(':') != std::string::npos;
  return fmt::format("permitted;IP:{}/{}", address,
                     v6 ? "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" : "255.255.255.255");
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

// Names and addresses that are not permitted are thereby refused; a type without any permitted
// entry would be free, so there is always one of each that hurts nobody.
std::string constraints(const CertHosts& hosts) {
  std::vector<std::string> parts{"critical", "permitted;email:localhost", "permitted;DNS:localhost",
                                 only_address("127.0.0.1"), only_address("::1")};
  for (const auto& name : hosts.names) {
    add_once(parts, "permitted;DNS:" + (name.starts_with("*.") ? name.substr(2) : name));
  }
  for (const auto& address : hosts.addresses) add_once(parts, only_address(address));
  return join(parts);
}

std::string alternative_names(const CertHosts& hosts) {
  std::vector<std::string> parts{"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  for (const auto& name : hosts.names) add_once(parts, "DNS:" + name);
  for (const auto& address : hosts.addresses) add_once(parts, "IP:" + address);
  return join(parts);
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool set_name(X509* certificate, const std::string& name) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(name.c_str());
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, bytes,
                                    -1, -1, 0) == 1;
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7f;
  auto* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  const bool set = number != nullptr &&
                   BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return set;
}

bool set_times(X509* certificate, base::Timestamp now, int days) {
  // An hour back: clocks of other devices differ.
  auto seconds = static_cast<time_t>(base::to_unix_ms(now) / 1000);
  return X509_time_adj_ex(X509_getm_notBefore(certificate), 0, -3600, &seconds) != nullptr &&
         X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, &seconds) != nullptr;
}

base::Result<Issued> to_pem(X509* certificate, EVP_PKEY* key) {
  const Bio public_part(BIO_new(BIO_s_mem()));
  const Bio private_part(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_X509(public_part.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(private_part.get(), key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return openssl_failed("write a certificate");
  }
  return Issued{text_of(public_part.get()), base::Secret(text_of(private_part.get()))};
}

Certificate read_certificate(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

}  // namespace

std::optional<CertificateFiles> certificate_files(const Config& config, const StateFolder& state) {
  const auto& server = config.server;
  if (!server.tls_certificate.empty()) {
    return CertificateFiles{server.tls_certificate, server.tls_key, server.tls_certificate};
  }
  const auto folder = state.certs();
  std::error_code error;
  if (!std::filesystem::exists(folder + "/leaf.pem", error)) return std::nullopt;
  return CertificateFiles{folder + "/leaf.pem", folder + "/leaf.key", folder + "/ca.pem"};
}

base::Result<CertHosts> cert_hosts(const Config& config, const std::vector<std::string>& more) {
  CertHosts hosts;
  const auto listen = TRY(split_listen(config.server.listen));
  if (listen.first != "0.0.0.0" && listen.first != "::") TRY(add_host(hosts, listen.first));
  TRY(add_host(hosts, config.server.desktop_domain));
  TRY(add_host(hosts, "*." + config.server.desktop_domain));
  if (!config.server.public_url.empty()) {
    const auto server = TRY(parse_server_url(config.server.public_url));
    const auto end = server.host.ends_with(']') ? std::string::npos : server.host.rfind(':');
    TRY(add_host(hosts, server.host.substr(0, end)));
  }
  for (const auto& host : more) TRY(add_host(hosts, host));
  return hosts;
}

base::Result<Issued> make_authority(const CertHosts& hosts, base::Timestamp now) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate) return openssl_failed("make a key");
  auto* ca = certificate.get();
  std::array<unsigned char, 4> mark{};
  if (RAND_bytes(mark.data(), static_cast<int>(mark.size())) != 1) {
    return openssl_failed("draw a number");
  }
  const std::string_view bytes(reinterpret_cast<const char*>(mark.data()), mark.size());
  const bool made = X509_set_version(ca, X509_VERSION_3) == 1 && set_serial(ca) &&
                    set_times(ca, now, kCaDays) &&
                    set_name(ca, "Howdah local CA " + base::to_hex(bytes)) &&
                    X509_set_issuer_name(ca, X509_get_subject_name(ca)) == 1 &&
                    X509_set_pubkey(ca, key.get()) == 1 &&
                    add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(ca, ca, NID_ext_key_usage, "serverAuth") &&
                    add_extension(ca, ca, NID_name_constraints, constraints(hosts)) &&
                    add_extension(ca, ca, NID_subject_key_identifier, "hash") &&
                    X509_sign(ca, key.get(), EVP_sha256()) != 0;
  if (!made) return openssl_failed("make a CA");
  return to_pem(ca, key.get());
}

base::Result<Issued> make_certificate(const CertHosts& hosts, const Issued& authority,
                                      base::Timestamp now) {
  const auto issuer = read_certificate(authority.certificate);
  const auto secret = authority.key.reveal();
  const Bio bio(BIO_new_mem_buf(secret.data(), static_cast<int>(secret.size())));
  const Key issuer_key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!issuer || !issuer_key || !key || !certificate) return openssl_failed("read the CA");
  auto* leaf = certificate.get();
  const bool made =
      X509_set_version(leaf, X509_VERSION_3) == 1 && set_serial(leaf) &&
      set_times(leaf, now, kLeafDays) && set_name(leaf, "Howdah") &&
      X509_set_issuer_name(leaf, X509_get_subject_name(issuer.get())) == 1 &&
      X509_set_pubkey(leaf, key.get()) == 1 &&
      add_extension(leaf, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(leaf, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
      add_extension(leaf, issuer.get(), NID_ext_key_usage, "serverAuth") &&
      add_extension(leaf, issuer.get(), NID_subject_alt_name, alternative_names(hosts)) &&
      add_extension(leaf, issuer.get(), NID_authority_key_identifier, "keyid:always") &&
      X509_sign(leaf, issuer_key.get(), EVP_sha256()) != 0;
  if (!made) return openssl_failed("make a certificate");
  return to_pem(leaf, key.get());
}

base::Result<std::string> fingerprint(const std::string& pem) {
  const auto certificate = read_certificate(pem);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (!certificate || X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1) {
    return openssl_failed("read the CA");
  }
  return base::to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace bin
