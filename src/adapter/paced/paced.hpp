#pragma once
// Decorators that keep the calls of a provider below its limits (L6). A call for which nothing is
// left of its share answers `held_back` at once and is not made: the next wake tries it again.
// Ending things has a share of its own that starting them cannot use up. What all looks of many
// meetings ask for can be fetched once for all of them (`shared_for`). Thread-safe; no call waits.

#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "adapter/paced/bucket.hpp"
#include "port/clock.hpp"
#include "port/compute.hpp"
#include "port/dns_zone.hpp"

namespace adapter::paced {

// How much may be asked of the provider of machines; each kind has a limit of its own there.
struct ComputePace {
  Rate launch;
  Rate terminate;
  Rate look;
  Rate deadline;
  // One list of everything answers the looks of all meetings for this long; at most
  // Policy::list_lag. 0: each meeting asks by itself.
  base::Duration shared_for{0};
  std::size_t page = 0;  // machines that one call lists; 0: one call lists everything
};

// ... and of the provider of names, where all kinds use up one limit: 4/10 of it are for setting
// names, 3/10 for looking and 3/10 for removing, which may also take what setting has left. Never
// what looking needs: a name that was removed is gone only when it was seen gone.
struct ZonePace {
  Rate calls;
  base::Duration shared_for{0};
  std::size_t page = 0;
};

inline tl::unexpected<base::Error> held_back() {
  return base::fail(base::ErrorKind::held_back, "held back to stay below the provider's limit");
}

// One share, or the shares that a call may take from, in order.
class Shares {
 public:
  explicit Shares(std::vector<Rate> rates) {
    for (const auto& rate : rates) buckets_.emplace_back(rate);
  }
  // Takes one call from the first of these shares that has one left.
  base::Result<> take(std::initializer_list<std::size_t> which, base::Duration now) {
    const std::lock_guard lock(mutex_);
    for (const auto index : which) {
      if (buckets_.at(index).take(now)) return {};
    }
    return held_back();
  }
  // The same for a call that is made seldom and must not starve beside many: one more than is left.
  base::Result<> borrow(std::size_t share, base::Duration now) {
    const std::lock_guard lock(mutex_);
    if (buckets_.at(share).take(now, 0)) return {};
    return held_back();
  }
  // A list took as many calls as it has pages; one of them was taken.
  template <class T>
  void spend_pages(std::size_t share, const base::Result<std::vector<T>>& list, std::size_t page) {
    if (!list || page == 0) return;
    const std::lock_guard lock(mutex_);
    buckets_.at(share).spend(static_cast<double>(list->size() / page));
  }

 private:
  std::mutex mutex_;
  std::vector<Bucket> buckets_;
};

// The last list of everything, for whoever looks within `shared_for`. While somebody fetches the
// next one, others get the last one, if it is not older than twice that.
template <class T>
class SharedList {
 public:
  explicit SharedList(base::Duration shared_for) : shared_for_(shared_for) {}
  bool on() const { return shared_for_ > base::Duration{0}; }

  // What there is of one meeting; `fetch` lists everything.
  template <class Fetch>
  base::Result<std::vector<T>> look(const domain::MeetingId& meeting, base::Duration now,
                                    const Fetch& fetch) {
    auto list = known(now);
    if (!list) {
      TRY(may_fetch(now));
      auto fetched = fetch();
      if (!fetched) {
        give_up(now);
        return tl::unexpected<base::Error>(fetched.error());
      }
      list = put(*fetched, now);
    }
    const auto found = list->find(meeting);
    return found == list->end() ? std::vector<T>{} : found->second;
  }

 private:
  using ByMeeting = std::map<domain::MeetingId, std::vector<T>>;
  using List = std::shared_ptr<const ByMeeting>;

  // The list to answer from; nothing: the caller fetches it.
  List known(base::Duration now) {
    const std::lock_guard lock(mutex_);
    const bool fresh = list_ && now < fetched_at_ + shared_for_;
    const bool usable = list_ && fetching_ && now < fetched_at_ + 2 * shared_for_;
    if (fresh || usable) return list_;
    fetching_ = true;
    return nullptr;
  }
  List put(std::vector<T>& fetched, base::Duration asked_at) {
    auto by_meeting = std::make_shared<ByMeeting>();
    for (auto& one : fetched) {
      const auto meeting = domain::meeting_of(one.owner.seat);
      if (meeting) (*by_meeting)[*meeting].push_back(std::move(one));
    }
    const List list = std::move(by_meeting);
    const std::lock_guard lock(mutex_);
    fetching_ = false;
    if (!list_ || asked_at >= fetched_at_) {
      list_ = list;
      fetched_at_ = asked_at;
    }
    return list;
  }
  void give_up(base::Duration now) {
    const std::lock_guard lock(mutex_);
    fetching_ = false;
    again_at_ = now + shared_for_ / 4;
  }
  // After a failure not everybody who looks tries again: that would be what the list is to spare.
  base::Result<> may_fetch(base::Duration now) {
    const std::lock_guard lock(mutex_);
    if (now >= again_at_) return {};
    return base::fail(base::ErrorKind::unavailable, "the last list of everything failed just now");
  }

  const base::Duration shared_for_;
  std::mutex mutex_;
  List list_;
  base::Duration fetched_at_{0};
  base::Duration again_at_{0};
  bool fetching_ = false;
};

class PacedCompute final : public port::Compute {
  using List = base::Result<std::vector<domain::Instance>>;

 public:
  PacedCompute(port::Compute& inner, port::Clock& clock, const ComputePace& pace)
      : inner_(inner),
        clock_(clock),
        shares_({pace.launch, pace.terminate, pace.look, pace.deadline}),
        page_(pace.page),
        shared_(pace.shared_for) {}

  base::Result<std::vector<domain::Instance>> list(const domain::MeetingId& meeting) override {
    if (!shared_.on()) {
      TRY(take(kLook));
      return inner_.list(meeting);
    }
    return shared_.look(meeting, clock_.since_boot(), [this]() -> List {
      TRY(take(kLook));
      return whole();
    });
  }
  // For sweeps.
  List list_all() override {
    TRY(shares_.borrow(kLook, clock_.since_boot()));
    return whole();
  }
  base::Result<domain::Instance> launch(const port::LaunchSpec& spec) override {
    TRY(take(kLaunch));
    return inner_.launch(spec);
  }
  base::Result<> terminate(const domain::InstanceId& instance,
                           const domain::Owner& owner) override {
    TRY(take(kTerminate));
    return inner_.terminate(instance, owner);
  }
  base::Result<> set_deadline(const domain::InstanceId& instance, const domain::Owner& owner,
                              base::Timestamp deadline) override {
    TRY(take(kDeadline));
    return inner_.set_deadline(instance, owner, deadline);
  }

 private:
  List whole() {
    auto all = inner_.list_all();
    shares_.spend_pages(kLook, all, page_);
    return all;
  }
  enum Share : std::size_t { kLaunch, kTerminate, kLook, kDeadline };
  base::Result<> take(Share share) { return shares_.take({share}, clock_.since_boot()); }

  port::Compute& inner_;
  port::Clock& clock_;
  Shares shares_;
  const std::size_t page_;
  SharedList<domain::Instance> shared_;
};

class PacedZone final : public port::DnsZone {
  using List = base::Result<std::vector<domain::Record>>;

 public:
  PacedZone(port::DnsZone& inner, port::Clock& clock, const ZonePace& pace)
      : inner_(inner),
        clock_(clock),
        shares_(
            {pace.calls.part(kPutShare), pace.calls.part(kLookShare), pace.calls.part(kDropShare)}),
        page_(pace.page),
        shared_(pace.shared_for) {}

  std::string name_of(const domain::DesktopId& desktop) const override {
    return inner_.name_of(desktop);
  }
  base::Result<std::vector<domain::Record>> list(const domain::MeetingId& meeting) override {
    if (!shared_.on()) {
      TRY(take({kLook}));
      return inner_.list(meeting);
    }
    return shared_.look(meeting, clock_.since_boot(), [this]() -> List {
      TRY(take({kLook}));
      return whole();
    });
  }
  // For sweeps.
  List list_all() override {
    TRY(shares_.borrow(kLook, clock_.since_boot()));
    return whole();
  }
  base::Result<> put(const domain::Record& record) override {
    TRY(take({kPut}));
    return inner_.put(record);
  }
  base::Result<> drop(const std::string& name, const domain::Owner& owner) override {
    TRY(take({kDrop, kPut}));
    return inner_.drop(name, owner);
  }

 private:
  List whole() {
    auto all = inner_.list_all();
    shares_.spend_pages(kLook, all, page_);
    return all;
  }
  static constexpr double kPutShare = 0.4;
  static constexpr double kLookShare = 0.3;
  static constexpr double kDropShare = 0.3;
  enum Share : std::size_t { kPut, kLook, kDrop };
  base::Result<> take(std::initializer_list<std::size_t> which) {
    return shares_.take(which, clock_.since_boot());
  }

  port::DnsZone& inner_;
  port::Clock& clock_;
  Shares shares_;
  const std::size_t page_;
  SharedList<domain::Record> shared_;
};

}  // namespace adapter::paced
