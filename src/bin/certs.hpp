#pragma once
// HTTPS for one machine without any account: a CA of our own that can vouch for nothing but the
// configured hosts (critical name constraints, SECURITY row 24), and a certificate by it for the
// public host and every desktop. Trusting it, and undoing that, are commands of their own.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "bin/config.hpp"
#include "bin/state.hpp"

namespace bin {

struct CertificateFiles {
  std::string certificate;  // PEM, the whole chain
  std::string key;
  std::string authority;  // PEM that our own clients trust: the CA, or the certificate itself
};

// The configured certificate, else the local one when it was made; nothing: no TLS.
std::optional<CertificateFiles> certificate_files(const Config& config, const StateFolder& state);

// What a local CA may vouch for.
struct CertHosts {
  std::vector<std::string> names;      // DNS names; "*.desk.localhost" for desktops
  std::vector<std::string> addresses;  // IPv4 and IPv6
};
// From listen address, public URL, desktop domain, and `more`. invalid: not a host.
base::Result<CertHosts> cert_hosts(const Config& config, const std::vector<std::string>& more);

struct Issued {
  std::string certificate;  // PEM
  base::Secret key;         // PEM
};
constexpr int kCaDays = 3650;
constexpr int kLeafDays = 397;  // browsers take no longer ones
base::Result<Issued> make_authority(const CertHosts& hosts, base::Timestamp now);
base::Result<Issued> make_certificate(const CertHosts& hosts, const Issued& authority,
                                      base::Timestamp now);
// Hex of SHA-256 of a PEM certificate's DER form.
base::Result<std::string> fingerprint(const std::string& pem);

// Runs a program by its argument list; what it complains of is told unless `quiet`. Answers its
// exit code (127: not there).
int run_program(const std::vector<std::string>& words, bool quiet = false);

}  // namespace bin
