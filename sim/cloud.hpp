#pragma once
// Cloud: machines with EC2's manners, stricter than it: keys are zonal and their parameters must
// not change (W1), lists show the past (W2), a terminated machine stays visible (W3), there is no
// address at `running` (W9), freed addresses go to strangers at once. What is true here is the
// ground truth that the checks ask. Calls have no faults of their own: the ports draw those.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "port/compute.hpp"
#include "scheduler.hpp"

namespace sim {

class World;

struct Machine {
  struct View {
    Timestamp at;
    domain::InstanceState state = domain::InstanceState::pending;
    std::string address;
  };
  domain::InstanceId id;
  port::LaunchSpec spec;
  Timestamp launched_at;
  Timestamp called_at;  // when the launch was asked for; earlier if the call was late
  domain::InstanceState state = domain::InstanceState::pending;
  std::string address;
  std::string why;
  bool boots = true;
  bool answers_ever = true;
  Timestamp answers_from;
  Timestamp hung_until;
  bool mute = false;        // it does not answer any more
  Timestamp counts_from;    // it cannot tell its connections before
  bool impostor = false;    // answers as somebody else
  bool disturbed = false;   // by a theme, once
  bool flickered = false;   // somebody was back for a moment when it was about to end
  bool broken = false;      // the world broke it: what then happens is not the product's doing
  bool end_unread = false;  // told to end at its deadline by who cannot read its row (S21)
  std::optional<Timestamp> end_asked_at;
  std::optional<Timestamp> gone_at;
  std::vector<View> history;
  std::vector<std::pair<Timestamp, Timestamp>> former_deadlines;  // until when, which
  std::uint32_t sessions = 0;                                     // open now
  std::optional<Timestamp> session_ended_at;                      // the last one, by its person
  bool session_lost = false;  // it stopped while somebody was in it

  Timestamp deadline_at(Timestamp at) const;
  bool ever_had(Timestamp deadline) const;
  bool planted() const { return spec.key.starts_with("planted"); }  // nobody launched it
  bool alive() const { return state != domain::InstanceState::gone; }
  bool answers(Timestamp now) const {
    return state == domain::InstanceState::running && answers_ever && !mute && !address.empty() &&
           now >= answers_from && now >= hung_until;
  }
};

class Cloud {
 public:
  explicit Cloud(World& world) : world_(world) {}

  // Machines as they were up to policy.list_lag ago; of one meeting, or all.
  std::vector<domain::Instance> list(const std::optional<domain::MeetingId>& meeting);
  bool was_hidden(const domain::InstanceId& id) const;  // a moment ago
  base::Result<domain::Instance> launch(const port::LaunchSpec& spec, Timestamp called_at);
  base::Result<> terminate(const domain::InstanceId& id, const domain::Owner& owner);
  base::Result<> set_deadline(const domain::InstanceId& id, const domain::Owner& owner,
                              Timestamp deadline);

  // What the world does.
  void die(const domain::InstanceId& id, const std::string& why);
  void stop(const domain::InstanceId& id, bool start_again, Duration down = Duration(3'000));
  void show(const domain::InstanceId& id);               // every list says what it is by now
  domain::InstanceId plant(const domain::Owner& owner);  // a machine that nobody here launched
  void fill(std::uint32_t place, Timestamp until) { full_until_[place] = until; }
  void set_down(Timestamp until) { down_until_ = until; }
  void heal();
  bool down() const;
  Timestamp down_until() const { return down_until_; }  // of the last time that it was down

  std::map<domain::InstanceId, Machine>& machines() { return machines_; }
  Machine* find(const domain::InstanceId& id);
  Machine* holder(const std::string& address);
  // The first deadline that machines with this mark had by then; some are planted by strangers.
  std::optional<Timestamp> deadline_of(const domain::Owner& owner, Timestamp as_of) const;
  // When the last with this mark ended, and by when it would have; nothing: one is there, or never
  // was.
  struct Ended {
    Timestamp at;
    Timestamp deadline;
  };
  std::optional<Ended> ended(const domain::Owner& owner) const;
  std::uint64_t launches() const { return launches_; }
  // When a launch with this key last had a definite answer.
  Timestamp answered_at(const std::string& key) const;

 private:
  struct Key {
    port::LaunchSpec spec;
    domain::InstanceId machine;
  };
  domain::Instance view(const Machine& machine, Timestamp as_of) const;
  bool is_hidden(const domain::InstanceId& id, base::Rng& rng);
  base::Result<Machine*> find_own(const domain::InstanceId& id, const domain::Owner& owner);
  void set_state(Machine& machine, domain::InstanceState state);
  void boot(Machine& machine);
  void spoil(Machine& machine);
  void spoil_later(const domain::InstanceId& id, std::uint32_t dice, Duration at);
  void begin_end(Machine& machine);
  void finish_end(const domain::InstanceId& id, const std::string& why);
  void arm_deadline(const domain::InstanceId& id, Timestamp deadline);
  void give_address(Machine& machine);
  void take_address(Machine& machine);

  World& world_;
  std::map<domain::InstanceId, Machine> machines_;
  std::map<std::pair<std::uint32_t, std::string>, Key> keys_;  // by place and key
  std::map<std::string, Timestamp> answered_at_;
  std::map<std::uint32_t, Timestamp> full_until_;
  Timestamp down_until_;
  std::vector<std::string> free_addresses_;
  std::map<domain::InstanceId, Timestamp> hidden_until_;
  std::uint32_t addresses_made_ = 0;
  std::uint64_t launches_ = 0;
};

}  // namespace sim
