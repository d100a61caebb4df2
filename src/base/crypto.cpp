#include "base/crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "base/check.hpp"

namespace base {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";

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

// OpenSSL's one-call functions look their algorithm up each time, which takes longer than the
// digest of a short text.
struct Sha256 {
  Sha256() : kind(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context(EVP_MD_CTX_new()) {
    CHECK(kind != nullptr && context != nullptr);
  }
  ~Sha256() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(kind);
  }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  Digest of(std::initializer_list<std::string_view> parts) const {
    Digest digest{};
    bool good = EVP_DigestInit_ex(context, kind, nullptr) == 1;
    for (const auto part : parts) {
      good = good && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
    }
    CHECK(good && EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1);
    return digest;
  }

  EVP_MD* kind;
  EVP_MD_CTX* context;
};

const Sha256& this_threads_sha256() {
  thread_local const Sha256 mine;
  return mine;
}

}  // namespace

Secret::~Secret() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

Digest sha256(std::string_view bytes) {
  return this_threads_sha256().of({bytes});
}

Digest hmac_sha256(const Secret& key, std::string_view bytes) {
  // RFC 2104.
  constexpr std::size_t kBlockBytes = 64;
  const auto& sha256 = this_threads_sha256();
  std::array<char, kBlockBytes> padded{};
  if (key.reveal().size() > kBlockBytes) {
    const auto hashed = sha256.of({key.reveal()});
    std::copy(hashed.begin(), hashed.end(), padded.begin());
  } else {
    std::copy(key.reveal().begin(), key.reveal().end(), padded.begin());
  }
  const auto flip = [&](unsigned char with) {
    for (char& c : padded) c = static_cast<char>(static_cast<unsigned char>(c) ^ with);
    return std::string_view(padded.data(), padded.size());
  };
  const auto inner = sha256.of({flip(0x36), bytes});
  const auto outer = sha256.of({flip(0x36 ^ 0x5c), as_bytes(inner)});
  OPENSSL_cleanse(padded.data(), padded.size());
  return outer;
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
