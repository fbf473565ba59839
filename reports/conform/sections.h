// The parts of the page of `mqttlab conform`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/conform/matrix.h"
#include "reports/conform/results.h"
#include "reports/html/markup.h"

namespace mq::report {

std::string name_of(const ConformResults& results);  // for people

Markup conform_verdict_section(const std::vector<ConformResults>& targets,
                               const std::string& heading);
Markup targets_section(const std::vector<ConformResults>& targets);
Markup matrix_section(const std::vector<ConformResults>& targets,
                      const std::vector<MatrixGroup>& groups);
// Which statements rules saw broken in cases that are about something else.
Markup conform_watched_section(const std::vector<ConformResults>& targets);
Markup conform_coverage_section(const std::vector<ConformResults>& targets);
Markup conform_run_section(const std::vector<ConformResults>& targets);

// A sign and a word: colour alone says nothing.
Markup verdict_mark(std::optional<ConformVerdict> verdict);
Literal tone_of(std::optional<ConformVerdict> verdict);

// What one statement came to at one target, opened below its row. `shown` are the cases of this
// target whose evidence stands further up.
class Evidence {
 public:
  explicit Evidence(const std::vector<ConformResults>& targets);
  Markup of(const MatrixRow& row, std::size_t target);

 private:
  Markup whole(const ConformJudged& one) const;

  const std::vector<ConformResults>& targets_;
  std::vector<std::map<const ConformJudged*, std::string>> shown_;  // by target: under which id
};

}  // namespace mq::report
