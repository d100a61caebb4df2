#pragma once
// The few primitives that everything else is made of: SHA-256, HMAC-SHA-256, constant-time
// comparison, and the text forms of bytes. OpenSSL does the work.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace base {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view bytes);
Digest hmac_sha256(const Secret& key, std::string_view bytes);

// True when equal; the time depends on the lengths alone.
bool equal_constant_time(std::string_view left, std::string_view right);

std::string_view as_bytes(const Digest& digest);
std::string to_hex(std::string_view bytes);
// URL-safe base64 without padding (RFC 4648 section 5).
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);
// Lower-case base32 (RFC 4648 alphabet, no padding): what ids are made of.
std::string to_base32(std::string_view bytes);

}  // namespace base
