// The flags of `mqttlab report`, which two programs know: `mqttlab` renders stored results, and
// mqttlab-compare puts those of runs side by side.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "gate/compare.h"

namespace mq::cli {

struct ReportFlags {
  std::vector<std::string> folders;
  std::string output;
  gate::Rules rules;

  std::string matrix() const { return output.empty() ? "results/conform-matrix" : output; }
  std::string comparison() const { return output.empty() ? "results/comparison" : output; }
};

// The verb, but for what it does.
Command add_report_flags(CLI::App& app, ReportFlags& flags);

}  // namespace mq::cli
