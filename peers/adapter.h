// How to start an MQTT broker that is not ours to change, read from a YAML file: which program,
// what configuration, when it is ready, which listeners and settings it has, what it can do.
// Nothing is started here (peer.h does that), and nothing is known of what the broker is wanted
// for.
//
// adapters/*.yaml are those that come along; README.md lists the keys.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mq::peers {

using Command = std::vector<std::string>;  // words with placeholders (placeholders.h)

struct Login {
  std::string user;
  std::string password;
};

// What the standard makes optional, or a broker leaves out; what it says in CONNACK counts more.
struct Capabilities {
  std::vector<std::string> versions = {"3.1.1", "5.0"};  // of "3.1", "3.1.1", "5.0"
  int qos = 2;
  bool retain = true;
  bool wildcards = true;
  bool shared_subscriptions = true;
};

// How it is run in the time of a simulation, with the shim before it (sim/external).
struct InVirtualTime {
  enum class Mode : std::uint8_t {
    automatic,  // token, and threads if it turns out to start one
    token,      // one process, one thread: strict turns
    threads,    // any
    none,       // it cannot; `why` says why
  };
  struct Variable {
    std::string name;
    std::string value;  // with placeholders
  };
  Mode mode = Mode::automatic;
  std::string why;
  Command command;                    // instead of the adapter's; empty: the same
  std::vector<Variable> environment;  // beside the adapter's
  // Of its own time, from its listener's beginning until it serves.
  std::chrono::milliseconds settles{};
};

struct Adapter {
  struct File {
    std::string name;  // within the fresh directory
    std::string text;  // with placeholders
  };
  struct Variable {
    std::string name;
    std::string value;  // with placeholders
  };

  std::string source;  // the file that it was read from
  std::string name;
  std::string title;
  std::vector<std::string> programs;  // the first that is there counts
  std::string install;                // how to get it, for a person
  Command release;                    // prints which it is; the first line with a digit counts
  Command present;                    // ends with 0 if all that the program needs is there
  Command command;                    // the broker itself, in the foreground
  std::vector<Variable> environment;
  std::vector<File> files;
  std::vector<Command> prepare;  // before the start, one after another, to their end
  std::vector<Command> helpers;  // before the start, and as long as the broker runs
  std::vector<std::string> listeners = {"mqtt"};  // of "mqtt", "mqtts", "ws", "wss"
  std::vector<std::string> settings;              // "durable", and whatever else it names
  std::chrono::milliseconds ready_within{10000};
  int stop_signal = 15;
  std::chrono::milliseconds stop_within{5000};
  std::optional<Login> login;  // without which nobody gets in
  Capabilities capabilities;
  InVirtualTime in_virtual_time;
  std::string untested;  // why nobody has seen this adapter work; empty: it does
};

// A file that is no adapter; every problem on a line of its own: "FILE:LINE:COLUMN: ...".
struct AdapterError : std::runtime_error {
  using runtime_error::runtime_error;
};

Adapter parse_adapter(std::string_view text, const std::string& source);  // throws AdapterError
Adapter read_adapter(const std::string& file);                            // throws AdapterError

// The adapters that come along, by name, sorted.
std::vector<std::string> adapter_names();
// By the name of one that comes along, or by the path of a file (a word with a `/` or `.yaml`).
Adapter find_adapter(const std::string& name_or_file);  // throws AdapterError

}  // namespace mq::peers
