// An unmodified program that runs in the time of a simulation: started with the shim
// (shim/protocol.h) before it, it sees the clock that set_clock() says, and run() lets it work
// until it has nothing left to do at that instant. Nothing here knows what the program is for.
//
// It runs in one of two modes. In token mode, for one thread, exactly one of program and simulator
// runs. In threads mode the simulator sees from outside (/proc) that all threads are asleep.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace mq::sim {

enum class VtimeMode : std::uint8_t {
  automatic,  // token, and threads if it turns out to start one
  token,
  threads,
};
std::string_view name(VtimeMode mode);

struct VtimeStart {
  std::string title;                     // for messages: "mosquitto"
  std::vector<std::string> command;      // the program by its path
  std::vector<std::string> environment;  // "NAME=value", beside and before what we have
  std::string folder;                    // to run in
  std::string output;                    // stdout and stderr are appended to this file
  VtimeMode mode = VtimeMode::automatic;
  std::uint64_t seed = 1;
  // A port of the world around it that takes its connections, whatever address it asks for; 0:
  // none.
  std::uint16_t world_port = 0;
  // Of real time: a program that does not come to rest within it hangs.
  std::chrono::milliseconds patience{20000};
};

// The instant 0 of a run is 2025-01-01, and the program's machine has been up for a day.
inline constexpr std::int64_t vtime_begins_unix_seconds = 1'735'689'600;
inline constexpr Duration vtime_uptime = std::chrono::hours(24);

class VtimeProgram {
 public:
  explicit VtimeProgram(VtimeStart start);
  ~VtimeProgram();  // kills what is left of it
  VtimeProgram(const VtimeProgram&) = delete;
  VtimeProgram& operator=(const VtimeProgram&) = delete;

  // Starts the process; its clock stands at `now`. With `automatic` it begins in token mode.
  // False if it cannot be started: trouble() says why.
  bool spawn(Instant now);

  void set_clock(Instant now);
  // From here until run() it does not look at what its sockets have got: all of it comes at once.
  // In token mode that is so anyway.
  void hold();
  // Until it rests. False if it has ended, or cannot go on: then trouble() says why.
  bool run();
  // When it wants to run next; nothing if only input can wake it.
  std::optional<Instant> deadline() const;

  bool is_running() const;
  bool listens(std::uint16_t port) const;
  // The name of a Unix socket: of its listener; of the end that connects to it.
  std::string listener_name(std::uint16_t port) const;
  std::string link_name(std::uint32_t link, const std::string& address) const;
  // Where connections to `world_port` are taken, a descriptor; and which one of the program's an
  // accepted one is.
  int world_listener() const;
  static std::uint32_t link_of(int accepted);
  void say_reset(std::uint32_t link);          // before closing: it reads ECONNRESET
  bool was_aborted(std::uint32_t link) const;  // it closed with SO_LINGER of 0: RST
  void forget_link(std::uint32_t link);

  void signal(int number);
  void kill();
  // How it ended, if it did: "with status 1", "by signal 11".
  std::optional<std::string> how_it_ended() const;
  // Why it cannot go on: it hangs, it starts threads in token mode.
  const std::string& trouble() const { return trouble_; }
  // Of all its processes, over all its lives.
  std::chrono::nanoseconds cpu() const;
  VtimeMode mode() const { return mode_; }
  // Calls that were not served in virtual time: "sem_timedwait x3".
  std::vector<std::string> unfaithful() const;
  pid_t pid() const { return pid_; }

 private:
  struct Shared;  // the page

  bool run_in_turns();
  bool run_threads();
  bool come_to_rest(std::chrono::steady_clock::time_point gives_up);
  bool has_ended();
  bool refused();
  void hang();
  void say_hang(const std::string& doing);
  std::uint64_t due() const;
  void keep_counts();
  std::string who() const;

  VtimeStart start_;
  VtimeMode mode_;
  bool goes_first_ = false;  // wants to: before everything else on the machine
  std::unique_ptr<Shared> shared_;
  pid_t pid_ = -1;
  std::optional<int> status_;  // as waitpid() gives it
  std::string trouble_;
  std::vector<std::pair<std::string, std::uint32_t>> counts_;  // of lives that are over
  std::chrono::nanoseconds cpu_{};                             // likewise
};

}  // namespace mq::sim
