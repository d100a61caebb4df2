#include "mischief.hpp"

#include <algorithm>
#include <iterator>

#include "bookings.hpp"
#include "host/http/codec_read.hpp"
#include "people.hpp"

namespace sim {
namespace {

using base::ErrorKind;
using base::Result;
using domain::Meeting;

class Rascal {
 public:
  explicit Rascal(World& world)
      : world_(world), rng_(base::Rng(world.swarm().seed).fork("mischief")) {}

  void live() {
    while (!world_.faults().healed()) {
      world_.scheduler().sleep(Duration(10'000 + rng_.below(200'000)));
      const auto& rows = world_.checks().rows();
      if (rows.empty()) continue;
      auto row = rows.begin();
      std::advance(row, rng_.below(static_cast<std::uint32_t>(rows.size())));
      play(row->second);
    }
  }

 private:
  static app::Principal principal(const std::string& name) {
    return {*domain::PrincipalId::parse(name), {port::Scope::book, port::Scope::read}};
  }

  // By value: the row changes while a request is under way.
  void play(const Meeting meeting) {
    switch (rng_.below(9)) {
      case 0:
        return forge(meeting);
      case 1:
        return trespass(meeting);
      case 2:
        return use_key_again(meeting);
      case 3:
        return book_nonsense(meeting);
      case 4:
        return extend_too_much(meeting);
      case 5:
        return change_early(meeting);
      case 6:
        return reboot(meeting);
      case 7:
        return plant_twin(meeting);
      default:
        return read_list(meeting);
    }
  }

  // Somebody's own link, with the name of another seat or with a later epoch in it.
  void forge(const Meeting& meeting) {
    const auto& seat =
        meeting.seats.at(rng_.below(static_cast<std::uint32_t>(meeting.seats.size())));
    const auto& links = world_.checks().links_of(seat.id);
    if (links.empty()) return;
    std::string link = links.begin()->first;
    const auto epoch = links.begin()->second;
    const auto other = domain::seat_id(meeting.id, rng_.below(2) == 0 ? 1 : 2);
    if (rng_.below(3) == 0) {
      link.back() = link.back() == 'A' ? 'B' : 'A';
    } else if (other != seat.id) {
      link.replace(link.find(seat.id.text()), seat.id.text().size(), other.text());
    } else {
      const auto field = "." + std::to_string(epoch) + ".";
      link.replace(link.find(field), field.size(), ".77.");
    }
    if (links.contains(link)) return;
    const auto taken = request(world_, rng_, [&](Process& process) -> Result<app::Guest> {
      return TRY(process.join().exchange(link)).first;
    });
    world_.probe("mischief: a forged link");
    if (taken) world_.violation("S10", "a forged link opens " + taken->seat.text());
  }

  void trespass(const Meeting& meeting) {
    const auto who = principal("rascal");
    const auto what = rng_.below(4);
    const auto done = request(world_, rng_, [&](Process& process) -> Result<> {
      auto& schedule = process.schedule();
      if (what == 0) TRY(schedule.get(who, meeting.id));
      if (what == 1) TRY(schedule.extend(who, meeting.id, 1min));
      if (what == 2) TRY(schedule.rotate(who, meeting.seats.front().id));
      if (what == 3) TRY(schedule.audit(who, meeting.id));
      return {};
    });
    world_.probe("mischief: another's meeting");
    if (done) world_.violation("S10", "somebody else got at " + meeting.id.text());
  }

  void use_key_again(const Meeting& meeting) {
    const auto body = booking_body(99, world_.now() + 24h, 45, 1, rng_);
    // Its title ends with its number (bookings.hpp).
    const auto key = key_of(static_cast<std::uint32_t>(meeting.title.back() - '0'));
    const auto made = request(world_, rng_, [&](Process& process) -> Result<port::Created> {
      return process.schedule().book(principal(meeting.owner.text()),
                                     TRY(host::http::parse_booking(body)), {{key, body}});
    });
    world_.probe("mischief: another body under the same key");
    if (made) world_.violation("S19", "one key serves two requests");
  }

  void book_nonsense(const Meeting& meeting) {
    const auto body = nonsense_body(world_.now() + 1h, rng_);
    const auto made = request(world_, rng_, [&](Process& process) -> Result<port::Created> {
      return process.schedule().book(principal(meeting.owner.text()),
                                     TRY(host::http::parse_booking(body)), std::nullopt);
    });
    if (made) world_.violation("S18", "a booking that means nothing is accepted: " + body);
    if (!made && made.error().kind == ErrorKind::invalid) {
      world_.probe("mischief: booking that means nothing");
    }
  }

  void extend_too_much(const Meeting& meeting) {
    const Duration by = rng_.below(2) == 0 ? world_.swarm().policy.extend_max + 1min : -5min;
    const auto done = request(world_, rng_, [&](Process& process) {
      return process.schedule().extend(principal(meeting.owner.text()), meeting.id, by);
    });
    world_.probe("mischief: extends too much");
    if (done) world_.violation("S20", meeting.id.text() + " is extended by " + base::to_text(by));
  }

  // No mischief, but what organisers seldom do: long before the start, cancel it or move it nearer.
  void change_early(const Meeting& meeting) {
    const auto& policy = world_.swarm().policy;
    const auto now = world_.now();
    const bool early = now > meeting.created_at + 5min && meeting.seats.front().attempts == 0 &&
                       now + 5min < meeting.start.at - policy.launch_lead;
    if (!early || meeting.end) return;
    const auto who = principal(meeting.owner.text());
    const bool cancels = rng_.below(2) == 0;
    const auto at = now + policy.launch_lead + Duration(rng_.below(180'000));
    if (cancels) world_.checks().orders_end(meeting.id);
    const auto done = request(world_, rng_, [&](Process& process) {
      return cancels
                 ? process.schedule().cancel(who, meeting.id)
                 : process.schedule().reschedule(who, meeting.id, {at, "", base::to_rfc3339(at)});
    });
    if (done) world_.probe("organiser: changes it long before the start");
  }

  // A machine is stopped by hand, or started anew and has another address (W9).
  void reboot(const Meeting& meeting) {
    if (base::Rng(world_.swarm().seed).fork("reboots").below(2) == 0) return;
    const auto& desktop = meeting.seats.front().desktop;
    if (desktop && desktop->instance)
      world_.cloud().stop(desktop->instance->value, rng_.below(4) > 0);
  }

  // A second machine with the mark of one that is known: one too many (L2).
  void plant_twin(const Meeting& meeting) {
    const auto& desktop = meeting.seats.front().desktop;
    if (!desktop || !desktop->instance || desktop->closing) return;
    world_.cloud().plant({world_.store_identity(), meeting.seats.front().id, desktop->attempt});
  }

  // One meeting a page: every stored meeting of its owner must come up.
  void read_list(const Meeting& meeting) {
    const auto who = principal(meeting.owner.text());
    std::size_t seen = 0;
    bool found = false;
    const auto everybody_can_read = [&] {
      return world_.checks().readable(meeting.id) && !world_.versions().may_hide(meeting.id);
    };
    const bool could_be_read = everybody_can_read();
    const auto start = world_.row(meeting.id)->start;
    const auto done = request(world_, rng_, [&](Process& process) -> Result<> {
      std::string from;
      do {
        const auto page = TRY(process.schedule().list(who, from, 1));
        seen += page.meetings.size();
        found = found || std::any_of(page.meetings.begin(), page.meetings.end(),
                                     [&](const Meeting& one) { return one.id == meeting.id; });
        from = page.next;
      } while (!from.empty());
      return {};
    });
    if (!done || !could_be_read || !everybody_can_read()) return;
    if (world_.row(meeting.id)->start != start) return;  // it moved between two pages
    if (seen > 1) world_.probe("mischief: reads a list page by page");
    if (!found) world_.violation("S24", meeting.id.text() + " is in no page of its owner's list");
  }

  World& world_;
  base::Rng rng_;
};

}  // namespace

void bring_mischief(World& world) {
  if (world.swarm().calm) return;
  world.scheduler().spawn(world.now(), [&world] { Rascal(world).live(); });
}

}  // namespace sim
