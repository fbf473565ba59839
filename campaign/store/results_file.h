// The results of a campaign in a file of SQLite: one row per run, by its key, and the two texts
// that the plan is made of, so that the file explains itself. Written by one process at a time and
// read by any number meanwhile; a rollback journal, not a log of its own, so that it may lie on a
// file system of a cluster. What was committed survives kill -9 and a power failure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "campaign/outcome.h"

struct sqlite3;

namespace mq::campaign {

inline constexpr int results_schema_version = 2;

// The file cannot be used: one line for the user. `is_refused`: it is another campaign's, or of a
// newer program, or none at all; else the machine's fault.
struct ResultsError : std::runtime_error {
  ResultsError(const std::string& text, bool refused)
      : std::runtime_error(text), is_refused(refused) {}
  bool is_refused;
};

// What the rows are results of. Two files with the same can be merged.
struct About {
  std::string program;  // version of mqttlab
  std::string file;
  std::string text;
  std::string scenario_file;
  std::string scenario_text;
};

struct MergeCount {
  std::uint64_t added = 0;
  std::uint64_t already_there = 0;
  // Runs with two results that are both judged and differ: the simulation is not repeatable.
  std::uint64_t contradicting = 0;
};

class ResultsFile {
 public:
  enum class Open : std::uint8_t {
    to_read,
    to_write,  // made if it is not there; refused while another process writes it
  };
  // Throws ResultsError, as every member does.
  ResultsFile(const std::string& path, Open how);
  ~ResultsFile();
  ResultsFile(const ResultsFile&) = delete;
  ResultsFile& operator=(const ResultsFile&) = delete;

  const std::string& path() const { return path_; }
  // Nothing in a file that was just made.
  std::optional<About> about() const;
  // Says what the rows are results of. Another campaign file or scenario is fine, as long as the
  // program is the same: keys say which rows still count.
  void set_about(const About& about);

  // All of them, or none. A run that is there already stays as it was unless the new outcome says
  // more: judged wins over crashed.
  void add(std::span<const Outcome> outcomes);
  // Takes out what must be run again.
  void forget(std::span<const Key> keys);
  // All rows of another file, which must be of the same campaign. Merging twice, or in another
  // order, gives the same rows.
  MergeCount merge(const std::string& other);

  std::uint64_t count() const;
  // Every row, in the order of the keys.
  void for_each(const std::function<void(const Outcome&)>& take) const;
  // Only how they ended.
  void for_each_end(const std::function<void(Key, End, Verdict)>& take) const;

 private:
  class Statement;
  void prepare(Open how);
  void add_columns();
  void run(const std::string& sql) const;
  [[noreturn]] void fail(const std::string& doing) const;

  std::string path_;
  int lock_ = -1;
  bool is_empty_ = false;  // made, and nothing written: a run that was killed at once
  std::unique_ptr<sqlite3, void (*)(sqlite3*)> database_;
};

}  // namespace mq::campaign
