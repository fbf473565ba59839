// Plays small scenarios one after another in a process of its own, for `mqttlab explore`: a crash
// or a hang costs one play, and ns-3 stays in its own program. Nothing is written to disk.
//
// The process reads requests from stdin, "BYTES\n" and so many bytes of a scenario, and answers
// each with a line: the hash, the states reached as a number, the events, and the ids of the
// promises that broke, or what is wrong with the scenario.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mq::cli {

struct Played {
  enum class End : std::uint8_t {
    judged,
    refused,  // no valid scenario
    crashed,  // the process ended
    hung,     // no answer in time
  };
  End end = End::judged;
  std::string hash;
  std::uint64_t states = 0;  // bit i: trace::sometimes_states[i] was reached
  std::uint64_t events = 0;
  bool measured = false;
  std::vector<std::string> broken;  // ids of findings; of a crash "crash", of a hang "hang"
  std::string evidence;             // of the first: one sentence
};

// As the line of an answer.
std::string to_line(const Played& played);

class Player {
 public:
  explicit Player(bool ns3) : ns3_(ns3) {}
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

  bool ns3_;
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
