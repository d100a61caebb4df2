#include "story/stage.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/zone.hpp"
#include "process.hpp"
#include "story/narrator.hpp"
#include "story/visit.hpp"

namespace sim::story {

using base::Result;

namespace {

constexpr Duration kBetweenLines{20};  // of one instant: they happen in their order
constexpr Duration kAfterwards = 1min;

class Stage {
 public:
  explicit Stage(const Script& script)
      : script_(script),
        world_(world_of(script)),
        narrator_(world_, script),
        rng_(base::Rng(script.swarm.seed).fork("organiser")),
        organiser_(world_, "organiser", rng_) {}

  Played play();

 private:
  static Swarm world_of(const Script& script);
  void bring_on();
  void act(const Line& line);
  void act_person(const Line& line);
  void act_organiser(const Line& line);
  void act_world(const Line& line);
  void act_machine(const Line& line);
  void act_server(const Line& line);
  void read(const Line& line);
  void look();

  void book(const std::string& fields);
  void order(const Result<>& done);
  void visit(std::size_t seat, const std::string& link, Visit::Wishes wishes,
             const std::string& who);
  void later(std::function<void()> act);
  void back_again(const Line& line, const std::string& sentence);
  void expect(const Line& line, bool so, const std::string& but);
  Machine* machine_of(std::size_t seat);
  bool inside(std::size_t seat) const;
  std::uint32_t machines() const;
  const domain::Meeting* meeting() const { return party_ ? world_.row(party_->id) : nullptr; }
  domain::SeatId seat_id(std::size_t seat) const { return meeting()->seats.at(seat).id; }
  std::string costs();

  const Script& script_;
  World world_;
  Narrator narrator_;
  base::Rng rng_;
  OrganiserSteps organiser_;
  std::shared_ptr<Party> party_;
  std::map<std::size_t, std::vector<std::shared_ptr<Visit>>> visits_;
  std::map<std::size_t, std::string> old_links_;
};

// All that the script does to the world is over before it is healed.
Swarm Stage::world_of(const Script& script) {
  Swarm swarm = script.swarm;
  swarm.list_lag = swarm.policy.list_lag;
  Timestamp last = script.swarm.start;
  for (const auto& line : script.lines) {
    if (line.at) last = std::max(last, *line.at + line.duration);
  }
  swarm.faults_for = last + kAfterwards - swarm.start;
  return swarm;
}

Played Stage::play() {
  world_.listen(&narrator_);
  base::set_log(
      base::LogLevel::warn, [] { return std::string(); },
      [this](std::string_view line) {
        if (line.find(R"("level":"error")") != std::string_view::npos) {
          world_.violation("log", "an error was logged: " + std::string(line));
        }
        narrator_.logged(line);
      });
  world_.run(
      [this](World& world) { world.scheduler().spawn(world.now(), [this] { bring_on(); }); });
  base::set_log(base::LogLevel::error, [] { return std::string(); }, nullptr);
  std::string head = "T is " + base::to_rfc3339(script_.start);
  if (script_.start_text != base::to_rfc3339(script_.start))
    head += " (" + script_.start_text + ")";
  head += "\n\n";
  for (const auto& line : script_.lines) {
    if (!line.at && !world_.violated()) read(line);
  }
  return {head + narrator_.text() + "\n" + costs(), world_.violated()};
}

void Stage::bring_on() {
  for (const auto& line : script_.lines) {
    if (!line.at) return;
    world_.scheduler().sleep_until(*line.at);
    if (line.verb < Verb::look) narrator_.acts(line.text);
    act(line);
    world_.scheduler().sleep(kBetweenLines);
  }
}

void Stage::act(const Line& line) {
  if (line.verb >= Verb::look) {
    read(line);
  } else if (line.verb >= Verb::server_dies) {
    act_server(line);
  } else if (line.verb >= Verb::hangs) {
    act_machine(line);
  } else if (line.verb >= Verb::cloud_full) {
    act_world(line);
  } else if (line.verb >= Verb::books) {
    act_organiser(line);
  } else if (!party_) {
    world_.violation("expect", "line " + std::to_string(line.number) + ": nothing is booked yet");
  } else {
    act_person(line);
  }
}

// Requests wait for their server, the script does not.
void Stage::later(std::function<void()> act) {
  world_.scheduler().spawn(world_.now(), std::move(act));
}

// ---- People.

void Stage::visit(std::size_t seat, const std::string& link, Visit::Wishes wishes,
                  const std::string& who) {
  auto made = std::make_shared<Visit>(world_, narrator_, party_, seat_id(seat), who, link, wishes);
  made->begin();
  visits_[seat].push_back(std::move(made));
}

void Stage::act_person(const Line& line) {
  const auto seat = *line.seat;
  const auto& name = script_.seats.at(seat).person;
  const auto link = party_->links.at(seat_id(seat));
  switch (line.verb) {
    case Verb::old_link:
      visit(seat, old_links_.contains(seat) ? old_links_.at(seat) : link, {}, name);
      return;
    case Verb::second_browser:
      visit(seat, link, {}, name + " (2nd browser)");
      return;
    case Verb::opens_page:
      visit(seat, link, {.enters = false}, name);
      return;
    case Verb::scanner:
      visit(seat, link, {.scanner = true}, "the mail scanner");
      return;
    case Verb::leaves:
    case Verb::closes_lid:
      for (const auto& one : visits_[seat]) {
        line.verb == Verb::leaves ? one->leave() : one->close_lid();
      }
      return;
    case Verb::starts_again:
      later([this, seat, name, link] {
        GuestSteps steps(world_, party_, seat_id(seat), name, rng_);
        const auto guest = steps.open_page(link);
        order(guest ? steps.ask_again(*guest) : Result<>(tl::unexpected(guest.error())));
      });
      return;
    case Verb::presses_end:
      later([this, seat, name, link] {
        GuestSteps steps(world_, party_, seat_id(seat), name, rng_);
        order(steps.press_end(link));
      });
      return;
    default:
      visit(seat, link, {}, name);
      return;
  }
}

// ---- The organiser.

void Stage::order(const Result<>& done) {
  if (done) return;
  using base::ErrorKind;
  const bool again = done.error().kind == ErrorKind::unavailable ||
                     done.error().kind == ErrorKind::unknown_outcome;
  auto message = done.error().message;
  if (const auto at = message.find(" (drawn)"); at != std::string::npos) message.resize(at);
  const auto field = done.error().field.empty() ? "" : done.error().field + " ";
  narrator_.say((again ? "that fails, to be tried again: " : "that is refused: ") + field +
                message);
}

void Stage::book(const std::string& fields) {
  std::string body = R"({"title": ")" + script_.title + R"(", )" + fields +
                     R"(, "length_minutes": )" + std::to_string(script_.length / 1min) +
                     R"(, "seats": [)";
  for (const auto& seat : script_.seats) {
    body += std::string(body.back() == '[' ? "" : ", ") + R"({"role": ")" + seat.role +
            R"(", "name": ")" + seat.person + R"("})";
  }
  const auto made = organiser_.book(body + "]}", std::nullopt);
  if (!made) {
    order(tl::unexpected(made.error()));
    return;
  }
  const auto& start = made->meeting.start;
  narrator_.say("booked for " + base::to_rfc3339(start.at) +
                (start.zone.empty() ? "" : ", " + start.local + " in " + start.zone));
  if (start.at != script_.start) {
    world_.violation("expect", "a meeting is booked that does not start at T");
    return;
  }
  world_.checks().booked(made->meeting.id);
  party_ = std::make_shared<Party>(Party{made->meeting.id, start.at, made->meeting.length, {}});
  order(organiser_.fetch_links(*party_));
}

void Stage::act_organiser(const Line& line) {
  const bool books = line.verb >= Verb::books && line.verb <= Verb::books_later;
  if (!books && !party_) {
    world_.violation("expect", "line " + std::to_string(line.number) + ": nothing is booked yet");
    return;
  }
  later([this, line] {
    const auto local = [&](const std::string& choice) {
      return local_start_fields(line.words.at(0), line.words.at(1), choice);
    };
    switch (line.verb) {
      case Verb::books:
        return book(script_.start_fields);
      case Verb::books_for:
        return book(local(""));
      case Verb::books_earlier:
        return book(local("earlier"));
      case Verb::books_later:
        return book(local("later"));
      case Verb::cancels:
        return order(organiser_.cancel(*party_));
      case Verb::ends:
        return order(organiser_.end(*party_));
      case Verb::extends:
        return order(organiser_.extend(*party_, line.duration));
      case Verb::moves:
        return order(organiser_.reschedule(*party_, line.time));
      default:
        old_links_[*line.seat] = party_->links.at(seat_id(*line.seat));
        order(organiser_.rotate(seat_id(*line.seat)));
        order(organiser_.fetch_links(*party_));
    }
  });
}

// ---- The world.

void Stage::back_again(const Line& line, const std::string& sentence) {
  world_.scheduler().at(world_.now() + line.duration,
                        [this, sentence] { narrator_.say(sentence); });
}

void Stage::act_world(const Line& line) {
  const auto until = world_.now() + line.duration;
  switch (line.verb) {
    case Verb::cloud_full:
      for (std::uint32_t place = 0; place < script_.swarm.policy.places; ++place) {
        world_.cloud().fill(place, until);
      }
      return back_again(line, "the cloud has room again");
    case Verb::place_full:
      world_.cloud().fill(line.amount - 1, until);
      return back_again(line, "there is room again at place " + std::to_string(line.amount));
    case Verb::cloud_down:
      world_.cloud().set_down(until);
      return back_again(line, "the cloud answers again");
    case Verb::dns_down:
      world_.zone().set_down(until);
      return back_again(line, "the DNS provider answers again");
    default:
      world_.set_store_down(until);
      return back_again(line, "the store answers again");
  }
}

Machine* Stage::machine_of(std::size_t seat) {
  const auto* row = meeting();
  if (row == nullptr || !row->seats.at(seat).desktop) return nullptr;
  const auto& instance = row->seats.at(seat).desktop->instance;
  return instance ? world_.cloud().find(instance->value) : nullptr;
}

void Stage::act_machine(const Line& line) {
  Machine* machine = machine_of(*line.seat);
  if (machine == nullptr || !machine->alive()) {
    world_.violation("expect", "line " + std::to_string(line.number) + ": there is no machine");
    return;
  }
  switch (line.verb) {
    case Verb::hangs:
      machine->broken = true;
      machine->hung_until = world_.now() + line.duration;
      return;
    case Verb::dies:
      return world_.cloud().die(machine->id, "hardware");
    case Verb::taken:
      return world_.cloud().die(machine->id, "taken back by the cloud");
    case Verb::stopped:
      return world_.cloud().stop(machine->id, false);
    default:
      return world_.zone().remove_by_hand(Zone::name_of(machine->spec.desktop));
  }
}

void Stage::act_server(const Line& line) {
  const auto index = static_cast<std::size_t>(line.amount) - 1;
  switch (line.verb) {
    case Verb::server_dies:
      return world_.kill_process(index, line.duration);
    case Verb::server_paused:
      if (const auto& process = world_.processes().at(index)) {
        process->pause(world_.now() + line.duration);
      }
      return back_again(line, "server " + std::to_string(line.amount) + " goes on");
    case Verb::server_pauses_at_launch:
      narrator_.when_launch_decided([this, line](std::size_t decider) {
        const auto number = "server " + std::to_string(decider + 1);
        narrator_.say(number + " has decided to launch, and is paused before it does");
        world_.processes().at(decider)->pause(world_.now() + line.duration);
        back_again(line, number + " goes on with what it was about to do");
      });
      return;
    case Verb::clock_forward:
    case Verb::clock_back:
      if (const auto& process = world_.processes().at(index)) {
        process->step_clock(line.verb == Verb::clock_forward ? line.duration : -line.duration);
      }
      return;
    default:
      return world_.lose_hints();
  }
}

// ---- The reader.

bool Stage::inside(std::size_t seat) const {
  const auto found = visits_.find(seat);
  return found != visits_.end() && std::any_of(found->second.begin(), found->second.end(),
                                               [](const auto& one) { return one->inside(); });
}

std::uint32_t Stage::machines() const {
  auto& all = const_cast<World&>(world_).cloud().machines();
  return static_cast<std::uint32_t>(
      std::count_if(all.begin(), all.end(), [](const auto& one) { return one.second.alive(); }));
}

void Stage::look() {
  const auto* row = meeting();
  const auto now = world_.now();
  const auto& policy = script_.swarm.policy;
  if (row == nullptr) return narrator_.say("look: nothing is booked");
  narrator_.say("look: the meeting is " + std::string(to_string(domain::phase(*row, now, policy))) +
                "; machines: " + std::to_string(machines()) +
                ", names: " + std::to_string(world_.zone().truth().size()));
  for (std::size_t i = 0; i < script_.seats.size(); ++i) {
    const auto& seat = row->seats.at(i);
    auto page = page_of(*row, seat, now, policy);
    if (world_.any_process(0) == nullptr) page = {.heading = "", .line = "the server is down"};
    auto text = script_.seats[i].person + (inside(i) ? ", inside" : ", outside") + "; desktop " +
                std::string(to_string(domain::step(*row, seat, now, policy))) + "; page:";
    if (!page.heading.empty()) text += " \"" + page.heading + "\"";
    if (!page.line.empty()) text += " " + page.line;
    text += std::string(page.enter ? " [Enter]" : "") + (page.restart ? " [Start it again]" : "");
    narrator_.add(text);
  }
}

void Stage::expect(const Line& line, bool so, const std::string& but) {
  if (so) return;
  world_.violation("expect", script_.name + ":" + std::to_string(line.number) + ": \"" + line.text +
                                 "\", but " + but);
}

void Stage::read(const Line& line) {
  if (line.verb == Verb::look) return look();
  if (line.verb == Verb::expect_machines) {
    return expect(line, machines() == line.amount, "there are " + std::to_string(machines()));
  }
  const auto* row = meeting();
  if (row == nullptr) return expect(line, false, "nothing is booked");
  const auto now = world_.now();
  const auto& policy = script_.swarm.policy;
  if (line.verb == Verb::expect_inside || line.verb == Verb::expect_outside) {
    const bool is = inside(*line.seat);
    return expect(line, is == (line.verb == Verb::expect_inside),
                  script_.seats.at(*line.seat).person + (is ? " is inside" : " is outside"));
  }
  std::string is = "it goes on";
  if (line.verb == Verb::expect_desktop) {
    is = to_string(domain::step(*row, row->seats.at(*line.seat), now, policy));
  } else if (line.verb == Verb::expect_phase) {
    is = to_string(domain::phase(*row, now, policy));
  } else if (row->end) {
    is = domain::to_string(row->end->reason);
  }
  expect(line, is == line.words.at(0), "it is " + is);
}

// What the desktops cost: the time in which their machines existed.
std::string Stage::costs() {
  std::string text;
  for (std::size_t i = 0; party_ && i < script_.seats.size(); ++i) {
    Duration time{0};
    std::uint32_t count = 0;
    for (const auto& [id, machine] : world_.cloud().machines()) {
      if (machine.spec.owner.seat != seat_id(i)) continue;
      ++count;
      time += machine.gone_at.value_or(world_.now()) - machine.launched_at;
    }
    const auto whole = base::to_text(std::chrono::floor<std::chrono::seconds>(time));
    text += std::string(text.empty() ? "Paid for: " : "; ") + script_.seats[i].person + " " +
            (count == 0 ? "nothing" : whole) +
            (count < 2 ? "" : " (" + std::to_string(count) + " machines)");
  }
  return text.empty() ? "Nothing was booked\n" : text + "\n";
}

}  // namespace

Played play(const Script& script) {
  return Stage(script).play();
}

}  // namespace sim::story
