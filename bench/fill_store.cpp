// fill_store: puts meetings into a store of howdah, as if they had been booked over months: six in
// ten are over (within the last 80 days), the others start in 1 to 300 days. With a time and a
// number it adds meetings whose desktops are all due to start within that one second. The server
// must not be running. Prints how many it wrote.
//   fill_store <store file> <meetings> [<due at, unix ms> <meetings due> <launch lead, ms>]

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "adapter/sqlite/store.hpp"
#include "base/check.hpp"
#include "domain/command.hpp"
#include "domain/phase.hpp"

namespace {

using namespace std::chrono_literals;
using base::Timestamp;

domain::Meeting meeting_at(std::uint64_t number, char kind, Timestamp start, Timestamp booked,
                           const domain::Policy& policy) {
  auto id = std::to_string(number);
  id = std::string("mbench") + kind + std::string(8 - id.size(), '0') + id;
  domain::Booking booking{.title = "Algebra " + std::to_string(number),
                          .start = {start, "", ""},
                          .length = 45min,
                          .call_url = "https://meet.example.org/algebra"};
  booking.start.local = base::to_rfc3339(start);
  booking.seats = {{"teacher", "Ada", "ada@example.org"}, {"student", "Grace", ""}};
  auto made = domain::book(booking, *domain::MeetingId::parse(id),
                           *domain::PrincipalId::parse("organiser"), booked, policy);
  CHECK(made.has_value());
  made->wake_at = domain::launch_at(*made, policy);
  return *std::move(made);
}

void make_over(domain::Meeting& meeting) {
  meeting.end = domain::End{domain::EndReason::completed, meeting.start.at + 45min, "howdah"};
  meeting.over_at = meeting.end->at + 3s;
  meeting.wake_at.reset();
}

class Filler {
 public:
  explicit Filler(port::MeetingStore& store) : store_(store) {}

  // Many at once, so that they share their commits.
  template <class Make>
  void fill(std::uint64_t count, const Make& make) {
    constexpr int kWriters = 64;
    std::atomic<std::uint64_t> next{0};
    std::vector<std::jthread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&] {
        for (auto number = next++; number < count; number = next++) write(make(number));
      });
    }
  }

 private:
  void write(const domain::Meeting& meeting) {
    const port::AuditEntry booked{.number = 0,
                                  .at = meeting.created_at,
                                  .kind = port::AuditEntry::Kind::command,
                                  .actor = "organiser",
                                  .action = "book",
                                  .target = meeting.id.text(),
                                  .result = "",
                                  .detail = ""};
    const auto created = store_.create({meeting, {booked}, 0, {}}, std::nullopt);
    if (created) return;
    std::fprintf(stderr, "fill_store: %s\n", created.error().message.c_str());
    std::exit(1);
  }

  port::MeetingStore& store_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 6) {
    std::fprintf(stderr, "fill_store <file> <meetings> [<due at> <due> <launch lead>]\n");
    return 2;
  }
  const auto store = adapter::sqlite::SqliteStore::open(argv[1], std::string(32, 'b'));
  if (!store) {
    std::fprintf(stderr, "fill_store: %s\n", store.error().message.c_str());
    return 1;
  }
  domain::Policy policy;
  const auto now = std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now());
  const auto stored = static_cast<std::uint64_t>(std::atoll(argv[2]));
  Filler filler(**store);
  filler.fill(stored, [&](std::uint64_t number) {
    const auto over = number % 10 < 6;
    const auto start = over ? now - 1h - 79 * 24h * (number % 997) / 997
                            : now + 24h + 300 * 24h * (number % 1999) / 1999;
    auto meeting = meeting_at(number, 's', start, std::min<Timestamp>(start - 48h, now), policy);
    if (over) make_over(meeting);
    return meeting;
  });
  if (argc == 6) {
    const auto due = base::from_unix_ms(std::atoll(argv[3]));
    const auto count = static_cast<std::uint64_t>(std::atoll(argv[4]));
    policy.launch_lead = base::Duration(std::atoll(argv[5]));
    filler.fill(count, [&](std::uint64_t number) {
      const auto at = due + base::Duration(number * 1000 / count);
      return meeting_at(number, 'd', at + policy.launch_lead, now, policy);
    });
  }
  std::printf("{\"stored\":%llu}\n", static_cast<unsigned long long>(stored));
  return 0;
}
