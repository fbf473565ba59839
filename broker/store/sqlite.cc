#include "broker/store/sqlite.h"

#include <cstring>

namespace mq::broker::sqlite {

Statement::Statement(sqlite3* database, const char* sql) {
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  handle_.reset(made);
  if (code != SQLITE_OK)
    throw StoreError(code == SQLITE_ERROR ? StoreError::Kind::damaged : meaning(code),
                     words(database, code));
}

void Statement::bind(int index, std::uint64_t value) {
  sqlite3_bind_int64(handle_.get(), index, static_cast<sqlite3_int64>(value));
}

void Statement::bind(int index, std::span<const std::byte> value) {
  sqlite3_bind_blob64(handle_.get(), index, value.data(), value.size(), SQLITE_STATIC);
}

int Statement::run() {
  const int code = step();
  reset();
  return code;
}

std::uint64_t Statement::number(int column) {
  return static_cast<std::uint64_t>(sqlite3_column_int64(handle_.get(), column));
}

bool Statement::is_number(int column) {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_INTEGER;
}

std::string_view Statement::text(int column) {
  const auto* begin = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  return {begin, begin == nullptr
                     ? 0
                     : static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::span<const std::byte> Statement::blob(int column) {
  const void* begin = sqlite3_column_blob(handle_.get(), column);
  const int count = sqlite3_column_bytes(handle_.get(), column);
  return {static_cast<const std::byte*>(begin), static_cast<std::size_t>(count)};
}

Database::Database(const std::string& path, OpenAs how, const char* vfs) : path_(path) {
  const int create = how == OpenAs::new_file ? SQLITE_OPEN_CREATE : 0;
  sqlite3* made = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &made,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | create, vfs);
  handle_.reset(made);
  if (code != SQLITE_OK) fail(code, "cannot open");
  sqlite3_extended_result_codes(made, 1);
  // A store that is refused is left as it was found, its log included.
  sqlite3_db_config(made, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(made, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(made, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (sqlite3_db_readonly(made, "main") == 1)
    throw StoreError(StoreError::Kind::read_only, path + ": the store cannot be written to");
}

int Database::execute(const char* sql) {
  return sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
}

void Database::require(const char* sql, const std::string& doing) {
  if (const int code = execute(sql); code != SQLITE_OK) fail(code, doing);
}

std::uint64_t Database::number(const char* pragma) {
  Statement asked(handle_.get(), pragma);
  const int code = asked.step();
  if (code != SQLITE_ROW && code != SQLITE_DONE) fail(code, "cannot read");
  return code == SQLITE_ROW ? asked.number(0) : 0;
}

void Database::fail(int code, const std::string& doing) const {
  const auto kind = meaning(code);
  std::string text = path_ + ": " + doing + ": " + words(handle_.get(), code);
  if (kind == StoreError::Kind::locked) text = path_ + ": another broker has this store open";
  if (kind == StoreError::Kind::not_a_store) text = path_ + ": this is not a store of mqttlab";
  throw StoreError(kind, text);
}

StoreError::Kind meaning(int code) {
  switch (code & 0xFF) {
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return StoreError::Kind::cannot_open;
    case SQLITE_READONLY:
      return StoreError::Kind::read_only;
    case SQLITE_FULL:
      return StoreError::Kind::full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return StoreError::Kind::locked;
    case SQLITE_NOTADB:
      return StoreError::Kind::not_a_store;
    case SQLITE_CORRUPT:
      return StoreError::Kind::damaged;
    default:
      return StoreError::Kind::failed;
  }
}

std::string words(sqlite3* database, int code) {
  std::string text = sqlite3_errstr(code);
  const int system = database != nullptr ? sqlite3_system_errno(database) : 0;
  const bool asked_the_system = (code & 0xFF) == SQLITE_CANTOPEN || (code & 0xFF) == SQLITE_IOERR;
  if (asked_the_system && system != 0) text += std::string(" (") + std::strerror(system) + ")";
  return text;
}

}  // namespace mq::broker::sqlite
