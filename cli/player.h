// Plays small scenarios one after another in a process of its own, for `mqttlab explore`: a crash
// or a hang costs one play, and ns-3 stays in its own program. Nothing is written to disk.
//
// The process reads requests from stdin, "BYTES\n" and so many bytes of a scenario, and answers
// each with a line: see to_line().
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/simulator.h"

namespace mq::cli {

struct Played {
  enum class End : std::uint8_t {
    judged,
    refused,   // no valid scenario, or no such broker: `why`, `exit_code`
    troubled,  // the broker of somebody else could not be run to the end: `why`
    crashed,   // the process ended
    hung,      // no answer in time
  };
  struct Broken {
    std::string id;        // of the finding; of a crash "crash", of a hang "hang"
    std::string evidence;  // one sentence
  };
  End end = End::judged;
  int exit_code = 0;
  std::string why;
  std::string hash;
  std::uint64_t states = 0;  // bit i: trace::sometimes_states[i] was reached
  std::uint64_t events = 0;
  bool measured = false;
  std::vector<Broken> broken;  // what a user feels first, then rules of the standard

  const Broken* find(const std::string& id) const;
};

// As the line of an answer, its words separated by tabs:
// "judged HASH STATES EVENTS MEASURED (ID EVIDENCE)...", "refused CODE WHY" or "troubled WHY".
std::string to_line(const Played& played);
Played from_line(const std::string& line);

class Player {
 public:
  explicit Player(Simulator simulator) : simulator_(simulator) {}
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;
  ~Player();

  // Begins a play; the process is started if there is none. Why not, if it cannot.
  std::optional<std::string> begin(const std::string& text);
  // To be polled for reading while a play is under way.
  int descriptor() const { return from_; }
  bool busy() const { return busy_; }
  // What came of it, once it is over or its time is.
  std::optional<Played> result(std::chrono::steady_clock::time_point now);

 private:
  std::optional<std::string> start();
  void end();
  Played lost(Played::End how);

  Simulator simulator_;
  bool busy_ = false;
  pid_t process_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string answer_;
  std::chrono::steady_clock::time_point until_;
};

// Longer than any play of a small scenario takes, on a slow machine with sanitizers.
inline constexpr std::chrono::seconds play_wall_time_max{120};

}  // namespace mq::cli
