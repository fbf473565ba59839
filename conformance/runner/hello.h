// What the runner itself says to a broker: the greeting that asks what it can do, and the cases
// that take away what other cases leave there.
#pragma once

#include <string>

#include "conformance/runner/needs.h"
#include "conformance/runner/play.h"
#include "conformance/runner/target.h"
#include "conformance/runner/verdict.h"

namespace mq::conformance {

// A case that no file holds.
Case case_of(const std::string& steps, Version version);

// CONNECT, and whatever CONNACK follows within so long.
Case greeting(Version version, Duration within);
// The same as everybody does it: let in, answered, gone.
Case sign_of_life(Version version, Duration within);
// Sessions first, as their end may publish a retained will.
Case clean_up(const Leftovers& left, Version version);

// What came of a greeting.
struct Contact {
  bool speaks = false;
  bool answered = false;  // something that is MQTT
  std::string why;        // it does not speak
  Abilities abilities;
};
Contact contact_from(const Outcome& outcome, Version version, const Target& target);

}  // namespace mq::conformance
