// The rows, each on every broker, in rounds that take turns: what the machine does besides hits all
// of them alike. Brokers of a row run at the same time, loaded one after another.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/row.h"
#include "peers/adapter.h"

namespace mq::bench {

struct ContestOptions {
  std::vector<std::string> brokers;  // names or adapter files; empty: ours and all installed ones
  std::vector<std::string> rows;     // by name; empty: all
  int rounds = 3;
  RowScale scale;
  std::string own_program;  // that is called as PROGRAM broker ...
  std::function<void(const std::string& line)> progress = [](const std::string&) {};
  std::function<bool()> is_interrupted = [] { return false; };
};

struct Contestant {
  std::string name;
  std::string title;
  std::string release;
};

struct RowResult {
  struct Entry {
    std::string broker;
    std::vector<Outcome> rounds;
    std::string not_measured;  // why; empty otherwise
  };
  const Row* row = nullptr;
  std::vector<Entry> entries;
};

struct Contest {
  std::vector<Contestant> contestants;
  std::vector<std::string> absent;  // sentences: who is not here, how to get it
  std::vector<RowResult> rows;
  bool was_interrupted = false;
};

// Names of rows that are not known, and of brokers that are not, are for the caller: these throw
// std::invalid_argument, peers::AdapterError, or peers::PeerError for a broker that was asked for
// by name and is absent.
Contest run_contest(const ContestOptions& options);

}  // namespace mq::bench
