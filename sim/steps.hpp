#pragma once
// Steps: what a person with a link and an organiser can do, one real use case each. Whoever lives
// by chance (people.hpp) or by a script (story/) decides when; the checks are told here.

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "request.hpp"

namespace sim {

// What everybody may know of one meeting.
struct Party {
  domain::MeetingId id;
  Timestamp start;
  Duration length{0};
  std::map<domain::SeatId, std::string> links;
};

// In front of one browser. Not more than one step at a time.
class GuestSteps {
 public:
  GuestSteps(World& world, std::shared_ptr<Party> party, domain::SeatId seat, std::string name,
             base::Rng& rng)
      : world_(world),
        party_(std::move(party)),
        seat_(std::move(seat)),
        name_(std::move(name)),
        rng_(rng) {}

  base::Result<app::Guest> open_page(const std::string& link);
  base::Result<> ask_again(const app::Guest& guest);
  base::Result<app::Entry> press_enter(const app::Guest& guest);
  base::Result<app::DeskPass> pass_door(const app::Entry& entry);
  // The viewer comes back by itself, with its cookie alone, as host/http's screen route does it.
  base::Result<app::DeskPass> come_back(const app::DeskPass& pass);
  // The browser opens the screen by the desktop's name; null when there is none.
  std::shared_ptr<Session> connect(const app::DeskPass& pass);
  // The bridge's report, where screens are bridged.
  void report(const std::shared_ptr<Session>& session, bool used);
  base::Result<> press_end(const std::string& link);

 private:
  // Its machine was lost without anybody's plan, and not so long ago that a look must have shown it
  // (S11: the name dangles until then).
  bool lost_just_now(const app::DeskPass& pass) const;
  // It has another address, and is not said to be ready, or resolvers still remember a former one
  // (an old list had it put once more).
  bool moved_just_now(const app::DeskPass& pass, const Machine& own) const;
  bool may_stay(const domain::DesktopId& desktop, std::uint32_t epoch) const;

  World& world_;
  std::shared_ptr<Party> party_;
  domain::SeatId seat_;
  std::string name_;
  base::Rng& rng_;
};

class OrganiserSteps {
 public:
  OrganiserSteps(World& world, const std::string& name, base::Rng& rng)
      : world_(world),
        rng_(rng),
        who_{*domain::PrincipalId::parse(name), {port::Scope::book, port::Scope::read}} {}

  // `key`: the idempotency key and the body.
  base::Result<port::Created> book(const std::string& body,
                                   const std::optional<std::pair<std::string, std::string>>& key);
  // Asks for the link of every seat.
  base::Result<> fetch_links(Party& party);
  base::Result<> cancel(const Party& party);
  base::Result<> end(const Party& party);
  base::Result<> rotate(const domain::SeatId& seat);
  base::Result<> reschedule(const Party& party, Timestamp at);
  base::Result<> extend(const Party& party, Duration by);

  // Any order: `act(schedule, who)` at whichever control plane takes it.
  template <class Act>
  base::Result<> order(Act act) {
    return request(world_, rng_, [&](Process& process) -> base::Result<> {
      TRY(act(process.schedule(), who_));
      return {};
    });
  }

 private:
  World& world_;
  base::Rng& rng_;
  app::Principal who_;
};

}  // namespace sim
