#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

namespace base {
namespace {

TEST(Time, OffsetIsHonoured) {
  const auto time = parse_rfc3339("2026-12-01T09:00:00+01:00");
  ASSERT_TRUE(time);
  EXPECT_EQ(to_rfc3339(*time), "2026-12-01T08:00:00Z");
  EXPECT_EQ(to_rfc3339(*parse_rfc3339("2026-12-01T09:00:00.25-05:30")), "2026-12-01T14:30:00.250Z");
}

TEST(Time, MalformedInstantsAreRefused) {
  for (const auto* text : {"", "2026-12-01", "2026-12-01T09:00:00", "2026-13-01T09:00:00Z",
                           "2026-02-30T09:00:00Z", "2026-12-01T24:00:00Z", "2026-12-01T09:00:00Zx",
                           "2026-12-01T09:00:00+1:00", "2026-12-01T09:00:00.Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Time, DurationsReadAndWriteTheSame) {
  for (const auto* text : {"10m", "1h30m", "500ms", "90d", "1s250ms"}) {
    const auto duration = parse_duration(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(to_text(*duration), text);
  }
  for (const auto* text : {"", "10", "m", "-5m", "5x", "99999999999999999999d", "1.5h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Text, NamesRefuseWhatDeceives) {
  EXPECT_TRUE(check_name("Ada Lovelace", 20, "name"));
  EXPECT_TRUE(check_name("Zo\xC3\xAB \xF0\x9F\x90\x98", 20, "name"));
  for (const std::string& text :
       {std::string(""), std::string("a\nb"), std::string("a\x1b[0m"),
        std::string("a\xE2\x80\xAE"
                    "b"),
        std::string("\xC3\x28"), std::string("\xED\xA0\x80"), std::string("a\0b", 3),
        std::string(" a"), std::string(21, 'x')}) {
    const auto result = check_name(text, 20, "name");
    ASSERT_FALSE(result) << to_hex(text);
    EXPECT_EQ(result.error().field, "name");
  }
}

TEST(Text, CallUrlIsHttpsOnly) {
  EXPECT_TRUE(check_https_url("https://meet.example.org/room?x=1#a", "call_url"));
  for (const auto* text : {"javascript:alert(1)", "http://a.example", "https://", "https://a b",
                           "https://user@host/", "https://ho\"st/", "HTTPS://a.example"}) {
    EXPECT_FALSE(check_https_url(text, "call_url")) << text;
  }
}

TEST(Text, Emails) {
  EXPECT_TRUE(check_email("ada@example.org", "email"));
  for (const auto* text : {"", "ada", "@example.org", "ada@", "ada@example", "a b@example.org",
                           "ada@exa..mple.org", "ada@example.org.", "<ada@example.org>"}) {
    EXPECT_FALSE(check_email(text, "email")) << text;
  }
}

TEST(Crypto, Base64UrlHasOneSpelling) {
  EXPECT_EQ(to_base64url("\xff\xfe\xfd"), "__79");
  EXPECT_EQ(from_base64url("__79"), "\xff\xfe\xfd");
  EXPECT_EQ(from_base64url(to_base64url("a")), "a");
  EXPECT_FALSE(from_base64url("YR"));  // padding bits set: not canonical
  EXPECT_FALSE(from_base64url("A"));
  EXPECT_FALSE(from_base64url("a+b="));
}

TEST(Crypto, HmacKnownAnswer) {  // RFC 4231, case 2
  EXPECT_EQ(to_hex(as_bytes(hmac_sha256(Secret("Jefe"), "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Crypto, HmacKnownAnswerForALongKey) {  // RFC 4231, case 6
  EXPECT_EQ(to_hex(as_bytes(hmac_sha256(Secret(std::string(131, '\xaa')),
                                        "Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace base
