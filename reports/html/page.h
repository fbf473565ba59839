// report.html: one file without anything from outside. Verdict, promises, evidence and ledger are
// plain HTML and need no script; the charts are drawn by the embedded script from the data that
// stand in the page.
#pragma once

#include <string>

#include "reports/results.h"

namespace mq::report {

std::string html_page(const Results& results);

}  // namespace mq::report
