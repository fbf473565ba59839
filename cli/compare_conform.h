// The brokers of a comparison and the standard: `mqttlab conform` for each, some at a time. A line
// on a terminal says how far they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "reports/conform/results_json.h"

namespace mq::cli {

struct StandardTest {
  std::string broker;  // as the command line names it
  std::string name;
  std::string folder;  // of its results
  std::optional<report::ConformResults> results = {};
};

// The exit code: 0 if all were tested, whatever that came to. An interrupt is passed on to them.
int test_for_the_standard(std::vector<StandardTest>& tests, std::uint32_t jobs,
                          const Terminal& terminal);

}  // namespace mq::cli
