#include "story/visit.hpp"

#include <array>

namespace sim::story {

using base::ErrorKind;

namespace {

constexpr Duration kPagePause = 2s;         // between looks at the page
constexpr Duration kScreenPause = 1s;       // between looks at the screen
constexpr Duration kConnectionLife = 1min;  // of one whose other end is silent
constexpr std::array<Duration, 3> kWarnings{10min, 5min, 1min};

}  // namespace

Visit::Visit(World& world, Narrator& narrator, std::shared_ptr<Party> party, domain::SeatId seat,
             std::string who, std::string link, Wishes wishes)
    : world_(world),
      narrator_(narrator),
      party_(std::move(party)),
      seat_(std::move(seat)),
      who_(std::move(who)),
      link_(std::move(link)),
      wishes_(wishes),
      rng_(base::Rng(world.swarm().seed).fork(who_)),
      steps_(world, party_, seat_, who_, rng_) {}

void Visit::begin() {
  world_.scheduler().spawn(world_.now(), [self = shared_from_this()] { self->live(); });
}

void Visit::leave() {
  leaves_ = true;
  if (napping_) world_.scheduler().wake(task_);
}

void Visit::close_lid() {
  lid_ = true;
  leave();
}

void Visit::nap(Duration time) {
  if (leaves_) return;
  napping_ = true;
  world_.scheduler().sleep(time);
  napping_ = false;
}

void Visit::live() {
  task_ = world_.scheduler().current();
  world_.checks().waiting(who_, true);
  while (!leaves_ && look_once()) nap(kPagePause);
  world_.checks().waiting(who_, false);
  done_ = true;
}

// False when nothing more will come.
bool Visit::look_once() {
  const auto guest = steps_.open_page(link_);
  if (!guest) {
    const bool void_link = guest.error().kind == ErrorKind::not_found;
    const std::string what =
        void_link ? "{who} see{s}: \"" + std::string(wrong_link_heading()) + "\""
                  : "{who} see{s} a page that cannot reach the server and keeps trying";
    if (told_ != what) narrator_.tell(told_ = what, who_);
    return !void_link;
  }
  told_.clear();
  const auto& policy = world_.swarm().policy;
  const auto page = page_of(guest->meeting, guest->own(), world_.now(), policy);
  if (!guest->meeting.end && !guest->own().failed) world_.checks().shown_as_open(guest->meeting);
  const bool goes_in = page.enter && wishes_.enters;
  if (!goes_in && shown_ != page) show(page);
  if (goes_in) come_in(*guest);
  return !page.last && !page.heading.empty() && !(wishes_.scanner && page.enter);
}

void Visit::show(const Page& page) {
  const bool news = !shown_ || shown_->heading != page.heading || shown_->line != page.line ||
                    shown_->restart != page.restart;
  shown_ = page;
  if (!news) return;
  std::string text = "{who} see{s}: \"" + page.heading + "\"";
  if (!page.line.empty()) text += " " + page.line;
  if (page.restart) text += " [Start it again]";
  narrator_.tell(text, who_);
}

void Visit::come_in(const app::Guest& guest) {
  const auto entry = steps_.press_enter(guest);
  if (wishes_.scanner) {
    narrator_.tell(entry ? "{who} got a way in by pressing Enter, and did not use it"
                         : "{who} pressed Enter for nothing",
                   who_);
    return;
  }
  if (!entry) return;  // the page says why, next time
  const auto pass = steps_.pass_door(*entry);
  if (!pass) return;
  session_ = steps_.connect(*pass);
  if (!session_) return;
  narrator_.tell("{who} {is} in", who_);
  shown_.reset();
  stay();
}

void Visit::stay() {
  steps_.report(session_, false);
  nap(world_.swarm().policy.used_after);
  if (session_->open) steps_.report(session_, true);
  while (session_->open && !leaves_) {
    watch_the_time();
    nap(kScreenPause);
  }
  if (lid_ && session_->open) {
    lose_connection();
    return;
  }
  if (!session_->open) {
    narrator_.tell("the screen{s2} of {who} close{s}", who_);
    return;
  }
  world_.close_session(session_, true);
  steps_.report(session_, true);
}

void Visit::lose_connection() {
  world_.scheduler().sleep(kConnectionLife);
  if (!session_->open) return;
  narrator_.tell("the connection of {who} is given up", who_);
  world_.close_session(session_, false);
  steps_.report(session_, true);
}

// The page in the other tab counts down to the hard cap.
void Visit::watch_the_time() {
  const auto* meeting = world_.row(party_->id);
  if (meeting->end) return;
  const auto left = domain::hard_cap(*meeting, world_.swarm().policy) - world_.now();
  std::optional<Duration> due;
  for (const auto warning : kWarnings) {
    if (left <= warning) due = warning;
  }
  if (due && (!warned_ || *due < *warned_)) {
    narrator_.tell("{who} {is} warned: this meeting is closed in " + base::to_text(*due), who_);
  }
  warned_ = due;
}

}  // namespace sim::story
