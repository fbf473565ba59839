// What the fleet cost.
#include <algorithm>
#include <optional>

#include "reports/html/sections.h"
#include "reports/text/format.h"

namespace mq::report {
namespace {

// What was measured; a column of empty cells says nothing.
struct Columns {
  bool traffic, radio, values;
};

void put_group(Markup& out, const CostRow& row, Columns columns) {
  const auto cell = [&](Literal label, const std::string& value, const std::string& most) {
    out << "<td class=\"number\" data-label=\"" << label << "\">" << value;
    if (!most.empty()) out << "<span class=\"sub\">most " << most << "</span>";
    out << "</td>";
  };
  const bool several = row.clients > 1;
  out << "<tr><th scope=\"row\">" << row.group << "<span class=\"sub\">"
      << count(row.clients, "client") << "</span></th>";
  cell("Bytes up", columns.traffic ? bytes(row.bytes_up) : "", "");
  cell("Bytes down", columns.traffic ? bytes(row.bytes_down) : "", "");
  cell("Of one client", columns.traffic ? bytes(row.bytes_most) : "", "");
  if (columns.radio) {
    cell("Radio on", row.radio_on ? long_duration(*row.radio_on) : "",
         several && row.radio_on_most ? long_duration(*row.radio_on_most) : "");
    cell("Energy", row.microjoules ? energy(*row.microjoules) : "",
         several && row.microjoules_most ? energy(*row.microjoules_most) : "");
  }
  cell("Reconnects", count(row.reconnects), several ? count(row.reconnects_most) : "");
  if (columns.values) {
    const bool reads = row.values.count > 0;
    cell("New values", reads ? count(row.values.count) : "", "");
    cell("Came within", reads ? short_duration(row.values.p50) : "",
         reads ? short_duration(row.values.max) : "");
    cell("Age", reads ? short_duration(row.age_mean) : "",
         reads ? short_duration(row.age_most) : "");
  }
  out << "</tr>\n";
}

void put_spread(Markup& out, Literal what, const Spread& spread) {
  if (spread.count == 0) return;
  out << "<tr><th scope=\"row\">" << what << "</th><td class=\"number\" data-label=\"Count\">"
      << count(spread.count) << "</td><td class=\"number\" data-label=\"Median\">"
      << short_duration(spread.p50) << "</td><td class=\"number\" data-label=\"p99\">"
      << short_duration(spread.p99) << "</td><td class=\"number\" data-label=\"Most\">"
      << short_duration(spread.max) << "</td></tr>\n";
}

}  // namespace

Markup costs_section(const Results& r) {
  Markup out;
  out << "<section id=\"costs\"><h2>Costs</h2>\n";
  if (r.costs.rows.empty()) {
    out << "<p>Not measured.</p></section>\n";
    return out;
  }
  const auto any = [&](auto has) {
    return std::any_of(r.costs.rows.begin(), r.costs.rows.end(), has);
  };
  const Columns columns = {
      .traffic = r.costs.has_traffic,
      .radio = any([](const CostRow& row) { return row.radio_on || row.microjoules; }),
      .values = any([](const CostRow& row) { return row.values.count > 0; })};
  out << "<p>By group, all clients together. Bytes are those on the air, with the headers of IP "
         "and TCP and all of TLS"
      << (columns.radio ? Literal("; energy is that of the radio, by what its link says it draws.")
                        : Literal(". No link of this run says what its radio draws."))
      << "</p>\n<table class=\"stack\"><thead><tr><th scope=\"col\">Group</th><th scope=\"col\" "
         "class=\"number\">Bytes up</th><th scope=\"col\" class=\"number\">Bytes down</th><th "
         "scope=\"col\" class=\"number\">Of one client, most</th>";
  if (columns.radio)
    out << "<th scope=\"col\" class=\"number\">Radio on</th><th scope=\"col\" "
           "class=\"number\">Energy</th>";
  out << "<th scope=\"col\" class=\"number\">Reconnects</th>";
  if (columns.values)
    out << "<th scope=\"col\" class=\"number\">New values</th><th scope=\"col\" "
           "class=\"number\">Came within, median</th><th scope=\"col\" class=\"number\">Age, "
           "mean</th>";
  out << "</tr></thead><tbody>\n";
  for (const CostRow& row : r.costs.rows) put_group(out, row, columns);
  out << "</tbody></table>\n";
  if (r.costs.first_message.count + r.costs.staleness.count > 0) {
    out << "<table class=\"stack\"><thead><tr><th scope=\"col\">Time</th><th scope=\"col\" "
           "class=\"number\">Count</th><th scope=\"col\" class=\"number\">Median</th><th "
           "scope=\"col\" class=\"number\">p99</th><th scope=\"col\" "
           "class=\"number\">Most</th></tr></thead><tbody>\n";
    put_spread(out, "From the end of an outage to the first message", r.costs.first_message);
    put_spread(out, "Age of retained values, when a subscription brought them", r.costs.staleness);
    out << "</tbody></table>\n";
  }
  out << "</section>\n";
  return out;
}

}  // namespace mq::report
