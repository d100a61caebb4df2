#pragma once
// An organiser with people, for tests that kill the server: books a meeting, lives one of several
// stories with it (each reaches other phases), ends it, and begins again, however often the server
// dies in between. Everything that the server acknowledged goes into a ledger, and what it may
// never say afterwards ("no such meeting") is written down as broken.

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/random.hpp"
#include "integration/running_server.hpp"
#include "integration/screen_client.hpp"

namespace live {

struct Booked {
  std::string id;
  std::string key;
  std::string body;
  std::vector<Person> people;
};

class Ledger {
 public:
  void add(const Booked& one) {
    const std::lock_guard lock(mutex_);
    booked_.push_back(one);
  }
  void broken(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (broken_.size() < 50) broken_.push_back(what);
  }
  void stage(std::size_t who, const std::string& name) {
    const std::lock_guard lock(mutex_);
    stages_[who] = name;
  }
  // At each kill: in which stages the meetings were.
  void count_stages() {
    const std::lock_guard lock(mutex_);
    for (const auto& [who, name] : stages_) ++killed_in_[name];
  }
  std::vector<Booked> booked() const {
    const std::lock_guard lock(mutex_);
    return booked_;
  }
  std::vector<std::string> broken() const {
    const std::lock_guard lock(mutex_);
    return broken_;
  }
  std::map<std::string, int> killed_in() const {
    const std::lock_guard lock(mutex_);
    return killed_in_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Booked> booked_;
  std::vector<std::string> broken_;
  std::map<std::size_t, std::string> stages_;
  std::map<std::string, int> killed_in_;
};

class Organiser {
 public:
  Organiser(std::size_t number, const Server& server, Ledger& ledger, base::Rng rng,
            const std::atomic<bool>& last)
      : number_(number), server_(server), ledger_(ledger), rng_(rng), last_(last) {}

  void run() {
    while (!last_) {
      stage("free");
      screen_.close();
      const auto story = rng_.below(9);
      const auto starts_in = story == 0 ? 3600 : static_cast<int>(rng_.below(4));
      if (!book(starts_in, story >= 4 ? 2 : 1 + rng_.below(2))) return;
      switch (story) {
        case 0:
          cancel_booked();
          break;
        case 1:
          end_while_starting();
          break;
        case 2:
          cancel_when_ready();
          break;
        case 3:
          wait_for_no_show();
          break;
        case 4:
          restart_after_release();
          break;
        default:
          meet();
          break;
      }
      stage("ending");
      end("end");
      if (rng_.below(3) == 0) wait_for("over", Milliseconds(8000));
      check_still_there();
    }
  }

 private:
  static constexpr auto kStep = Milliseconds(12'000);

  // The stories.
  void cancel_booked() {
    stage("booked");
    pause(200 + rng_.below(1500));
    end("cancel");
  }
  void end_while_starting() {
    stage("starting");
    pause(rng_.below(700));
    end(rng_.below(2) == 0 ? "end" : "cancel");
  }
  void cancel_when_ready() {
    if (!wait_ready()) return;
    stage("ready");
    pause(rng_.below(1000));
    stage("cancelled");
    end("cancel");
    wait_for("over", kStep);
  }
  void wait_for_no_show() {
    stage("waiting for nobody");
    wait_for("over", Milliseconds(8000));
  }
  void restart_after_release() {
    if (!wait_ready() || !come_in()) return;
    // The first one works on; the other's desktop is released, and then asked for again.
    auto& late = meeting_.people[1];
    exchange(late);
    const auto until = Steady::now() + Milliseconds(25'000);
    while (Steady::now() < until && !last_) {
      stay(Milliseconds(100));
      const auto reply = late.status(server_.client());
      if (!reply || !true_in(reply->json(), "can_restart")) continue;
      late.post(server_.client(), "restart");
      return stay(Milliseconds(2000), "restarting");
    }
  }
  void meet() {
    if (!wait_ready() || !come_in()) return;
    stay(Milliseconds(500 + rng_.below(2500)));
  }

  // The steps.
  bool book(int starts_in_seconds, std::size_t seats) {
    stage("booking");
    meeting_ = {"",
                "key-" + std::to_string(number_) + "-" + std::to_string(++bookings_),
                booking(starts_in_seconds, seats),
                {}};
    while (!last_) {
      auto headers = server_.organiser();
      headers.emplace_back("Idempotency-Key", meeting_.key);
      const auto reply = server_.client().post("/v1/meetings", headers, meeting_.body);
      if (reply && reply->status == 201) {
        meeting_.id = text_of(reply->json(), "id");
        meeting_.people = people_of(reply->json());
        ledger_.add(meeting_);
        return true;
      }
      if (reply && reply->status != 503 && reply->status != 429) {
        ledger_.broken("booking answered " + reply->head + reply->body);
        return false;
      }
      pause(15);
    }
    return false;
  }

  void end(const std::string& how) {
    screen_.close();
    repeat(Milliseconds(30'000), [&] {
      const auto reply = server_.client().post("/v1/meetings/" + meeting_.id + "/" + how,
                                               server_.organiser(), "{}");
      if (reply) not_lost(*reply, how);
      return reply && reply->status == 200;
    });
  }

  bool wait_for(const std::string& phase, Milliseconds within) {
    return repeat(within, [&] { return meeting_member("phase") == phase; });
  }

  std::string meeting_member(const std::string& name) {
    const auto reply = server_.client().get("/v1/meetings/" + meeting_.id, server_.organiser());
    if (!reply) return "";
    not_lost(*reply, "get");
    return text_of(reply->json(), name);
  }

  void check_still_there() {
    repeat(Milliseconds(30'000), [&] { return !meeting_member("phase").empty(); });
    for (auto& person : meeting_.people) exchange(person);
  }

  void exchange(Person& person) {
    repeat(Milliseconds(30'000), [&] {
      const auto reply = person.exchange(server_.client());
      if (reply) not_lost(*reply, "exchange of the link");
      return reply && reply->status == 200;
    });
  }

  // The first person's desktop can be entered, by what the page is told.
  bool wait_ready() {
    stage("starting");
    auto& first = meeting_.people.front();
    exchange(first);
    return repeat(kStep, [&] {
      const auto reply = first.status(server_.client());
      if (reply) not_lost(*reply, "status");
      return reply && true_in(reply->json(), "can_enter");
    });
  }

  bool come_in() {
    stage("entering");
    return repeat(kStep, [&] {
      const auto entry = meeting_.people.front().post(server_.client(), "enter");
      return entry && entry->status == 200 && screen_.enter(server_.client(), entry->json()) &&
             screen_.open(server_.client());
    });
  }

  // On the desktop; comes back by itself when the server was gone, as the viewer does.
  void stay(Milliseconds how_long, const std::string& name = "connected") {
    const auto until = Steady::now() + how_long;
    while (Steady::now() < until && !last_) {
      stage(screen_.is_open() ? name : "reconnecting");
      if (!screen_.stay(50) && !screen_.open(server_.client())) pause(30);
    }
  }

  void not_lost(const Reply& reply, const std::string& what) {
    if (reply.status != 404) return;
    ledger_.broken(what + " of an acknowledged meeting answers 404: " + meeting_.id);
  }
  void stage(const std::string& name) { ledger_.stage(number_, name); }
  static void pause(std::uint32_t ms) { ::poll(nullptr, 0, static_cast<int>(ms)); }
  bool repeat(Milliseconds within, const std::function<bool()>& step) const {
    const auto until = Steady::now() + within;
    while (!step()) {
      if (Steady::now() > until || last_) return false;
      pause(40);
    }
    return true;
  }

  const std::size_t number_;
  const Server& server_;
  Ledger& ledger_;
  base::Rng rng_;
  const std::atomic<bool>& last_;
  std::uint64_t bookings_ = 0;
  Booked meeting_;
  Screen screen_;
};

}  // namespace live
