#pragma once
// Throttle: how much the simulated providers take, per kind of call, for all control planes
// together. Real sizes are EC2's, Route 53's and Cloudflare's; tiny ones are what is left when
// others use the same account, so that few meetings are enough to be refused (F8).

#include <string>

#include "bucket.hpp"
#include "faults.hpp"

namespace sim {

struct ApiLimits {
  BucketSize launch;
  BucketSize terminate;
  BucketSize describe;      // machines of one meeting
  BucketSize describe_all;  // without a filter
  BucketSize change;        // deadlines
  BucketSize names;         // Route 53: all calls alike
  LockOutSize lock_out;     // Cloudflare: all calls alike

  // EC2 (account and region) with Route 53 or with Cloudflare.
  static ApiLimits real(bool cloudflare);
  std::string describe_text() const;
};

class Throttle {
 public:
  explicit Throttle(const ApiLimits& limits);

  // Whether the provider takes this call now; it counts then.
  bool admits(Site site, Timestamp now);
  // Whether it takes a further page of a list that was begun, for which the caller waits its turn.
  bool takes_page(Site site, Timestamp now);
  bool locked_out(Timestamp now) const { return lock_out_.locked(now); }

 private:
  Bucket launch_;
  Bucket terminate_;
  Bucket describe_;
  Bucket describe_all_;
  Bucket change_;
  Bucket names_;
  LockOut lock_out_;
};

}  // namespace sim
