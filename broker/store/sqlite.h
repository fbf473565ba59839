// As much of SQLite as the store uses: a database that is ours alone, and prepared statements. A
// result code is a value here; who opens a store makes a StoreError of it.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "broker/store/store_error.h"

namespace mq::broker::sqlite {

class Statement {
 public:
  Statement() = default;
  // Throws StoreError if the database does not have what the statement speaks of.
  Statement(sqlite3* database, const char* sql);

  void bind(int index, std::uint64_t value);
  // `value` stays where it is until reset().
  void bind(int index, std::span<const std::byte> value);
  int step() { return sqlite3_step(handle_.get()); }
  void reset() { sqlite3_reset(handle_.get()); }
  // Runs it to its end: SQLITE_DONE, or what went wrong.
  int run();

  std::uint64_t number(int column);
  bool is_number(int column);
  std::string_view text(int column);
  // Valid until the next step.
  std::span<const std::byte> blob(int column);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

enum class OpenAs { new_file, existing };

class Database {
 public:
  // Throws StoreError. `vfs` is the name of a registered one; nothing for the system's.
  Database(const std::string& path, OpenAs how, const char* vfs);

  sqlite3* handle() const { return handle_.get(); }
  int execute(const char* sql);
  // Throws StoreError with `doing` and what SQLite says.
  void require(const char* sql, const std::string& doing);
  std::uint64_t number(const char* pragma);
  [[noreturn]] void fail(int code, const std::string& doing) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

// What the code means for somebody who wants to open a store.
StoreError::Kind meaning(int code);
// "database or disk is full", and what the system says if it was asked.
std::string words(sqlite3* database, int code);

}  // namespace mq::broker::sqlite
