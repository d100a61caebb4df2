#pragma once
// Work for a store that is about to lose its disk or its power: bookings, saves, launches, ends,
// purges and checkpoints, each of which is done wholly or not at all. The in-memory store is done
// the same to, and says what has to be there.

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "adapter/memory/meeting_store.hpp"
#include "adapter/sqlite/store.hpp"
#include "contract/any_meeting.hpp"
#include "disk/disk.hpp"
#include "domain/meeting_json.hpp"

namespace test {

using adapter::sqlite::Connection;
using adapter::sqlite::SqliteStore;

constexpr const char* kStorePath = "/store.db";

inline domain::MeetingId meeting_id(int number) {
  return *domain::MeetingId::parse("m" + std::to_string(number));
}

inline port::AuditEntry audit_entry(const std::string& action) {
  return {0, base::from_unix_ms(5), port::AuditEntry::Kind::command, "ada", action, "target", "",
          ""};
}

inline port::IdempotencyKey booking_key(int number) {
  return {*domain::PrincipalId::parse("ada"), "key" + std::to_string(number), "hash"};
}

// One piece of work. `act` must be the same for every store.
struct Piece {
  std::string name;
  std::function<base::Result<>(port::MeetingStore&)> act;
  std::uint32_t launches = 0;
  enum class Also { nothing, checkpoint, reopen, trial } also = Also::nothing;
};

inline base::Result<> book(port::MeetingStore& store, int number) {
  auto meeting = plain_meeting(meeting_id(number).text());
  meeting.title = std::string(static_cast<std::size_t>(number) * 700, 'x');  // over several pages
  const auto key = number % 2 == 0 ? std::optional(booking_key(number)) : std::nullopt;
  TRY(store.create({meeting, {audit_entry("book"), audit_entry("link")}, 0, {}}, key));
  return {};
}

inline base::Result<> change(port::MeetingStore& store, int number, std::uint32_t launches,
                             const std::function<void(domain::Meeting&)>& edit) {
  auto meeting = TRY(store.load(meeting_id(number)));
  edit(meeting);
  TRY(store.save({meeting, {audit_entry("save")}, launches, {100, 100, 100, 100}}));
  return {};
}

// The whole life of `count` meetings, and what befalls the store in between.
inline std::vector<Piece> store_work(int count) {
  using port::MeetingStore;
  std::vector<Piece> work;
  for (int i = 0; i < count; ++i) {
    const auto name = std::to_string(i);
    work.push_back({"book " + name, [i](MeetingStore& store) { return book(store, i); }});
    work.push_back({"rotate " + name, [i](MeetingStore& store) {
                      return change(store, i, 0, [](auto& meeting) { ++meeting.seats[0].epoch; });
                    }});
    work.push_back({"launch " + name,
                    [i](MeetingStore& store) {
                      return change(store, i, 1, [](auto& meeting) {
                        auto& seat = meeting.seats[0];
                        seat.desktop =
                            plain_desktop(seat.id, meeting.created_at + std::chrono::minutes(1));
                      });
                    },
                    1});
    work.push_back({"note " + name, [i](MeetingStore& store) {
                      return store.append_audit(meeting_id(i), {audit_entry("launched")});
                    }});
    work.push_back({"cursor " + name, [i](MeetingStore& store) {
                      return store.set_cursor("loop", static_cast<std::uint64_t>(i) + 1);
                    }});
    const auto nothing = [](MeetingStore&) { return base::Result<>(); };
    if (i % 3 == 0) work.push_back({"checkpoint", nothing, 0, Piece::Also::checkpoint});
    if (i == 0 || i % 3 == 1) work.push_back({"reopen", nothing, 0, Piece::Also::reopen});
    if (i % 3 == 2) work.push_back({"trial", nothing, 0, Piece::Also::trial});
    work.push_back({"end " + name, [i](MeetingStore& store) {
                      return change(store, i, 0, [](auto& meeting) {
                        meeting.seats[0].desktop.reset();
                        meeting.wake_at.reset();
                        meeting.over_at = meeting.start.at;
                      });
                    }});
    if (i % 2 == 1) {
      work.push_back({"purge", [](MeetingStore& store) -> base::Result<> {
                        TRY(store.purge(base::from_unix_ms(4'000'000'000'000), 1));
                        return {};
                      }});
    }
  }
  return work;
}

// The newest place in the feed.
inline std::uint64_t newest_cursor(port::MeetingStore& store) {
  const auto changes = store.changes(0, 1000);
  return changes && !changes->empty() ? changes->back().cursor : 0;
}

// All that a store holds, as text: two that hold the same say the same. Cursors are left out: they
// may have gaps. An error if any of it can't be read.
inline base::Result<std::string> image_of(port::MeetingStore& store) {
  std::string image;
  const auto page = TRY(store.list(std::nullopt, "", 1000));
  for (const auto& meeting : page.meetings) {
    image += std::to_string(meeting.version) + " " + domain::to_json(meeting) + "\n";
    for (const auto& entry : TRY(store.audit(meeting.id))) {
      image += "  " + std::to_string(entry.number) + " " + entry.action + "\n";
    }
  }
  for (const auto& one : TRY(store.changes(0, 1000))) {
    image += one.meeting.text() + " is " + std::to_string(one.version) + "\n";
  }
  return image + "seen " + std::to_string(TRY(store.cursor("loop"))) + "\n";
}

// What must be in the store, after each piece of work.
class Expected {
 public:
  const std::string& before() const { return before_; }
  const std::string& after() const { return after_; }
  // The piece of work is about to be done: from now on it may have been done.
  void begin(const Piece& piece) {
    if (!piece.act(memory_)) ADD_FAILURE() << piece.name;
    launches_ += piece.launches;
    after_ = now();
  }
  void done() { before_ = after_; }
  // It was not done: the same pieces of work bring a store anew to where it was.
  static std::string image_with_launches(const std::string& image, std::int64_t launches) {
    return image + std::to_string(launches) + " launches\n";
  }

 private:
  std::string now() { return image_with_launches(*image_of(memory_), launches_); }
  adapter::memory::MemoryStore memory_{"model"};
  std::int64_t launches_ = 0;
  std::string before_ = now();
  std::string after_ = before_;
};

// What is in the store at the path of `disk`, by the store and by a look past it.
inline base::Result<std::string> image_on(sim::Disk& disk, SqliteStore& store) {
  const auto look = TRY(Connection::open(kStorePath, Connection::Mode::read_only, 256, disk.vfs()));
  auto whole = look->query("PRAGMA integrity_check");
  if (!TRY(whole.step()) || whole.text(0) != "ok") {
    return base::fail(base::ErrorKind::internal, "integrity: " + std::string(whole.text(0)));
  }
  const auto launches = TRY(look->integer("SELECT coalesce(sum(count), 0) FROM launches"));
  return Expected::image_with_launches(TRY(image_of(store)), launches);
}

inline base::Result<std::unique_ptr<SqliteStore>> open_on(sim::Disk& disk,
                                                          std::string_view entropy) {
  return SqliteStore::open(kStorePath, entropy, disk);
}

// Does a piece of work to a store on `disk`; `store` may be closed and opened by it.
inline base::Result<> do_piece(const Piece& piece, sim::Disk& disk,
                               std::unique_ptr<SqliteStore>& store, std::string_view entropy) {
  switch (piece.also) {
    case Piece::Also::nothing:
      break;
    case Piece::Also::checkpoint: {
      const auto other =
          TRY(Connection::open(kStorePath, Connection::Mode::read_write, 256, disk.vfs()));
      TRY(other->integer("PRAGMA wal_checkpoint(PASSIVE)"));
      break;
    }
    case Piece::Also::reopen:
      store.reset();
      store = TRY(open_on(disk, entropy));
      break;
    case Piece::Also::trial:
      TRY(store->check_writable());
      break;
  }
  return piece.act(*store);
}

}  // namespace test
