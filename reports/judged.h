// From what the checks say to what the reports show.
#pragma once

#include "conformance/checks/check_set.h"
#include "reports/results.h"

namespace mq::report {

// Fills in verdict, exit code, findings, ledger, coverage and the latencies over the whole run.
// `results.run` must be set; what the Collector gathered may be there before or come later only if
// its latencies are kept (call this after Collector::finish).
void take_judgement(const checks::Judgement& judgement, Results& results);

}  // namespace mq::report
