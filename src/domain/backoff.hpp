#pragma once
// backoff(): how long to wait before a call of the outside is made again for one desktop. It grows
// with the time for which the call has been tried in vain, so no count has to be kept, and each
// desktop waits a little differently, so that what failed together does not come back together.

#include "base/time.hpp"
#include "domain/ids.hpp"

namespace domain {

// `tried_for`: since it was first wanted. The answer lies between `base` and `base + most`: half of
// `tried_for` is added, of which up to a half is taken off again by chance that depends on the
// desktop and on `tried_for` alone.
base::Duration backoff(const DesktopId& desktop, base::Duration tried_for, base::Duration base,
                       base::Duration most);

}  // namespace domain
