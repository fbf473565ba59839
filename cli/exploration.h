// A search through drawn scenarios: many players, one seed after another, until something breaks;
// then the same scenario with less and less of it. Says nothing: explore.cc does.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/player.h"
#include "explore/draw.h"
#include "scenarios/language/document.h"

namespace mq::cli {

struct Search {
  explore::Wanted wanted;
  Simulator simulator = Simulator::memory;  // of the world that is wanted
  std::optional<scenario::Node> base;       // draw faults for this scenario
  std::uint64_t first_seed = 1;
  std::uint64_t runs = 0;
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
  bool until_coverage = false;
  std::uint32_t jobs = 1;
  std::vector<std::string> ignore;  // ids of findings that are known
};

struct Failure {
  std::uint64_t seed = 0;
  std::string text;
  Played::Broken broken;
};

class Exploration {
 public:
  using Clock = std::chrono::steady_clock;

  // `progress` is called a few times a second; both outlive this.
  Exploration(const Search& search, std::function<void()> progress);

  void run();
  // What run() found, with less of it; false if it was interrupted before it was as small as can
  // be.
  bool make_smaller();

  std::uint64_t ended() const { return ended_; }
  std::uint64_t events() const { return events_; }
  std::uint64_t unmeasured() const { return unmeasured_; }
  std::uint64_t troubled() const { return troubled_; }
  const std::string& last_trouble() const { return last_trouble_; }
  std::uint64_t ignored() const { return ignored_; }
  // By trace::sometimes_states: in how many runs.
  const std::vector<std::uint64_t>& reached() const { return reached_; }
  std::size_t states_reached() const;
  double seconds() const;
  const std::optional<Failure>& failure() const { return failure_; }
  std::size_t plays() const { return plays_; }  // to make it smaller
  // Why no run is possible, and the exit code for it.
  struct Impossible {
    int exit_code;
    std::string why;
  };
  const std::optional<Impossible>& impossible() const { return impossible_; }

 private:
  struct Job {
    std::unique_ptr<Player> player;
    std::uint64_t seed = 0;
    std::string text;
  };

  bool more() const;
  void begin(Job& job);
  void take(const Job& job, const Played& played);
  void wait() const;
  std::optional<Played> play_alone(const std::string& text);

  const Search& search_;
  std::function<void()> progress_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point ended_at_{};
  std::vector<Job> jobs_;
  std::uint64_t begun_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t unmeasured_ = 0;
  std::uint64_t troubled_ = 0;
  std::uint64_t ignored_ = 0;
  std::string last_trouble_;
  std::vector<std::uint64_t> reached_;
  std::optional<Failure> failure_;  // of the lowest seed seen
  std::size_t plays_ = 0;
  std::optional<Impossible> impossible_;
};

}  // namespace mq::cli
