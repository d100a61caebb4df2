// SECURITY row 24: the local CA can vouch for the configured hosts and for nothing else, its key is
// private, and trusting it can be undone. Judged by the openssl and certutil programs, not by us.
#include "bin/certs.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "adapter/system/clock.hpp"
#include "integration/cli_support.hpp"

namespace {

using cli::run;

class Certs : public testing::Test {
 protected:
  cli::Output howdah(std::vector<std::string> words) const {
    words.insert(words.begin(), HOWDAH_BINARY);
    words.insert(words.end(), {"--state", folder_ / "state"});
    return run(words, {{"HOME", folder_ / "home"}});
  }
  std::string cert(const std::string& name) const { return folder_ / ("state/certs/" + name); }

  // A certificate for `names` ("DNS:a,IP:b") that this CA's key really signed.
  std::string sign(const std::string& names) const {
    const auto request = folder_ / "evil.csr";
    const auto made = folder_ / "evil.pem";
    cli::write_file(folder_ / "evil.ext", "subjectAltName=" + names + "\n");
    EXPECT_EQ(run({"openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                   "-nodes", "-keyout", folder_ / "evil.key", "-subj", "/CN=evil", "-out", request})
                  .code,
              0);
    EXPECT_EQ(run({"openssl", "x509", "-req", "-in", request, "-CA", cert("ca.pem"), "-CAkey",
                   cert("ca.key"), "-CAcreateserial", "-CAserial", folder_ / "serial", "-days",
                   "30", "-extfile", folder_ / "evil.ext", "-out", made})
                  .code,
              0);
    return made;
  }
  cli::Output verify(const std::string& path, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"openssl",   "verify",  "-purpose",
                                   "sslserver", "-CAfile", cert("ca.pem")};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(path);
    return run(words);
  }

  cli::Folder folder_;
};

TEST_F(Certs, sec_24_TheAuthorityIsRefusedForAnyOtherSite) {
  ASSERT_EQ(howdah({"certs", "local"}).code, 0);
  for (const auto* names :
       {"DNS:example.com", "DNS:localhost.example.com", "DNS:*.example.com", "IP:10.0.0.1",
        "IP:2001:db8::1", "DNS:a.desk.localhost,DNS:example.com", "email:a@example.com"}) {
    const auto result = verify(sign(names));
    EXPECT_NE(result.code, 0) << names;
    const auto said = result.out + result.err;
    EXPECT_TRUE(said.find("subtree violation") != std::string::npos) << names << ": " << said;
  }
  EXPECT_EQ(verify(sign("DNS:x.desk.localhost")).code, 0) << "the method itself works";
}

TEST_F(Certs, sec_24_TheCertificateHoldsForThePublicHostAndEveryDesktop) {
  const auto made = howdah({"certs", "local", "--host", "howdah.example.org"});
  ASSERT_EQ(made.code, 0) << made.err;
  for (const auto* name : {"localhost", "m1-1-1.desk.localhost", "howdah.example.org"}) {
    EXPECT_EQ(verify(cert("leaf.pem"), {"-verify_hostname", name}).code, 0) << name;
  }
  EXPECT_EQ(verify(cert("leaf.pem"), {"-verify_ip", "127.0.0.1"}).code, 0);
  for (const auto* name : {"example.org", "a.b.desk.localhost", "desk.localhost.example"}) {
    EXPECT_NE(verify(cert("leaf.pem"), {"-verify_hostname", name}).code, 0) << name;
  }
}

TEST_F(Certs, sec_24_KeysArePrivateAndTheConstraintsCritical) {
  ASSERT_EQ(howdah({"certs", "local"}).code, 0);
  for (const auto* name : {"ca.key", "leaf.key"}) {
    struct stat status{};
    ASSERT_EQ(::stat(cert(name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U) << name;
  }
  const auto text = run({"openssl", "x509", "-in", cert("ca.pem"), "-noout", "-text"}).out;
  EXPECT_NE(text.find("X509v3 Name Constraints: critical"), std::string::npos) << text;
  EXPECT_NE(text.find("pathlen:0"), std::string::npos);
}

TEST_F(Certs, ASecondRunKeepsTheAuthorityUnlessTheHostsChanged) {
  ASSERT_EQ(howdah({"certs", "local"}).code, 0);
  const auto ca = cli::read_file(cert("ca.pem"));
  const auto leaf = cli::read_file(cert("leaf.pem"));
  ASSERT_EQ(howdah({"certs", "local"}).code, 0);
  EXPECT_EQ(cli::read_file(cert("ca.pem")), ca);
  EXPECT_NE(cli::read_file(cert("leaf.pem")), leaf);
  ASSERT_EQ(howdah({"certs", "local", "--host", "other.example"}).code, 0);
  EXPECT_NE(cli::read_file(cert("ca.pem")), ca);
}

// A renewal is not a change: what trusts the CA goes on to, and nobody has to remember the hosts.
TEST_F(Certs, ARunWithoutHostsKeepsThoseOfBefore) {
  ASSERT_EQ(howdah({"certs", "local", "--host", "howdah.example.org"}).code, 0);
  const auto ca = cli::read_file(cert("ca.pem"));
  const auto leaf = cli::read_file(cert("leaf.pem"));
  const auto again = howdah({"certs", "local"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_NE(again.out.find("howdah.example.org"), std::string::npos) << again.out;
  EXPECT_EQ(cli::read_file(cert("ca.pem")), ca);
  EXPECT_NE(cli::read_file(cert("leaf.pem")), leaf);
  EXPECT_EQ(verify(cert("leaf.pem"), {"-verify_hostname", "howdah.example.org"}).code, 0);
  // A host that is configured since and that it can't vouch for needs a new one.
  cli::write_file(folder_ / "howdah.toml", "[server]\npublic_url = \"https://new.example\"\n");
  ASSERT_EQ(howdah({"certs", "local", "--config", folder_ / "howdah.toml"}).code, 0);
  EXPECT_NE(cli::read_file(cert("ca.pem")), ca);
  EXPECT_EQ(verify(cert("leaf.pem"), {"-verify_hostname", "new.example"}).code, 0);
}

TEST_F(Certs, sec_24_TrustReachesSystemAndBrowsersAndUntrustUndoesIt) {
  ASSERT_EQ(howdah({"certs", "local"}).code, 0);
  const auto system = folder_ / "system";
  const auto nss = folder_ / "home/.pki/nssdb";
  const auto list = [&] { return run({"certutil", "-d", "sql:" + nss, "-L"}).out; };
  const auto trusted = howdah({"certs", "trust", "--system", system});
  ASSERT_EQ(trusted.code, 0) << trusted.err;
  const auto files = run({"ls", system}).out;
  EXPECT_EQ(cli::read_file(system + "/" + files.substr(0, files.find('\n'))),
            cli::read_file(cert("ca.pem")));
  EXPECT_NE(list().find("howdah-local-"), std::string::npos);
  EXPECT_NE(list().find("C,,"), std::string::npos) << "for servers only: " << list();
  EXPECT_EQ(howdah({"certs", "trust", "--system", system}).code, 0) << "a second time";
  ASSERT_EQ(howdah({"certs", "untrust", "--system", system}).code, 0);
  EXPECT_EQ(run({"ls", system}).out, "");
  EXPECT_EQ(list().find("howdah-local-"), std::string::npos);
  EXPECT_EQ(howdah({"certs", "untrust", "--system", system}).code, 0) << "a second time";
}

// An authority that was replaced meanwhile could vouch for ten years.
TEST_F(Certs, sec_24_UntrustTakesBackEveryAuthorityThatWasTrusted) {
  const auto system = folder_ / "system";
  const auto nss = folder_ / "home/.pki/nssdb";
  const auto list = [&] { return run({"certutil", "-d", "sql:" + nss, "-L"}).out; };
  const auto files = [&] { return run({"ls", system}).out; };
  ASSERT_EQ(howdah({"certs", "local"}).code, 0);
  for (const std::string host : {"first.example", "second.example"}) {
    ASSERT_EQ(howdah({"certs", "local", "--host", host}).code, 0);
    for (int time = 0; time < 2; ++time) {
      ASSERT_EQ(howdah({"certs", "trust", "--system", system}).code, 0) << host;
    }
  }
  const auto remembered = cli::read_file(cert("trusted"));
  EXPECT_EQ(std::count(remembered.begin(), remembered.end(), '\n'), 4)
      << "two, in two folders: " << remembered;
  const auto trusted = files();
  EXPECT_EQ(std::count(trusted.begin(), trusted.end(), '\n'), 2) << trusted;
  // The last one is trusted by nobody.
  ASSERT_EQ(howdah({"certs", "local", "--host", "third.example"}).code, 0);
  const auto browsers = howdah({"certs", "untrust", "--system", ""});
  EXPECT_EQ(browsers.code, 0) << browsers.err;
  EXPECT_NE(browsers.err.find("may still be trusted in " + system), std::string::npos);
  EXPECT_EQ(files(), trusted);
  const auto undone = howdah({"certs", "untrust", "--system", system});
  EXPECT_EQ(undone.code, 0) << undone.err;
  EXPECT_EQ(undone.err, "");
  EXPECT_EQ(files(), "");
  EXPECT_EQ(list().find("howdah-local-"), std::string::npos) << list();
  EXPECT_EQ(run({"ls", cert("trusted")}).code, 2) << "nothing is left to take back";
}

TEST_F(Certs, sec_24_WhatCannotBeTakenBackIsSaidAndRemembered) {
  const auto system = folder_ / "system";
  ASSERT_EQ(howdah({"certs", "local"}).code, 0);
  ASSERT_EQ(howdah({"certs", "trust", "--system", system}).code, 0);
  const auto database = folder_ / "home/.pki/nssdb/cert9.db";
  ASSERT_EQ(run({"cp", database, folder_ / "kept"}).code, 0);
  cli::write_file(database, "no database");
  EXPECT_NE(howdah({"certs", "untrust", "--system", system}).code, 0);
  ASSERT_EQ(run({"cp", folder_ / "kept", database}).code, 0);
  EXPECT_NE(cli::read_file(cert("trusted")), "");
  EXPECT_EQ(howdah({"certs", "untrust", "--system", system}).code, 0);
  EXPECT_EQ(run({"ls", cert("trusted")}).code, 2) << "nothing is left to take back";
}

TEST_F(Certs, sec_24_NoNameOfAnotherFileIsTakenForAnAuthority) {
  ASSERT_EQ(howdah({"certs", "local"}).code, 0);
  const auto system = folder_ / "system";
  ASSERT_EQ(run({"mkdir", system}).code, 0);
  cli::write_file(folder_ / "other.crt", "somebody's");
  cli::write_file(cert("trusted"), "../other\n");
  ASSERT_EQ(run({"chmod", "600", cert("trusted")}).code, 0);
  EXPECT_NE(howdah({"certs", "untrust", "--system", system}).code, 0);
  EXPECT_EQ(cli::read_file(folder_ / "other.crt"), "somebody's");
}

// The CA and the browsers' database are the user's: sudo is asked for the system's folder alone.
TEST_F(Certs, sec_24_WhoMayNotChangeTheSystemAsksSudoForThatAlone) {
  ASSERT_EQ(howdah({"certs", "local"}).code, 0);
  const auto system = folder_ / "system";
  ASSERT_EQ(run({"mkdir", "-m", "0555", system, folder_ / "bin"}).code, 0);
  ASSERT_EQ(run({"chmod", "0755", folder_ / "bin"}).code, 0);
  cli::write_file(folder_ / "bin/sudo", "#!/bin/sh\necho \"$@\" >> " + (folder_ / "asked") + "\n");
  ASSERT_EQ(run({"chmod", "0755", folder_ / "bin/sudo"}).code, 0);
  std::vector<std::string> words{HOWDAH_BINARY,     "certs",    "trust", "--state",
                                 folder_ / "state", "--system", system};
  if (::geteuid() == 0) words.insert(words.begin(), {"setpriv", "--bounding-set", "-all"});
  const auto trusted =
      run(words, {{"HOME", folder_ / "home"}, {"PATH", (folder_ / "bin") + ":/usr/bin:/bin"}});
  EXPECT_EQ(trusted.code, 0) << trusted.err;
  const auto asked = cli::read_file(folder_ / "asked");
  EXPECT_TRUE(asked.starts_with("install -D -m 0644 " + cert("ca.pem") + " " + system)) << asked;
  EXPECT_EQ(std::count(asked.begin(), asked.end(), '\n'), 1) << asked;
  EXPECT_NE(run({"certutil", "-d", "sql:" + (folder_ / "home/.pki/nssdb"), "-L"})
                .out.find("howdah-local-"),
            std::string::npos);
}

TEST_F(Certs, TrustWithoutAnAuthoritySaysHowToMakeOne) {
  const auto result = howdah({"certs", "trust", "--system", folder_ / "system"});
  EXPECT_EQ(result.code, 3);
  EXPECT_NE(result.err.find("howdah certs local"), std::string::npos) << result.err;
  EXPECT_NE(howdah({"certs", "local", "--host", "not a host"}).code, 0);
}

}  // namespace
