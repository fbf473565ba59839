// What `mqttlab doctor` looks at: this machine and this installation, one question each. Nothing is
// changed but for files of its own that are removed again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mq::cli {

struct Checkup {
  enum class State : std::uint8_t { good, warning, bad };
  std::string name;
  State state = State::good;
  std::string found;
  std::string advice;  // empty if good
};

struct CheckupOptions {
  std::string folder;       // where results and stores are to be written
  std::uint16_t port = 0;   // 0: those of the configuration, or 1883
  std::string config_file;  // of the broker; empty: none
  std::string store;        // of the broker; empty: the one of the configuration, if any
};

std::vector<Checkup> check_machine(const CheckupOptions& options);

}  // namespace mq::cli
