// Links and cookies: whatever is accepted is, byte for byte, what we would sign for the same
// fields, under one of our keys and for this purpose alone.

#include <array>

#include "app/ticket.hpp"
#include "fuzz.hpp"

namespace {

const std::vector<base::Secret>& keys() {
  static const std::vector<base::Secret> all{base::Secret(std::string(32, 'n')),
                                             base::Secret(std::string(32, 'o'))};
  return all;
}

constexpr std::array kPurposes{app::Purpose::link, app::Purpose::seat_cookie,
                               app::Purpose::desk_cookie, app::Purpose::organiser_cookie,
                               app::Purpose::probe};

bool is_own(app::Purpose purpose, const std::vector<std::string>& fields, std::string_view ticket) {
  for (std::size_t first = 0; first < keys().size(); ++first) {
    if (app::sign_ticket(purpose,
                         {keys().begin() + static_cast<std::ptrdiff_t>(first), keys().end()},
                         fields) == ticket) {
      return true;
    }
  }
  return false;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto purpose = kPurposes[data[0] % kPurposes.size()];
  const auto ticket = fuzz::as_text(data + 1, size - 1);
  for (std::size_t count = 0; count <= 4; ++count) {
    const auto fields = app::verify_ticket(purpose, keys(), ticket, count);
    if (!fields) {
      CHECK(fields.error().kind == base::ErrorKind::not_found && fields.error().message.empty());
      continue;
    }
    CHECK(fields->size() == count && is_own(purpose, *fields, ticket));
  }
  // What we sign, we accept; with one bit changed, or for another purpose, we do not.
  auto own = app::sign_ticket(purpose, keys(), {"m1", std::to_string(size)});
  CHECK(app::verify_ticket(purpose, keys(), own, 2).has_value());
  const auto other = kPurposes[(data[0] + 1U) % kPurposes.size()];
  CHECK(!app::verify_ticket(other, keys(), own, 2).has_value());
  auto& byte = own[size % own.size()];
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (data[0] % 7U)));
  CHECK(!app::verify_ticket(purpose, keys(), own, 2).has_value());
  return 0;
}
