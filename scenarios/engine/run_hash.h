// The fingerprint of a run: SHA-256 over every packet (and every message of HTTP) with its instant,
// place and bytes, and over the world's chance. Two runs that hash alike took the same course to
// the byte.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/trace/event.h"

namespace mq::scenario {

class RunHash final : public trace::Observer {
 public:
  RunHash();
  ~RunHash() override;

  void observe(const trace::Event& event) override;
  // Once. `chance` is the world's digest of its random draws. 32 hex digits.
  std::string finish(std::uint64_t chance);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mq::scenario
