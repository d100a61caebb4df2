#include "domain/backoff.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace domain {

base::Duration backoff(const DesktopId& desktop, base::Duration tried_for, base::Duration base,
                       base::Duration most) {
  const auto added = std::clamp(tried_for / 2, base::Duration{0}, most);
  const auto half = static_cast<std::uint32_t>(added.count() / 2);
  auto rng = base::Rng(static_cast<std::uint64_t>(tried_for.count())).fork(desktop.text());
  return base + added - base::Duration(rng.below(half + 1));
}

}  // namespace domain
