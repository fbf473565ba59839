// The parts of report.html from top to bottom, each with the id that links name.
#pragma once

#include "reports/html/markup.h"
#include "reports/results.h"

namespace mq::report {

Markup verdict_section(const Results& results);        // #verdict
Markup promises_section(const Results& results);       // #promises, #promise-ID
Markup evidence_section(const Results& results);       // #evidence, #evidence-ID-N
Markup time_section(const Results& results);           // #time: fleet, clients, latency
Markup journeys_section(const Results& results);       // #journeys, #client-N, #client-N-message-M
Markup latency_section(const Results& results);        // #latency: percentiles
Markup ledger_section(const Results& results);         // #ledger
Markup traffic_section(const Results& results);        // #traffic
Markup costs_section(const Results& results);          // #costs
Markup standard_section(const Results& results);       // #standard
Markup coverage_section(const Results& results);       // #coverage
Markup configuration_section(const Results& results);  // #configuration

// The message sequence diagram as SVG.
Markup sequence_svg(const SequenceDiagram& diagram);

std::string version_name(Version version);  // "5.0"
std::string qos_name(Qos qos);              // "QoS 1"

// Of a client that has a journey, the link to it, or to the message if that is in it; else its id.
Markup client_link(const Results& results, trace::ClientIndex client,
                   const std::optional<trace::Stamp>& message = std::nullopt);

// What the script draws charts from: JSON, not yet fit for a page.
std::string view_json(const Results& results);

// The part of a finding's id that can stand in an address: letters, digits, hyphens.
std::string anchor(const std::string& id);

}  // namespace mq::report
