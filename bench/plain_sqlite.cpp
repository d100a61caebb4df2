// plain_sqlite: the reference for durable bookings. Takes the rows that howdah wrote for the first
// N meetings of a store and writes them again into a new store file of the same schema, on the same
// disk, with the same pragmas (WAL, synchronous=FULL), one commit for each meeting: what SQLite
// alone can do for one writer. Prints one JSON object.
//   plain_sqlite <howdah's store> <new file> <meetings> <seconds at most>

#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct CloseStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
struct FreeValue {
  void operator()(sqlite3_value* value) const { sqlite3_value_free(value); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, CloseStatement>;
using Value = std::unique_ptr<sqlite3_value, FreeValue>;
using Row = std::vector<Value>;

[[noreturn]] void stop(sqlite3* database, const std::string& what) {
  std::fprintf(stderr, "plain_sqlite: %s: %s\n", what.c_str(), sqlite3_errmsg(database));
  std::exit(1);
}

Database open(const char* path, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path, &raw, flags, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) stop(raw, path);
  return database;
}

Statement prepare(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) {
    stop(database, sql);
  }
  return Statement(raw);
}

void execute(sqlite3* database, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    stop(database, sql);
  }
}

std::vector<Row> read_rows(sqlite3* database, const std::string& sql) {
  std::vector<Row> rows;
  const auto statement = prepare(database, sql);
  while (sqlite3_step(statement.get()) == SQLITE_ROW) {
    Row row;
    for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) {
      row.emplace_back(sqlite3_value_dup(sqlite3_column_value(statement.get(), i)));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void copy_schema(sqlite3* from, sqlite3* to) {
  execute(to, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  const auto rows = read_rows(from,
                              "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT "
                              "LIKE 'sqlite_%' ORDER BY type = 'table' DESC, rowid");
  for (const auto& row : rows) {
    execute(to, reinterpret_cast<const char*>(sqlite3_value_text(row[0].get())));
  }
}

std::string insert_into(const std::string& table, std::size_t columns) {
  std::string sql = "INSERT INTO " + table + " VALUES (?";
  for (std::size_t i = 1; i < columns; ++i) sql += ", ?";
  return sql + ")";
}

void run(sqlite3* database, const Statement& statement, const Row& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    sqlite3_bind_value(statement.get(), static_cast<int>(i + 1), row[i].get());
  }
  if (sqlite3_step(statement.get()) != SQLITE_DONE) stop(database, "insert");
  sqlite3_reset(statement.get());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "plain_sqlite <howdah's store> <new file> <meetings> <seconds>\n");
    return 2;
  }
  const auto from = open(argv[1], SQLITE_OPEN_READONLY);
  ::unlink(argv[2]);
  const auto to = open(argv[2], SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  copy_schema(from.get(), to.get());
  const std::string chosen = " ORDER BY key LIMIT " + std::string(argv[3]);
  const auto meetings = read_rows(from.get(), "SELECT * FROM meetings" + chosen);
  const auto audit =
      read_rows(from.get(),
                "SELECT * FROM audit WHERE number = 1 AND meeting IN (SELECT key FROM "
                "meetings" +
                    chosen + ") ORDER BY meeting");
  if (meetings.empty() || meetings.size() != audit.size()) {
    std::fprintf(stderr, "plain_sqlite: %zu meetings with %zu first audit rows\n", meetings.size(),
                 audit.size());
    return 1;
  }
  const auto begin = prepare(to.get(), "BEGIN IMMEDIATE");
  const auto commit = prepare(to.get(), "COMMIT");
  const auto add_meeting = prepare(to.get(), insert_into("meetings", meetings[0].size()));
  const auto add_audit = prepare(to.get(), insert_into("audit", audit[0].size()));
  std::size_t next = 0;
  const auto write_for = [&](std::chrono::milliseconds time) {
    const auto start = std::chrono::steady_clock::now();
    const auto first = next;
    while (next < meetings.size() && std::chrono::steady_clock::now() < start + time) {
      run(to.get(), begin, {});
      run(to.get(), add_meeting, meetings[next]);
      run(to.get(), add_audit, audit[next]);
      run(to.get(), commit, {});
      ++next;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return std::pair(next - first, took.count());
  };
  // A file that still grows is slower to sync than one that is written again, as the server's is.
  write_for(std::chrono::milliseconds(1000));
  const auto [written, seconds] = write_for(std::chrono::milliseconds(std::atoi(argv[4]) * 1000));
  std::printf("{\"written\":%zu,\"seconds\":%.6f}\n", written, seconds);
  return 0;
}
