#include "people.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "bookings.hpp"
#include "domain/phase.hpp"
#include "host/http/codec_read.hpp"
#include "steps.hpp"

namespace sim {
namespace {

using base::ErrorKind;
using base::Result;

constexpr auto kAgain = "may be pressed again";

// ---- Guests.

class Guest {
 public:
  Guest(World& world, std::shared_ptr<Party> party, domain::SeatId seat, std::string name)
      : world_(world),
        party_(std::move(party)),
        seat_(std::move(seat)),
        name_(std::move(name)),
        rng_(base::Rng(world.swarm().seed).fork(name_)),
        odd_(rng_.fork("odd")),
        drops_(rng_.fork("drops")),
        steps_(world_, party_, seat_, name_, rng_) {}

  void live() {
    const bool calm = world_.swarm().calm;
    scans_only_ = !calm && rng_.below(12) == 0;
    patience_ = calm || rng_.below(4) > 0 ? 100 : 1 + rng_.below(20);
    world_.scheduler().sleep_until(party_->start + arrival(calm));
    world_.trace(name_, "comes", seat_.text());
    link_ = party_->links.at(seat_);
    if (!calm && odd_.fork("leaked").below(8) == 0) leak();
    world_.checks().waiting(name_, true);
    while (patience_ > 0 && visit()) world_.scheduler().sleep(pause());
    world_.checks().waiting(name_, false);
    world_.trace(name_, "is done", seat_.text());
  }

 private:
  Duration arrival(bool calm) {
    const auto minutes = [&](std::uint32_t bound) { return Duration(rng_.below(bound * 60'000)); };
    if (calm) return minutes(10) - 6min;
    switch (rng_.below(6)) {
      case 0:
        return -minutes(14);  // early
      case 1:
        return minutes(3);
      case 2:
        return minutes(40);  // late
      case 3:
        return world_.swarm().policy.no_show_after - 5s + Duration(rng_.below(10'000));
      default:
        return minutes(8) - 4min;
    }
  }

  Duration pause() { return Duration(2000 + rng_.below(8000)); }

  // One look at the page; false when there is nothing left to wait for.
  bool visit() {
    const auto asked_at = world_.now();
    auto guest = steps_.open_page(link_);
    if (guest) world_.checks().link_taken(seat_, link_, asked_at);
    if (!guest) {
      if (guest.error().kind != ErrorKind::not_found) return true;
      world_.probe("guest: link was rotated");
      const bool same = std::exchange(link_, party_->links.at(seat_)) == party_->links.at(seat_);
      if (same) world_.checks().link_refused(seat_, link_);
      return !same || !world_.faults().healed();
    }
    const auto& meeting = guest->meeting;
    const auto now = world_.now();
    const auto& policy = world_.swarm().policy;
    const auto phase = domain::phase(meeting, now, policy);
    if (phase == domain::MeetingPhase::closing || phase == domain::MeetingPhase::over) return false;
    if (guest->own().failed) return false;
    world_.checks().shown_as_open(meeting);
    if (domain::can_restart(meeting, guest->own(), now, policy) && rng_.below(4) > 0) {
      world_.probe("guest: asks for the desktop again");
      base::ignore(steps_.ask_again(*guest), "the page shows what became of it");
    }
    if (domain::why_not_offer(meeting, guest->own(), now, policy)) return true;
    return enter(*guest);
  }

  bool enter(const app::Guest& guest) {
    const auto entry = steps_.press_enter(guest);
    if (!entry || scans_only_) {
      if (scans_only_) world_.probe("guest: a scanner pressed Enter");
      --patience_;
      return true;
    }
    const auto entered_at = world_.now();
    world_.scheduler().sleep(Duration(rng_.below(3000)));
    const bool late = !world_.swarm().calm && odd_.below(10) == 0;
    if (late && token_life() < 30min) world_.scheduler().sleep(token_life());
    if (!world_.swarm().calm && odd_.below(30) == 0) rotate();
    const auto knocks_at = world_.now();
    const auto pass = steps_.pass_door(*entry);
    if (!pass) return true;
    if (knocks_at > entered_at + token_life())
      world_.violation("S9", name_ + " came in by a way that is too old");
    if (pass->guest.own().epoch != guest.own().epoch) {
      world_.violation("S10", name_ + " came in by a link that was rotated before");
    }
    if (odd_.below(8) == 0) knock_again(*entry);
    world_.scheduler().sleep(Duration(rng_.below(2000)));
    const bool quick = world_.now() - knocks_at < 4s;  // a page may take a while to load
    if (quick && odd_.below(3) == 0) world_.scheduler().sleep(Duration(odd_.below(5000)));
    const auto session = steps_.connect(*pass);
    const bool stays = !session || stay(session, *pass);
    world_.trace(name_, "leaves", entry->desktop.text());
    return stays;
  }

  // The organiser makes their link void while they are between Enter and the door.
  void rotate() {
    const auto owner = world_.row(party_->id)->owner.text();
    base::ignore(OrganiserSteps(world_, owner, odd_).rotate(seat_), "they may press again");
  }

  // A stranger has their link and wants the end; the organiser gives them another.
  void leak() {
    base::ignore(steps_.press_end(link_), kAgain);
    rotate();
    OrganiserSteps organiser(world_, world_.row(party_->id)->owner.text(), odd_);
    while (!organiser.fetch_links(*party_)) world_.scheduler().sleep(2s);
    link_ = party_->links.at(seat_);
  }

  // How long a way in may be good, whatever the clocks.
  Duration token_life() const {
    return world_.swarm().policy.token_life + 2 * world_.clock_error();
  }

  // Through the same door once more, in another tab: a control plane that is paused meanwhile holds
  // up nobody on the way in.
  void knock_again(const app::Entry& entry) {
    world_.scheduler().spawn(
        world_.now(), [&world = world_, entry, name = name_, odd = odd_.fork("knock")]() mutable {
          const auto again = request(world, odd, [&](Process& process) {
            return process.join().pass_door(entry.desktop, entry.token);
          });
          if (again) world.violation("S19", name + " came in twice by one way in");
          world.probe("guest: tried a used way in");
        });
  }

  bool stay(std::shared_ptr<Session> session, const app::DeskPass& pass) {
    steps_.report(session, false);
    const bool calm = world_.swarm().calm;
    const auto minutes = calm ? 20 + rng_.below(10) : rng_.below(6) == 0 ? 150 : rng_.below(40);
    const auto until = world_.now() + Duration(minutes * 60'000 + rng_.below(60'000));
    bool told = false;
    while (session->open && world_.now() < until) {
      world_.scheduler().sleep(
          std::min(until - world_.now() + 1ms, Duration(1000 + rng_.below(20'000))));
      if (!told && session->open) steps_.report(session, told = true);
      if (session->open && rng_.below(400) == 0) base::ignore(steps_.press_end(link_), kAgain);
      if (session->open && world_.swarm().bridged && !calm &&
          drops_.below(restless() ? 10 : 100) == 0) {
        session = drop(session, pass);
        if (!session) return true;
        told = false;
      }
    }
    const bool thrown_out = !session->open;
    world_.close_session(session, true);
    if (thrown_out) return true;
    steps_.report(session, told);
    --patience_;
    if (rng_.below(3) == 0) return false;  // has gone for good
    if (rng_.below(3) == 0) base::ignore(steps_.press_end(link_), kAgain);
    world_.scheduler().sleep(Duration(rng_.below(12 * 60'000)));
    return true;
  }

  // The network is away for a moment, or the lid is closed until they are just about to be taken
  // for gone. Null when the viewer does not come back by itself.
  std::shared_ptr<Session> drop(const std::shared_ptr<Session>& session,
                                const app::DeskPass& pass) {
    world_.close_session(session, true);
    steps_.report(session, true);
    const bool shortly = drops_.below(2) == 0;
    const auto grace = world_.swarm().policy.leave_grace;
    world_.scheduler().sleep(shortly ? Duration(drops_.below(10'000))
                                     : grace - 15s + Duration(drops_.below(30'000)));
    if (!shortly && restless()) wait_for_closing(pass.desktop);
    for (int tries = 0; tries < 5; ++tries) {
      const auto back = steps_.come_back(pass);
      if (back) {
        world_.probe("guest: a viewer comes back by itself");
        const bool for_a_moment = !shortly && restless() && drops_.below(2) == 0;
        if (for_a_moment) hold_up_looks();
        world_.scheduler().sleep(Duration(drops_.below(2000)));
        auto again = steps_.connect(*back);
        if (again && for_a_moment) world_.close_session(again, true);
        if (again) steps_.report(again, false);
        if (!again || !for_a_moment) return again;
        world_.probe("guest: a viewer is back for a moment only");
        return nullptr;
      }
      if (back.error().kind == ErrorKind::not_found) {
        if (shortly) world_.checks().refused_session(pass.desktop, pass.guest.own().epoch);
        return nullptr;
      }
      world_.scheduler().sleep(Duration(1000 + drops_.below(3000)));
    }
    return nullptr;
  }

  void hold_up_looks() {
    for (const auto& process : world_.processes()) {
      if (process) process->pause(world_.now() + 15s);
    }
  }

  bool restless() const { return world_.swarm().theme == Theme::restless; }

  // Just when they are taken for gone.
  void wait_for_closing(const domain::DesktopId& id) {
    const auto until = world_.now() + 2min;
    while (world_.now() < until) {
      const auto& desktop = domain::find_seat(*world_.row(party_->id), seat_)->desktop;
      if (!desktop || desktop->id != id || desktop->closing) return;
      world_.scheduler().sleep(300ms);
    }
  }

  World& world_;
  std::shared_ptr<Party> party_;
  domain::SeatId seat_;
  std::string name_;
  base::Rng rng_;
  base::Rng odd_;     // what few people do
  base::Rng drops_;   // of their network
  std::string link_;  // as it was sent to them
  bool scans_only_ = false;
  std::uint32_t patience_ = 1;
  GuestSteps steps_;
};

// ---- Organisers.

class Organiser {
 public:
  Organiser(World& world, std::uint32_t number)
      : world_(world),
        number_(number),
        name_("org" + std::to_string(number)),
        rng_(base::Rng(world.swarm().seed).fork(name_)),
        steps_(world_, "org" + std::to_string((number + 1) / 2), rng_) {}

  void live() {
    const auto& swarm = world_.swarm();
    world_.scheduler().sleep(Duration(rng_.below(60'000)));
    if (rng_.below(4) == 0) book_junk();
    const auto start = draw_start();
    if (!book(start)) return;
    send_links();
    for (const auto& [seat, link] : party_->links) invite(seat);
    if (swarm.calm) return;
    const auto hasty = rng_.fork("hasty").below(8);
    if (hasty < 2) at_launch(hasty == 0);
    if (hasty == 0) return;
    const auto acts = rng_.below(4);
    for (std::uint32_t i = 0; i < acts; ++i) {
      world_.scheduler().sleep_until(worst_moment());
      meddle();
    }
  }

 private:
  Timestamp draw_start() {
    const auto& swarm = world_.swarm();
    const auto ahead = swarm.calm ? swarm.policy.launch_lead + 2min : Duration(0);
    const auto most = static_cast<std::uint32_t>(swarm.start_max.count());
    return world_.now() + ahead + Duration(rng_.below(most)) - (swarm.calm ? 0min : 3min);
  }

  // What must be refused, whatever else happens.
  void book_junk() {
    const auto body = junk_body(rng_);
    const auto made = steps_.book(body, std::nullopt);
    if (made) world_.violation("S18", "a booking that means nothing is accepted: " + body);
    if (!made && made.error().kind == ErrorKind::invalid) world_.probe("book: junk is refused");
  }

  bool book(Timestamp start) {
    const auto& swarm = world_.swarm();
    const auto minutes = 5 + rng_.below(50) + (swarm.calm ? 25 : 0);
    const auto body = booking_body(number_, start, minutes, 1 + rng_.below(swarm.seats_max), rng_);
    const std::pair<std::string, std::string> key{key_of(number_), body};
    const bool twice = rng_.below(4) == 0;
    std::optional<port::Created> created;
    for (int tries = 0; tries < 40; ++tries) {
      auto made = steps_.book(body, key);
      if (made) {
        const bool moved = made->replayed && swarm.theme == Theme::restless;  // meanwhile
        if (made->meeting.start.at != start && !moved) {
          world_.violation("S18",
                           body + " is taken for " + base::to_rfc3339(made->meeting.start.at));
        }
        if (made->meeting.length != std::chrono::minutes(minutes)) {
          world_.violation("S18", body + " is taken for " + base::to_text(made->meeting.length));
        }
        if (made->replayed) world_.probe("book: the same request again");
        if (created && created->meeting.id != made->meeting.id) {
          world_.violation("S19", "one booking made two meetings");
        }
        world_.checks().booked(made->meeting.id);
        const bool again = twice && !created;
        created = *std::move(made);
        if (!again) break;
      }
      if (!made && made.error().kind == ErrorKind::conflict) {
        world_.violation("S19", name_ + " has not used this key: " + made.error().message);
      }
      if (!made && made.error().kind == ErrorKind::invalid) {
        const bool late = world_.now() + world_.clock_error() > start + swarm.policy.start_past_max;
        if (!late) world_.violation("S18", body + " is refused: " + made.error().message);
        return false;
      }
      world_.scheduler().sleep(Duration(500 + rng_.below(5000)));
    }
    if (!created) return false;
    party_ =
        std::make_shared<Party>(Party{created->meeting.id, start, created->meeting.length, {}});
    for (const auto& seat : created->meeting.seats) party_->links[seat.id];
    world_.trace(name_, "has booked", party_->id.text(), base::to_rfc3339(start));
    if (rng_.fork("again").below(8) == 0) book_again_late(key);
    return true;
  }

  // Who did not see the answer may ask again when a new booking would be too late.
  void book_again_late(const std::pair<std::string, std::string>& key) {
    const auto at = std::max(world_.now(), party_->start + 10min);
    world_.scheduler().spawn(at, [&world = world_, key, id = party_->id, name = account()] {
      auto rng = base::Rng(world.swarm().seed).fork("again" + id.text());
      OrganiserSteps steps(world, name, rng);
      for (int tries = 0; tries < 10; ++tries) {
        const auto made = steps.book(key.second, key);
        if (made) {
          world.probe("book: the same request again, long after");
          if (made->meeting.id != id) world.violation("S19", "one booking made two meetings");
          return;
        }
        const auto kind = made.error().kind;
        if (kind == ErrorKind::invalid || kind == ErrorKind::conflict) {
          return world.violation("S19",
                                 "a booking that was made is refused: " + made.error().message);
        }
        world.scheduler().sleep(Duration(1000 + rng.below(30'000)));
      }
    });
  }

  std::string account() const { return "org" + std::to_string((number_ + 1) / 2); }

  void send_links() {
    while (!steps_.fetch_links(*party_)) {
      world_.scheduler().sleep(Duration(1000 + rng_.below(5000)));
    }
  }

  void invite(const domain::SeatId& seat) {
    const bool calm = world_.swarm().calm;
    const auto browsers = calm ? 1U : rng_.below(5) == 0 ? 0U : rng_.below(5) == 0 ? 2U : 1U;
    for (std::uint32_t i = 0; i < browsers; ++i) {
      const auto name = std::string(i == 0 ? "u-" : "v-") + seat.text();
      world_.scheduler().spawn(world_.now(), [&world = world_, party = party_, seat, name] {
        Guest(world, party, seat, name).live();
      });
    }
  }

  // Near the instants at which the product itself acts.
  Timestamp worst_moment() {
    const auto& policy = world_.swarm().policy;
    const auto end = party_->start + party_->length;
    const std::array<Timestamp, 6> moments{party_->start - policy.launch_lead,
                                           party_->start - policy.give_up_before,
                                           party_->start + policy.no_show_after,
                                           end,
                                           end + policy.overrun,
                                           party_->start + Duration(rng_.below(3'600'000))};
    const auto moment = moments.at(rng_.below(6));
    return moment + Duration(rng_.below(120'000)) - 60s;
  }

  // Cancels or extends at the very moment at which the desktops are being started.
  void at_launch(bool cancels) {
    auto rng = rng_.fork("at launch");
    OrganiserSteps at_once(world_, account(), rng);
    const auto* row = world_.row(party_->id);
    while (row != nullptr && !row->end && !row->over_at && row->seats.front().attempts == 0) {
      world_.scheduler().sleep(500ms);
      row = world_.row(party_->id);
    }
    world_.scheduler().sleep(Duration(rng.below(5000)));
    const auto done = cancels ? at_once.cancel(*party_) : at_once.extend(*party_, 1min);
    world_.trace(name_, cancels ? "cancels at launch" : "extends at launch", party_->id.text(),
                 done ? "ok" : "no answer");
  }

  void meddle() {
    const auto what = rng_.below(8);
    const auto seat = party_->links.begin()->first;
    const auto done = order(what, seat);
    world_.trace(name_, "orders", std::to_string(what), done ? "ok" : done.error().message);
    if (what == 2) send_links();
  }

  Result<> order(std::uint32_t what, const domain::SeatId& seat) {
    switch (what) {
      case 0:
        return steps_.cancel(*party_);
      case 1:
        return steps_.end(*party_);
      case 2:
        return steps_.rotate(seat);
      case 3:
        return steps_.reschedule(*party_, world_.now() + Duration(rng_.below(1'800'000)));
      default:
        return steps_.extend(*party_, Duration((1 + rng_.below(30)) * 60'000));
    }
  }

  World& world_;
  std::uint32_t number_;
  std::string name_;
  base::Rng rng_;
  std::shared_ptr<Party> party_;
  OrganiserSteps steps_;
};

}  // namespace

void bring_people(World& world) {
  for (std::uint32_t i = 1; i <= world.swarm().meetings; ++i) {
    world.scheduler().spawn(world.now(), [&world, i] { Organiser(world, i).live(); });
  }
}

}  // namespace sim
