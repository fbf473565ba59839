// The flags by which `gate`, `compare` and `report` are told what is a difference.
#pragma once

#include "cli/command_line.h"
#include "gate/compare.h"

namespace mq::cli {

inline void add_rules(Command& verb, gate::Rules& rules) {
  verb.option("--p", rules.p_max, "a difference is chance unless its p is below this")
      .between(1e-6, 0.5)
      .with_default_shown();
  verb.option("--effect", rules.effect_min, "the least effect (Cliff's delta, 0 to 1) that counts")
      .between(0.0, 1.0)
      .with_default_shown();
}

}  // namespace mq::cli
