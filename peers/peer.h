// An MQTT broker of this machine, started and stopped as its adapter says: in a directory of its
// own that is fresh, on ports that were free, ready when start() returns.
//
//   Peer peer(find_adapter("mosquitto"), {.settings = {"durable"}});
//   peer.start();                      // CONNECT has been answered by CONNACK 0
//   ... 127.0.0.1:peer.port() ...
//   const Usage before = peer.usage(); // CPU time and memory of all its processes
//   peer.kill(); peer.start();         // the same directory, the same ports
//
// The destructor ends it and removes its directory. Not for use from several threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "peers/adapter.h"
#include "peers/process.h"

namespace mq::peers {

// What is wanted of a broker beyond its least.
struct Wishes {
  std::vector<std::string> listeners;  // beside "mqtt": "mqtts", "ws", "wss"
  std::vector<std::string> settings;   // "durable": kept on disk, as well as that broker does it
  // PEM files for "mqtts" and "wss".
  std::string certificate, key, authority;
  // With the setting "users": the one who is let in.
  Login login;
  std::string program;  // instead of the adapter's; it is still asked whether it is there
  std::string folder;   // where the fresh directory is made; empty: $TMPDIR or /tmp
  bool keep_files = false;
  // For prepared(): the adapter's `virtual` counts, and ports are always the same ones.
  bool in_virtual_time = false;
  bool skips_readiness = false;  // start() returns when the process runs: for the impatient
};

struct PeerError : std::runtime_error {
  enum class Kind {
    absent,       // the program is not installed; the text says how to install it
    not_offered,  // a listener or setting that the adapter does not have
    failed,       // started, and came to nothing; the text has the end of its output
  };
  PeerError(Kind what, const std::string& text) : std::runtime_error(text), kind(what) {}
  Kind kind;
};

// Where a program is, by the name under which a shell would find it; empty: nowhere.
std::string program_on_path(const std::string& name);
// The path of the adapter's program on this machine. Throws PeerError{absent}.
std::string installed_program(const Adapter& adapter, const std::string& instead = {});
// What its adapter's `release` command says, for reports: "mosquitto version 2.0.11"; else empty.
std::string installed_release(const Adapter& adapter, const std::string& instead = {});

class Peer {
 public:
  // Looks whether the program is there, makes the directory, chooses ports, writes the files.
  // Throws PeerError, std::system_error.
  Peer(Adapter adapter, Wishes wishes = {});
  ~Peer();
  Peer(Peer&&) noexcept;
  Peer& operator=(Peer&&) noexcept;

  // For whoever starts the process himself: all is written and prepared, and this is how it is
  // started. Its program is given by its path. Throws PeerError{failed, absent}.
  Process::Start prepared();

  // Throws PeerError{failed}.
  void start();
  // In its own orderly way, by force if that takes longer than the adapter allows: then false.
  bool stop();
  void kill();              // -9, of all its processes
  void signal(int number);  // to its first process: SIGSTOP and SIGCONT, SIGHUP
  bool is_running();

  const Adapter& adapter() const;
  std::uint16_t port(std::string_view listener = "mqtt") const;
  const std::string& folder() const;
  pid_t pid() const;  // of its first process
  Usage usage() const;
  // The last lines of what it printed, those of its helpers too.
  std::string output_end(int lines = 12) const;
  // From the start of the process until it let a client in.
  std::chrono::milliseconds ready_after() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mq::peers
