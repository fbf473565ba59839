#include "campaign/store/results_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

#include "campaign/figures.h"

namespace mq::campaign {
namespace {

constexpr int application_id = 0x6d716361;
// A reader holds the file for as long as it takes to read a page; a writer, to commit.
constexpr int patience_ms = 30'000;

// In the order of the columns of a row.
constexpr std::string_view fixed_columns =
    "key, ended, verdict, hash, broken, evidence, wall_us, cpu_us, memory_kib";
constexpr int fixed_count = 9;

std::string all_columns() {
  std::string text(fixed_columns);
  for (const Figure& figure : figures) text += ", " + column(figure);
  return text;
}

std::string schema() {
  std::string text =
      "CREATE TABLE campaign(one INTEGER PRIMARY KEY CHECK(one = 1), program TEXT NOT NULL, "
      "file TEXT NOT NULL, text TEXT NOT NULL, scenario_file TEXT NOT NULL, "
      "scenario_text TEXT NOT NULL) STRICT;\n"
      "CREATE TABLE run(key INTEGER PRIMARY KEY, ended TEXT NOT NULL, verdict TEXT NOT NULL, "
      "hash TEXT NOT NULL, broken TEXT NOT NULL, evidence TEXT NOT NULL, "
      "wall_us INTEGER NOT NULL, cpu_us INTEGER NOT NULL, memory_kib INTEGER NOT NULL";
  for (const Figure& figure : figures) text += ", " + column(figure) + " REAL";
  return text + ") STRICT;\n";
}

constexpr std::array verdicts = {std::string_view("held"), std::string_view("broken"),
                                 std::string_view("nothing")};

// Of two outcomes of one run the better one, whichever came first: judged before anything else,
// then by everything that may differ, so that no order of merging decides.
constexpr std::string_view standing =
    "({0}.ended = 'judged', {0}.ended = 'refused', {0}.hash, {0}.ended, {0}.evidence, "
    "-{0}.wall_us, -{0}.cpu_us, -{0}.memory_kib)";

std::string on_conflict() {
  std::string text = " ON CONFLICT(key) DO UPDATE SET (" + all_columns() + ") = (";
  std::string columns = all_columns();
  for (std::size_t from = 0; from < columns.size();) {
    const std::size_t comma = std::min(columns.find(", ", from), columns.size());
    text += (from == 0 ? "excluded." : ", excluded.") + columns.substr(from, comma - from);
    from = comma + 2;
  }
  return text + ") WHERE " + fmt::format(fmt::runtime(standing), "excluded") + " > " +
         fmt::format(fmt::runtime(standing), "run");
}

std::string insertion() {
  std::string text = "INSERT INTO run(" + all_columns() + ") VALUES(?1";
  for (std::size_t i = 1; i < fixed_count + figures.size(); ++i)
    text += fmt::format(", ?{}", i + 1);
  return text + ")" + on_conflict();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    words.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return words;
}

End end_of(std::string_view word) {
  for (int i = 0; i <= static_cast<int>(End::crashed); ++i)
    if (name(static_cast<End>(i)) == word) return static_cast<End>(i);
  return End::crashed;
}

Verdict verdict_of(std::string_view word) {
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    if (verdicts[i] == word) return static_cast<Verdict>(i);
  return Verdict::nothing;
}

std::string lock_of(const std::string& path) { return path + ".lock"; }

// SQLite would hold a lock of its own only while it writes. The file goes when the writer does, so
// whoever gets a lock looks whether it is still the file of that name.
int locked(const std::string& path) {
  const std::string name = lock_of(path);
  while (true) {
    const int file = open(name.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    if (file < 0)
      throw ResultsError(fmt::format("{} cannot be written: {}", path, std::strerror(errno)), true);
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
      close(file);
      throw ResultsError(path + ": another process is working on it", true);
    }
    struct stat held {};
    struct stat named {};
    if (fstat(file, &held) == 0 && stat(name.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
        held.st_dev == named.st_dev)
      return file;
    close(file);
  }
}

}  // namespace

// A prepared statement; bound values are not copied.
class ResultsFile::Statement {
 public:
  Statement(const ResultsFile& file, const std::string& sql) : file_(file) {
    if (sqlite3_prepare_v2(file.database_.get(), sql.c_str(), -1, &handle_, nullptr) != SQLITE_OK)
      file.fail("cannot be read");
  }
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void bind(int at, std::uint64_t value) {
    sqlite3_bind_int64(handle_, at, static_cast<sqlite3_int64>(value));
  }
  void bind(int at, std::string_view value) {
    sqlite3_bind_text(handle_, at, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
  }
  void bind_figure(int at, double value) {
    std::isnan(value) ? sqlite3_bind_null(handle_, at) : sqlite3_bind_double(handle_, at, value);
  }
  // Whether there is a row.
  bool step() {
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) file_.fail("failed");
    sqlite3_reset(handle_);
    return false;
  }
  std::uint64_t number(int column) const {
    return static_cast<std::uint64_t>(sqlite3_column_int64(handle_, column));
  }
  double figure(int column) const {
    return sqlite3_column_type(handle_, column) == SQLITE_NULL
               ? no_figure
               : sqlite3_column_double(handle_, column);
  }
  std::string_view text(int column) const {
    const auto* begin = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
    return begin == nullptr ? std::string_view() : std::string_view(begin, size);
  }

 private:
  const ResultsFile& file_;
  sqlite3_stmt* handle_ = nullptr;
};

ResultsFile::ResultsFile(const std::string& path, Open how)
    : path_(path), database_(nullptr, [](sqlite3* database) { sqlite3_close_v2(database); }) {
  if (how == Open::to_write) lock_ = locked(path);
  try {
    prepare(how);
  } catch (...) {
    if (lock_ >= 0) {
      unlink(lock_of(path_).c_str());
      close(lock_);
    }
    throw;
  }
}

ResultsFile::~ResultsFile() {
  if (lock_ < 0) return;
  // Takes the empty journal away; if somebody reads just now, it stays.
  sqlite3_busy_timeout(database_.get(), 0);
  sqlite3_exec(database_.get(), "PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr);
  database_.reset();
  unlink(lock_of(path_).c_str());
  close(lock_);
}

void ResultsFile::prepare(Open how) {
  const bool write = how == Open::to_write;
  sqlite3* made = nullptr;
  const int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
  const int code = sqlite3_open_v2(path_.c_str(), &made, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(made);
  if (code != SQLITE_OK)
    throw ResultsError(fmt::format("{} cannot be opened: {}", path_, sqlite3_errstr(code)), true);
  sqlite3_busy_timeout(made, patience_ms);
  sqlite3_db_config(made, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(made, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  const auto number = [&](const char* sql) -> std::int64_t {
    Statement asked(*this, sql);
    return asked.step() ? static_cast<std::int64_t>(asked.number(0)) : 0;
  };
  is_empty_ = number("SELECT count(*) FROM sqlite_master") == 0;
  const std::int64_t id = number("PRAGMA application_id");
  const std::int64_t version = number("PRAGMA user_version");
  if (!is_empty_ && id != application_id)
    throw ResultsError(path_ + ": this is not a results file of `mqttlab campaign`", true);
  if (version > results_schema_version)
    throw ResultsError(fmt::format("{}: written by a newer mqttlab (its schema is version {}, this "
                                   "program knows {})",
                                   path_, version, results_schema_version),
                       true);
  if (!is_empty_ && version < results_schema_version) add_columns();
  if (!write) return;
  if (is_empty_)
    run(
        fmt::format("BEGIN IMMEDIATE; {} PRAGMA application_id = {}; PRAGMA user_version = {}; "
                    "COMMIT",
                    schema(), application_id, results_schema_version));
  is_empty_ = false;
  run("PRAGMA journal_mode = TRUNCATE");
  run("PRAGMA synchronous = FULL");
  run("PRAGMA cache_size = -65536");
}

// An older file lacks figures; of its runs they are not known.
void ResultsFile::add_columns() {
  std::set<std::string> there;
  {
    Statement asked(*this, "SELECT name FROM pragma_table_info('run')");
    while (asked.step()) there.insert(std::string(asked.text(0)));
  }
  std::string sql = "BEGIN IMMEDIATE; ";
  for (const Figure& figure : figures)
    if (!there.contains(column(figure)))
      sql += "ALTER TABLE run ADD COLUMN " + column(figure) + " REAL; ";
  run(sql + fmt::format("PRAGMA user_version = {}; COMMIT", results_schema_version));
}

void ResultsFile::run(const std::string& sql) const {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return;
  const std::string text = fmt::format("{}: {}", path_, sqlite3_errmsg(database_.get()));
  const bool none = sqlite3_errcode(database_.get()) == SQLITE_NOTADB;
  sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  throw ResultsError(text, none);
}

void ResultsFile::fail(const std::string& doing) const {
  if (sqlite3_errcode(database_.get()) == SQLITE_NOTADB)
    throw ResultsError(path_ + ": this is not a results file of `mqttlab campaign`", true);
  throw ResultsError(fmt::format("{} {}: {}", path_, doing, sqlite3_errmsg(database_.get())),
                     false);
}

std::optional<About> ResultsFile::about() const {
  if (is_empty_) return std::nullopt;
  Statement asked(*this, "SELECT program, file, text, scenario_file, scenario_text FROM campaign");
  if (!asked.step()) return std::nullopt;
  const auto text = [&](int column) { return std::string(asked.text(column)); };
  return About{text(0), text(1), text(2), text(3), text(4)};
}

void ResultsFile::set_about(const About& about) {
  Statement put(*this, "INSERT OR REPLACE INTO campaign VALUES(1, ?1, ?2, ?3, ?4, ?5)");
  put.bind(1, about.program);
  put.bind(2, about.file);
  put.bind(3, about.text);
  put.bind(4, about.scenario_file);
  put.bind(5, about.scenario_text);
  put.step();
}

void ResultsFile::add(std::span<const Outcome> outcomes) {
  run("BEGIN IMMEDIATE");
  try {
    Statement put(*this, insertion());
    for (const Outcome& outcome : outcomes) {
      const std::string broken = joined(outcome.broken);
      put.bind(1, static_cast<std::uint64_t>(outcome.key));
      put.bind(2, name(outcome.end));
      put.bind(3, verdicts[static_cast<std::size_t>(outcome.verdict)]);
      put.bind(4, outcome.hash);
      put.bind(5, broken);
      put.bind(6, outcome.evidence);
      put.bind(7, outcome.wall_us);
      put.bind(8, outcome.cpu_us);
      put.bind(9, outcome.memory_kib);
      for (std::size_t i = 0; i < figures.size(); ++i)
        put.bind_figure(fixed_count + 1 + static_cast<int>(i),
                        i < outcome.figures.size() ? outcome.figures[i] : no_figure);
      put.step();
    }
  } catch (...) {
    sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
  run("COMMIT");
}

void ResultsFile::forget(std::span<const Key> keys) {
  run("BEGIN IMMEDIATE");
  {
    Statement remove(*this, "DELETE FROM run WHERE key = ?1");
    for (const Key key : keys) {
      remove.bind(1, static_cast<std::uint64_t>(key));
      remove.step();
    }
  }
  run("COMMIT");
}

MergeCount ResultsFile::merge(const std::string& other) {
  // Looks at it as a file of its own first: what is wrong with it is said with its name.
  std::optional<About> theirs;
  {
    const ResultsFile file(other, Open::to_read);
    theirs = file.about();
  }
  if (!theirs) return {};  // nothing was ever run
  if (const auto ours = about()) {
    if (ours->program != theirs->program)
      throw ResultsError(fmt::format("{} was made by mqttlab {}, {} by {}", other, theirs->program,
                                     path_, ours->program),
                         true);
    if (ours->text != theirs->text || ours->scenario_text != theirs->scenario_text)
      throw ResultsError(
          fmt::format("{} has results of another {} than {}", other,
                      ours->text != theirs->text ? "campaign file" : "scenario", path_),
          true);
  } else {
    set_about(*theirs);
  }
  {
    Statement attach(*this, "ATTACH ?1 AS other");
    attach.bind(1, other);
    attach.step();
  }
  MergeCount result;
  const std::uint64_t before = count();
  try {
    {
      Statement asked(*this,
                      "SELECT count(*), total(a.ended = 'judged' AND b.ended = 'judged' AND "
                      "a.hash <> b.hash) FROM main.run AS a JOIN other.run AS b USING(key)");
      asked.step();
      result.already_there = asked.number(0);
      result.contradicting = asked.number(1);
    }
    // `WHERE true`: without it, the grammar takes ON for a join's.
    run(
        fmt::format("BEGIN IMMEDIATE; INSERT INTO main.run({0}) SELECT {0} FROM other.run WHERE "
                    "true ORDER BY key{1}; COMMIT",
                    all_columns(), on_conflict()));
    result.added = count() - before;
  } catch (...) {
    sqlite3_exec(database_.get(), "DETACH other", nullptr, nullptr, nullptr);
    throw;
  }
  run("DETACH other");
  return result;
}

std::uint64_t ResultsFile::count() const {
  if (is_empty_) return 0;
  Statement asked(*this, "SELECT count(*) FROM main.run");
  asked.step();
  return asked.number(0);
}

void ResultsFile::for_each(const std::function<void(const Outcome&)>& take) const {
  if (is_empty_) return;
  Statement rows(*this, "SELECT " + all_columns() + " FROM run ORDER BY key");
  Outcome outcome;
  outcome.figures.resize(figures.size());
  while (rows.step()) {
    outcome.key = Key{rows.number(0)};
    outcome.end = end_of(rows.text(1));
    outcome.verdict = verdict_of(rows.text(2));
    outcome.hash = rows.text(3);
    outcome.broken = split(rows.text(4));
    outcome.evidence = rows.text(5);
    outcome.wall_us = rows.number(6);
    outcome.cpu_us = rows.number(7);
    outcome.memory_kib = rows.number(8);
    for (std::size_t i = 0; i < figures.size(); ++i)
      outcome.figures[i] = rows.figure(fixed_count + static_cast<int>(i));
    take(outcome);
  }
}

void ResultsFile::for_each_end(const std::function<void(Key, End, Verdict)>& take) const {
  if (is_empty_) return;
  Statement rows(*this, "SELECT key, ended, verdict FROM run");
  while (rows.step()) take(Key{rows.number(0)}, end_of(rows.text(1)), verdict_of(rows.text(2)));
}

}  // namespace mq::campaign
