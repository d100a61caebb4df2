#include "base/crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/check.hpp"

namespace base {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string to_base(std::string_view bytes, std::string_view alphabet, unsigned bits) {
  std::string text;
  std::uint32_t buffer = 0;
  unsigned have = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8U) | static_cast<unsigned char>(c);
    have += 8;
    while (have >= bits) {
      have -= bits;
      text += alphabet[(buffer >> have) & ((1U << bits) - 1U)];
    }
  }
  if (have > 0) text += alphabet[(buffer << (bits - have)) & ((1U << bits) - 1U)];
  return text;
}

}  // namespace

Secret::~Secret() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

Digest sha256(std::string_view bytes) {
  Digest digest{};
  SHA256(data_of(bytes), bytes.size(), digest.data());
  return digest;
}

Digest hmac_sha256(const Secret& key, std::string_view bytes) {
  Digest digest{};
  unsigned int size = 0;
  const auto* made = HMAC(EVP_sha256(), key.reveal().data(), static_cast<int>(key.reveal().size()),
                          data_of(bytes), bytes.size(), digest.data(), &size);
  CHECK(made != nullptr && size == digest.size());
  return digest;
}

bool equal_constant_time(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string_view as_bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

std::string to_base64url(std::string_view bytes) {
  return to_base(bytes, kBase64, 6);
}
std::string to_base32(std::string_view bytes) {
  return to_base(bytes, kBase32, 5);
}

std::optional<std::string> from_base64url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  std::uint32_t buffer = 0;
  unsigned have = 0;
  for (const char c : text) {
    const auto value = kBase64.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    buffer = (buffer << 6U) | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      bytes += static_cast<char>((buffer >> have) & 255U);
    }
  }
  // Only the canonical form: a second spelling of one token would be a second token.
  if ((buffer & ((1U << have) - 1U)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace base
