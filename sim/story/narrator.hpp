#pragma once
// Narrator: tells a story in plain words while it runs: what the script does (marked *), what the
// product decides and why, what really happens outside, what people see. What happens to several
// people within a few seconds is told in one sentence.

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "listener.hpp"
#include "story/script.hpp"
#include "world.hpp"

namespace sim::story {

class Narrator final : public Listener {
 public:
  Narrator(World& world, const Script& script) : world_(world), script_(script) {}

  // A sentence of the script.
  void acts(const std::string& sentence);
  // A sentence on nobody in particular.
  void say(const std::string& sentence) { tell(sentence, "", 0); }
  // A sentence on a person or their nth desktop. {who} and {desktop} in it are filled in, and what
  // depends on how many they are: {is}, {has}, {s}, {es}, {s2}, {a}, {its}, {itself}.
  void tell(const std::string& form, const std::string& person, std::uint32_t attempt = 0);
  // A line below the last sentence.
  void add(const std::string& line);
  // A line of the log, JSON.
  void logged(std::string_view json);

  void traced(std::string_view actor, std::string_view verb, std::string_view subject,
              std::string_view detail) override;
  void committed(std::size_t process, const domain::Meeting* before,
                 const domain::Meeting& after) override;
  void reached(std::string_view probe) override;

  // Called when a control plane has decided to launch and has not called yet.
  void when_launch_decided(std::function<void(std::size_t)> act) {
    launch_decided_ = std::move(act);
  }
  std::string text() const;

 private:
  struct Event {
    Timestamp at;
    bool script = false;
    std::string form;
    std::vector<std::string> persons;
    std::uint32_t attempt = 0;
    std::vector<std::string> below;
  };
  std::string person_of(const domain::SeatId& seat) const;
  void tell_desktop(const std::string& form, std::string_view desktop);
  void tell_cloud(std::string_view verb, const Machine& machine, std::string_view detail);
  void tell_end(const domain::Meeting& before, const domain::Meeting& after);
  void tell_seat(const domain::Seat& before, const domain::Seat& after);
  void tell_open(const std::string& person, const domain::Desktop& was, const domain::Desktop& is);
  void tell_closing(const std::string& person, const domain::Desktop* was,
                    const domain::Desktop& is);
  std::size_t rank(const std::string& person) const;
  std::string line_of(const Event& event) const;
  std::string server(std::string_view actor) const;

  World& world_;
  const Script& script_;
  std::deque<Event> events_;
  std::set<std::string> told_once_;
  std::function<void(std::size_t)> launch_decided_;
};

// "T-10:00", "T+1:05:30".
std::string time_text(Timestamp at, Timestamp start);

}  // namespace sim::story
