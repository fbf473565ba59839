// The parts of report.html from top to bottom, each with the id that links name.
#pragma once

#include "reports/html/markup.h"
#include "reports/results.h"

namespace mq::report {

Markup verdict_section(const Results& results);        // #verdict
Markup promises_section(const Results& results);       // #promises, #promise-ID
Markup evidence_section(const Results& results);       // #evidence, #evidence-ID-N
Markup time_section(const Results& results);           // #time: fleet, clients, latency
Markup latency_section(const Results& results);        // #latency: percentiles
Markup ledger_section(const Results& results);         // #ledger
Markup traffic_section(const Results& results);        // #traffic
Markup standard_section(const Results& results);       // #standard
Markup coverage_section(const Results& results);       // #coverage
Markup configuration_section(const Results& results);  // #configuration

// The message sequence diagram as SVG.
Markup sequence_svg(const SequenceDiagram& diagram);

// What the script draws charts from: JSON, not yet fit for a page.
std::string view_json(const Results& results);

// The part of a finding's id that can stand in an address: letters, digits, hyphens.
std::string anchor(const std::string& id);

}  // namespace mq::report
