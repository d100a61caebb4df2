#pragma once
// The stores that the store contracts run on, each with the means to damage a row.

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "adapter/memory/meeting_store.hpp"
#include "adapter/sqlite/store.hpp"

namespace test {

// A folder that goes with the test. On the disk, not in memory: /tmp may be a tmpfs.
class Folder {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "howdah-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Runs SQL on a store's file behind the store's back; answers SQLite's message, empty when it
// worked.
inline std::string run_sql(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  sqlite3_busy_timeout(handle, 5000);
  char* text = nullptr;
  sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &text);
  std::string message = text == nullptr ? "" : text;
  sqlite3_free(text);
  sqlite3_close(handle);
  return message;
}

// The first column of all rows, joined by ','.
inline std::string ask_sql(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  std::string answer;
  const auto add = [](void* to, int, char** values, char**) {
    auto& text = *static_cast<std::string*>(to);
    text += (text.empty() ? "" : ",") + std::string(values[0] == nullptr ? "NULL" : values[0]);
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), add, &answer, nullptr), SQLITE_OK);
  sqlite3_close(handle);
  return answer;
}

constexpr std::string_view kEntropy = "0123456789abcdef";

inline std::unique_ptr<adapter::sqlite::SqliteStore> open_sqlite(const std::string& path) {
  auto opened = adapter::sqlite::SqliteStore::open(path, kEntropy);
  EXPECT_TRUE(opened) << opened.error().message << " " << opened.error().detail;
  return opened ? *std::move(opened) : nullptr;
}

struct Memory {
  adapter::memory::MemoryStore store{"stest"};
  void spoil(const domain::MeetingId& id) { store.spoil(id); }
};

struct Sqlite {
  Folder folder;
  std::unique_ptr<adapter::sqlite::SqliteStore> owner = open_sqlite(folder.file("store.db"));
  adapter::sqlite::SqliteStore& store = *owner;
  void spoil(const domain::MeetingId& id) {
    EXPECT_EQ(run_sql(folder.file("store.db"),
                      "UPDATE meetings SET body = '{\"schema\":1}' "
                      "WHERE id = '" +
                          id.text() + "'"),
              "");
  }
};

using Stores = ::testing::Types<Memory, Sqlite>;

}  // namespace test
