// What every KeyStore promises, run on each of them.

#include "store_makers.hpp"

namespace {

using base::ErrorKind;
using namespace std::chrono_literals;

template <class Maker>
class KeyStoreContract : public ::testing::Test {
 protected:
  static domain::PrincipalId principal(const std::string& name) {
    return *domain::PrincipalId::parse(name);
  }
  static port::ApiKey key(const std::string& name, const std::string& hash) {
    return {principal(name), hash, {port::Scope::book, port::Scope::operate}, now, std::nullopt};
  }

  static constexpr base::Timestamp now = base::from_unix_ms(1'796'115'600'000);
  Maker maker;
  port::KeyStore& store = maker.store;
};
TYPED_TEST_SUITE(KeyStoreContract, test::Stores);

TYPED_TEST(KeyStoreContract, AKeyIsFoundByItsHashWithAllOfIt) {
  ASSERT_TRUE(this->store.add_key(this->key("ada", "h1")));
  ASSERT_TRUE(this->store.add_key(this->key("bob", "h2")));
  const auto found = *this->store.find_key("h1");
  EXPECT_EQ(found.principal.text(), "ada");
  EXPECT_EQ(found.hash, "h1");
  EXPECT_EQ(found.scopes, (std::set{port::Scope::book, port::Scope::operate}));
  EXPECT_EQ(found.created_at, this->now);
  EXPECT_FALSE(found.revoked_at);
  EXPECT_EQ(this->store.find_key("h3").error().kind, ErrorKind::not_found);
  EXPECT_EQ(this->store.find_key("").error().kind, ErrorKind::not_found);
}

TYPED_TEST(KeyStoreContract, KeysAreListedByName) {
  for (const char* name : {"bob", "ada", "eve"}) {
    ASSERT_TRUE(this->store.add_key(this->key(name, name)));
  }
  const auto keys = *this->store.keys();
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_EQ(keys[0].principal.text(), "ada");
  EXPECT_EQ(keys[2].principal.text(), "eve");
}

TYPED_TEST(KeyStoreContract, ANameIsNeverUsedAgainEvenWhenRevoked) {
  ASSERT_TRUE(this->store.add_key(this->key("ada", "h1")));
  ASSERT_TRUE(this->store.revoke_key(this->principal("ada"), this->now));
  EXPECT_EQ(this->store.add_key(this->key("ada", "h2")).error().kind, ErrorKind::conflict);
  EXPECT_EQ(this->store.add_key(this->key("bob", "h1")).error().kind, ErrorKind::conflict);
  EXPECT_EQ(this->store.keys()->size(), 1U);
}

TYPED_TEST(KeyStoreContract, RevokingKeepsTheKeyAndTheFirstTime) {
  ASSERT_TRUE(this->store.add_key(this->key("ada", "h1")));
  ASSERT_TRUE(this->store.revoke_key(this->principal("ada"), this->now + 1s));
  ASSERT_TRUE(this->store.revoke_key(this->principal("ada"), this->now + 2s));
  EXPECT_EQ(this->store.find_key("h1")->revoked_at, this->now + 1s);
  EXPECT_EQ(this->store.revoke_key(this->principal("bob"), this->now).error().kind,
            ErrorKind::not_found);
}

TYPED_TEST(KeyStoreContract, ALoginCodeWorksOnce) {
  ASSERT_TRUE(this->store.add_login("c1", this->principal("ada"), this->now + 1h));
  EXPECT_EQ(this->store.take_login("c2", this->now).error().kind, ErrorKind::not_found);
  EXPECT_EQ(this->store.take_login("c1", this->now)->text(), "ada");
  const auto again = this->store.take_login("c1", this->now);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), this->store.take_login("never", this->now).error());
}

TYPED_TEST(KeyStoreContract, ALoginCodeExpires) {
  ASSERT_TRUE(this->store.add_login("c1", this->principal("ada"), this->now + 1h));
  ASSERT_TRUE(this->store.add_login("c2", this->principal("ada"), this->now + 1h + 1ms));
  EXPECT_EQ(this->store.take_login("c1", this->now + 1h).error().kind, ErrorKind::not_found);
  EXPECT_TRUE(this->store.take_login("c2", this->now + 1h));
}

TYPED_TEST(KeyStoreContract, OfLoginCodesThatNobodyTakesTheNewestHundredStay) {
  for (int i = 0; i <= 100; ++i) {
    ASSERT_TRUE(this->store.add_login("c" + std::to_string(i), this->principal("ada"),
                                      this->now + i * 1ms));
  }
  EXPECT_EQ(this->store.take_login("c0", this->now - 1h).error().kind, ErrorKind::not_found);
  EXPECT_TRUE(this->store.take_login("c1", this->now - 1h));
  EXPECT_TRUE(this->store.take_login("c100", this->now - 1h));
}

}  // namespace
