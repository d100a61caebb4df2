#include "people.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "bookings.hpp"
#include "domain/phase.hpp"
#include "host/http/codec_read.hpp"
#include "process.hpp"

namespace sim {
namespace {

using base::ErrorKind;
using base::Result;

// What everybody may know of one meeting.
struct Party {
  domain::MeetingId id;
  Timestamp start;
  Duration length{0};
  std::map<domain::SeatId, std::string> links;
};

// ---- Guests.

class Guest {
 public:
  Guest(World& world, std::shared_ptr<Party> party, domain::SeatId seat, std::string name)
      : world_(world),
        party_(std::move(party)),
        seat_(std::move(seat)),
        name_(std::move(name)),
        rng_(base::Rng(world.swarm().seed).fork(name_)),
        odd_(rng_.fork("odd")) {}

  void live() {
    const bool calm = world_.swarm().calm;
    scans_only_ = !calm && rng_.below(12) == 0;
    patience_ = calm || rng_.below(4) > 0 ? 100 : 1 + rng_.below(20);
    world_.scheduler().sleep_until(party_->start + arrival(calm));
    world_.trace(name_, "comes", seat_.text());
    link_ = party_->links.at(seat_);
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
    auto guest = request(world_, rng_, [&](Process& process) -> Result<app::Guest> {
      return TRY(process.join().exchange(link_)).first;
    });
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
      world_.checks().wishes_again(seat_);
      base::ignore(request(world_, rng_,
                           [&](Process& process) -> Result<> {
                             TRY(process.join().restart(*guest));
                             return {};
                           }),
                   "the page shows what became of it");
    }
    if (domain::why_not_offer(meeting, guest->own(), now, policy)) return true;
    return enter(*guest);
  }

  bool enter(const app::Guest& guest) {
    const auto entry = request(world_, rng_, [&](Process& process) -> Result<app::Entry> {
      auto entered = process.join().enter(guest);
      if (entered) world_.checks().entered(seat_, entered->desktop);
      return entered;
    });
    if (!entry || scans_only_) {
      if (scans_only_) world_.probe("guest: a scanner pressed Enter");
      --patience_;
      return true;
    }
    const auto entered_at = world_.now();
    world_.scheduler().sleep(Duration(rng_.below(3000)));
    if (!world_.swarm().calm && odd_.below(10) == 0) world_.scheduler().sleep(token_life());
    if (!world_.swarm().calm && odd_.below(30) == 0) rotate();
    const auto knocks_at = world_.now();
    const auto pass = request(world_, rng_, [&](Process& process) -> Result<app::DeskPass> {
      auto passed = process.join().pass_door(entry->desktop, entry->token);
      if (passed) {
        world_.checks().passed_door(seat_, entry->desktop);
        world_.checks().connecting(entry->desktop, 1);
      }
      return passed;
    });
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
    const bool stays = connect(*pass);
    world_.trace(name_, "leaves", entry->desktop.text());
    return stays;
  }

  // The organiser makes their link void while they are between Enter and the door.
  void rotate() {
    const app::Principal owner{world_.row(party_->id)->owner, {port::Scope::book}};
    const auto done = request(
        world_, odd_, [&](Process& process) { return process.schedule().rotate(owner, seat_); });
    if (done) world_.checks().rotated(seat_);
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

  // The browser opens the screen by the desktop's name.
  bool connect(const app::DeskPass& pass) {
    const auto address = world_.zone().resolve(Zone::name_of(pass.desktop));
    Machine* machine = address ? world_.cloud().holder(*address) : nullptr;
    bool good = machine != nullptr && machine->answers(world_.now());
    if (good && machine->spec.desktop != pass.desktop) {
      if (!lost_just_now(pass)) {
        world_.violation("S10", name_ + " asked for " + pass.desktop.text() + " and got " +
                                    machine->spec.desktop.text());
      }
      good = false;  // what opens one desktop's door is refused by another
    }
    const auto epoch = pass.guest.own().epoch;
    if (!good || !may_stay(pass.desktop, epoch)) {
      if (good) world_.checks().refused_session(pass.desktop, epoch);
      world_.checks().connecting(pass.desktop, -1);
      world_.probe("guest: passed the door, no screen");
      return true;
    }
    const auto session = world_.open_session(pass.desktop, epoch, *machine);
    world_.checks().connecting(pass.desktop, -1);
    world_.trace(name_, "is in", pass.desktop.text());
    return stay(session);
  }

  // Its machine was lost without anybody's plan, and not so long ago that a look must have shown it
  // (S11: the name dangles until then).
  bool lost_just_now(const app::DeskPass& pass) const {
    const auto& instance = pass.guest.own().desktop->instance;
    const Machine* own = instance ? world_.cloud().find(instance->value) : nullptr;
    const auto unseen = world_.swarm().policy.ready_fresh + 40s;
    return own != nullptr && own->broken && world_.now() < own->history.back().at + unseen;
  }

  bool may_stay(const domain::DesktopId& desktop, std::uint32_t epoch) const {
    const auto* row = world_.row(party_->id);
    if (!world_.swarm().bridged) return true;  // the machine let them in by itself
    return row != nullptr && domain::session_may_stay(*row, desktop, epoch);
  }

  void report(const std::shared_ptr<Session>& session, bool used) {
    if (!world_.swarm().bridged) return;
    const Machine* machine = world_.cloud().find(session->machine);
    base::ignore(request(world_, rng_,
                         [&](Process& process) {
                           return process.join().report_presence(session->desktop,
                                                                 machine->sessions, used);
                         }),
                 "presence is probed, too");
  }

  bool stay(const std::shared_ptr<Session>& session) {
    report(session, false);
    const bool calm = world_.swarm().calm;
    const auto minutes = calm ? 20 + rng_.below(10) : rng_.below(6) == 0 ? 150 : rng_.below(40);
    const auto until = world_.now() + Duration(minutes * 60'000 + rng_.below(60'000));
    bool told = false;
    while (session->open && world_.now() < until) {
      world_.scheduler().sleep(
          std::min(until - world_.now() + 1ms, Duration(1000 + rng_.below(20'000))));
      if (!told && session->open) report(session, told = true);
      if (session->open && rng_.below(400) == 0) press_end();
    }
    const bool thrown_out = !session->open;
    world_.close_session(session, true);
    if (thrown_out) return true;
    report(session, told);
    --patience_;
    if (rng_.below(3) == 0) return false;  // has gone for good
    if (rng_.below(3) == 0) press_end();
    world_.scheduler().sleep(Duration(rng_.below(12 * 60'000)));
    return true;
  }

  void press_end() {
    world_.checks().asks_end(seat_);
    base::ignore(request(world_, rng_,
                         [&](Process& process) -> Result<> {
                           auto guest = TRY(process.join().exchange(link_)).first;
                           world_.trace(name_, "asks to end", seat_.text());
                           return process.join().ask_end(guest);
                         }),
                 "may be pressed again");
  }

  World& world_;
  std::shared_ptr<Party> party_;
  domain::SeatId seat_;
  std::string name_;
  base::Rng rng_;
  base::Rng odd_;     // what few people do
  std::string link_;  // as it was sent to them
  bool scans_only_ = false;
  std::uint32_t patience_ = 1;
};

// ---- Organisers.

class Organiser {
 public:
  Organiser(World& world, std::uint32_t number)
      : world_(world),
        number_(number),
        name_("org" + std::to_string(number)),
        rng_(base::Rng(world.swarm().seed).fork(name_)),
        who_{*domain::PrincipalId::parse("org" + std::to_string((number + 1) / 2)),
             {port::Scope::book, port::Scope::read}} {}

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
    const auto made = request(world_, rng_, [&](Process& process) -> Result<port::Created> {
      return process.schedule().book(who_, TRY(host::http::parse_booking(body)), std::nullopt);
    });
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
      auto made = request(world_, rng_, [&](Process& process) -> Result<port::Created> {
        return process.schedule().book(who_, TRY(host::http::parse_booking(body)), key);
      });
      if (made) {
        if (made->meeting.start.at != start) {
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
    return true;
  }

  void send_links() {
    for (;;) {
      const auto done = request(world_, rng_, [&](Process& process) -> Result<> {
        const auto meeting = TRY(process.schedule().get(who_, party_->id));
        for (const auto& seat : meeting.seats) {
          party_->links[seat.id] = TRY(process.join().link_token(seat));
          world_.checks().link_made(seat.id, seat.epoch, party_->links[seat.id]);
        }
        return {};
      });
      if (done) return;
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
    const auto* row = world_.row(party_->id);
    while (row != nullptr && !row->end && !row->over_at && row->seats.front().attempts == 0) {
      world_.scheduler().sleep(500ms);
      row = world_.row(party_->id);
    }
    world_.scheduler().sleep(Duration(rng.below(5000)));
    if (cancels) world_.checks().orders_end(party_->id);
    const auto done = request(world_, rng, [&](Process& process) -> Result<> {
      if (!cancels) {
        TRY(process.schedule().extend(who_, party_->id, 1min));
        return {};
      }
      TRY(process.schedule().cancel(who_, party_->id));
      world_.checks().ended(party_->id);
      return {};
    });
    world_.trace(name_, cancels ? "cancels at launch" : "extends at launch", party_->id.text(),
                 done ? "ok" : "no answer");
  }

  void meddle() {
    const auto what = rng_.below(8);
    if (what < 2) world_.checks().orders_end(party_->id);
    const auto seat = party_->links.begin()->first;
    const auto done = request(world_, rng_, [&](Process& process) -> Result<> {
      auto& schedule = process.schedule();
      switch (what) {
        case 0:
          TRY(schedule.cancel(who_, party_->id));
          world_.checks().ended(party_->id);
          return {};
        case 1:
          TRY(schedule.end(who_, party_->id));
          world_.checks().ended(party_->id);
          return {};
        case 2:
          TRY(schedule.rotate(who_, seat));
          world_.checks().rotated(seat);
          return {};
        case 3: {
          const auto at = world_.now() + Duration(rng_.below(1'800'000));
          TRY(schedule.reschedule(who_, party_->id, {at, "", base::to_rfc3339(at)}));
          return {};
        }
        default:
          TRY(schedule.extend(who_, party_->id, Duration((1 + rng_.below(30)) * 60'000)));
          return {};
      }
    });
    world_.trace(name_, "orders", std::to_string(what), done ? "ok" : done.error().message);
    if (what == 2) send_links();
  }

  World& world_;
  std::uint32_t number_;
  std::string name_;
  base::Rng rng_;
  app::Principal who_;
  std::shared_ptr<Party> party_;
};

}  // namespace

void bring_people(World& world) {
  for (std::uint32_t i = 1; i <= world.swarm().meetings; ++i) {
    world.scheduler().spawn(world.now(), [&world, i] { Organiser(world, i).live(); });
  }
}

}  // namespace sim
