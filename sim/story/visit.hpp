#pragma once
// Visit: one person of a story in front of one browser, from opening their link until they leave or
// the page says that nothing more will come. They do what a script cannot time: press Enter as soon
// as the page lets them, look at the page again when their screen closes.

#include <memory>
#include <string>

#include "steps.hpp"
#include "story/narrator.hpp"
#include "story/page.hpp"

namespace sim::story {

class Visit : public std::enable_shared_from_this<Visit> {
 public:
  struct Wishes {
    bool enters = true;    // else they only look
    bool scanner = false;  // presses Enter and goes no further
  };

  Visit(World& world, Narrator& narrator, std::shared_ptr<Party> party, domain::SeatId seat,
        std::string who, std::string link, Wishes wishes);

  void begin();  // on a fiber of its own
  void leave();
  void close_lid();
  bool inside() const { return session_ && session_->open; }
  bool open() const { return !done_; }

 private:
  void live();
  bool look_once();
  void show(const Page& page);
  void come_in(const app::Guest& guest);
  void stay();
  void watch_the_time();
  void lose_connection();
  void nap(Duration time);

  World& world_;
  Narrator& narrator_;
  std::shared_ptr<Party> party_;
  domain::SeatId seat_;
  std::string who_;
  std::string link_;
  Wishes wishes_;
  base::Rng rng_;
  GuestSteps steps_;
  std::optional<Page> shown_;
  std::string told_;                // the last thing that went wrong
  std::optional<Duration> warned_;  // of the end, so long before
  std::shared_ptr<Session> session_;
  Scheduler::Task task_ = 0;
  bool napping_ = false;
  bool leaves_ = false;
  bool lid_ = false;
  bool done_ = false;
};

}  // namespace sim::story
