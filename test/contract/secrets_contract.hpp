#pragma once
// The contract of port::Secrets (the comments of src/port/secrets.hpp), as tests. Every adapter
// runs all of it; secrets_test.cpp names them. Include once per executable.

#include <vector>

#include "port/secrets.hpp"
#include "subject.hpp"

namespace contract {

class SecretsSubject : public World {
 public:
  virtual port::Secrets& secrets() = 0;
  // Makes a newest version of the secret `name`; the former newest one lives on beside it.
  virtual void rotate(const std::string& name) = 0;
  virtual void make_unreadable(const std::string& name) = 0;
};

class SecretsContract : public Contract<SecretsSubject> {
 protected:
  std::vector<std::string> fetch(const std::string& name) {
    std::vector<std::string> versions;
    const auto fetched = subject().secrets().fetch(name);
    EXPECT_TRUE(fetched) << fetched.error().message;
    if (!fetched) return versions;
    for (const auto& version : *fetched) versions.emplace_back(version.reveal());
    return versions;
  }
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SecretsContract);

TEST_P(SecretsContract, FetchedSecretIsThereAndStaysTheSame) {
  subject().rotate("link_key");
  const auto first = fetch("link_key");
  ASSERT_GE(first.size(), 1U);
  EXPECT_FALSE(first.front().empty());
  EXPECT_EQ(fetch("link_key"), first);
}

TEST_P(SecretsContract, RotationPutsTheNewestFirstAndKeepsTheFormer) {
  subject().rotate("link_key");
  const auto before = fetch("link_key");
  ASSERT_GE(before.size(), 1U);
  subject().rotate("link_key");
  subject().pass(5min);  // as old as an answer may be
  const auto after = fetch("link_key");
  ASSERT_EQ(after.size(), 2U);
  EXPECT_NE(after[0], before[0]);
  EXPECT_EQ(after[1], before[0]);
}

TEST_P(SecretsContract, SecretsDoNotMix) {
  subject().rotate("link_key");
  subject().rotate("session_key");
  EXPECT_NE(fetch("link_key"), fetch("session_key"));
}

TEST_P(SecretsContract, UnknownNamesAreNotFound) {
  for (const auto* name : {"no_such_secret", "", "../link_key", "LINK_KEY", "link_key/", "."}) {
    const auto fetched = subject().secrets().fetch(name);
    ASSERT_FALSE(fetched) << name;
    EXPECT_EQ(fetched.error().kind, ErrorKind::not_found) << name;
  }
}

TEST_P(SecretsContract, UnreadableSecretIsDeniedAndItsErrorSaysNothingOfIt) {
  subject().rotate("link_key");
  const auto value = fetch("link_key").front();
  subject().make_unreadable("link_key");
  subject().pass(5min);
  const auto fetched = subject().secrets().fetch("link_key");
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind, ErrorKind::denied);
  EXPECT_EQ(fetched.error().message.find(value), std::string::npos);
  EXPECT_EQ(fetched.error().detail.find(value), std::string::npos);
}

}  // namespace contract
