// The verdict in words: the same on the terminal, in the report and in the summary.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/results.h"

namespace mq::report {

// "Broken", "Held", "Not proven", "Nothing proven"; an interrupted run says so.
std::string verdict_word(const Results& results);
// One or two sentences: what broke, or what held.
std::string verdict_sentence(const Results& results);

std::string_view word(checks::Verdict verdict);  // "held", "broken", "not tried"

// A promise is a sentence and may end as one.
std::string_view without_full_stop(std::string_view text);

std::string world_name(const trace::RunInfo& run);  // "ns-3", "memory"

// The others speak HTTP.
std::size_t clients_of_mqtt(const trace::RunInfo& run);

// Broken promises first, then what the scenario expects but could not be tried, then the rest; the
// order among equals stays.
std::vector<const checks::Finding*> by_importance(const Results& results);

// Messages that applications handed to their clients.
std::uint64_t messages_attempted(const Results& results);

}  // namespace mq::report
