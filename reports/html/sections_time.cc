// What has a chart, each with the table behind it.
#include <algorithm>

#include "reports/html/sections.h"
#include "reports/text/format.h"
#include "reports/verdict_words.h"

namespace mq::report {
namespace {

// Begins what is folded and scrolls; `label` is for those who cannot see it. These tables have
// hundreds of rows: all cells of class "figures" are numbers, and the end tags that HTML does not
// ask for are left out.
void put_folded(Markup& out, Literal summary, Literal label) {
  out << "<details><summary>" << summary
      << "</summary><div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\""
      << label << "\">";
}

void put_chart(Markup& out, Literal name, Literal height, const std::string& label) {
  out << "<div class=\"chart " << height << "\" data-chart=\"" << name
      << "\" role=\"img\" tabindex=\"0\" aria-label=\"" << label << "\"></div>\n";
}

std::string fleet_label(const Results& r) {
  double most = 0;
  double least = static_cast<double>(clients_of_mqtt(r.run));
  for (const FleetBin& bin : r.series.fleet) {
    most = std::max(most, bin.connected);
    least = std::min(least, static_cast<double>(bin.connected_min));
  }
  return fmt::format("Connected clients over time: between {:.0f} and {:.0f} of {}.", least, most,
                     clients_of_mqtt(r.run));
}

void put_fleet_table(Markup& out, const Results& r) {
  put_folded(out, "Table", "Connected clients over time, as a table");
  out << "<table class=\"figures\"><thead><tr><th scope=\"col\">From<th scope=\"col\">Connected "
         "(mean)"
         "<th scope=\"col\">Fewest at a time<th scope=\"col\">Connecting (mean)<tbody>";
  for (const FleetBin& bin : r.series.fleet)
    out << "<tr><th scope=\"row\">" << clock(bin.from) << "<td>"
        << fmt::format("{:.1f}", bin.connected) << "<td>" << bin.connected_min << "<td>"
        << fmt::format("{:.1f}", bin.connecting);
  out << "</tbody></table></div></details>\n";
}

void put_clients_table(Markup& out, const Results& r) {
  put_folded(out, "Table", "Clients, as a table");
  out << "<table><thead><tr><th "
         "scope=\"col\">Client</th><th scope=\"col\">Link</th><th scope=\"col\">MQTT</th><th "
         "scope=\"col\" class=\"number\">Connected</th><th scope=\"col\" "
         "class=\"number\">Connections"
         "</th><th scope=\"col\" class=\"number\">Session resumed</th></tr></thead><tbody>";
  const double whole = std::max(seconds(r.series.end.time_since_epoch()), 1e-9);
  for (const ClientTimeline& line : r.series.timelines) {
    const trace::ClientInfo& client = r.run.clients[static_cast<std::size_t>(line.client)];
    out << "<tr><th scope=\"row\">" << client_link(r, line.client) << "</th><td>" << client.link
        << "</td><td>" << version_name(client.version) << "</td><td class=\"number\">"
        << percent(seconds(line.connected) / whole) << "</td><td class=\"number\">"
        << line.connections << "</td><td class=\"number\">" << line.resumed << "</td></tr>";
  }
  out << "</tbody></table></div></details>\n";
}

void put_latency_table(Markup& out, const Results& r) {
  put_folded(out, "Table", "Latency over time, as a table");
  out << "<table class=\"figures\"><thead><tr><th scope=\"col\">Published from<th "
         "scope=\"col\">Messages"
         "<th scope=\"col\">Least<th scope=\"col\">Median<th scope=\"col\">p99<th "
         "scope=\"col\">Most";
  for (const Latency& latency : r.series.latencies) {
    out << "<tbody><tr><th scope=\"rowgroup\" colspan=\"6\">" << qos_name(latency.qos);
    for (const LatencyBin& bin : latency.bins)
      out << "<tr><th scope=\"row\">" << clock(bin.from) << "<td>" << count(bin.count) << "<td>"
          << short_duration(bin.min) << "<td>" << short_duration(bin.p50) << "<td>"
          << short_duration(bin.p99) << "<td>" << short_duration(bin.max);
  }
  out << "</tbody></table></div></details>\n";
}

void put_bands(Markup& out, const Results& r) {
  if (r.series.bands.empty() && r.series.broker_down.empty()) return;
  put_folded(out, "Faults, as a table", "Faults, as a table");
  out << "<table class=\"figures\"><thead><tr><th scope=\"col\">Fault<th scope=\"col\">From<th "
         "scope=\"col\">Until<th scope=\"col\">Clients<tbody>";
  constexpr std::size_t rows_max = 200;
  for (std::size_t i = 0; i < std::min(r.series.bands.size(), rows_max); ++i) {
    const Band& band = r.series.bands[i];
    const trace::FaultInfo& fault = r.run.faults[band.fault];
    out << "<tr><th scope=\"row\">" << fault.kind << " " << fault.target
        << (band.times > 1 ? fmt::format(" ({} times)", band.times) : std::string()) << "<td>"
        << clock(band.from) << "<td>" << clock(band.until) << "<td>"
        << (fault.clients.empty() ? std::string("the broker") : count(fault.clients.size()));
  }
  for (const Band& band : r.series.broker_down)
    out << "<tr><th scope=\"row\">broker down<td>" << clock(band.from) << "<td>"
        << clock(band.until) << "<td>all";
  out << "</table></div>";
  if (r.series.bands.size() > rows_max)
    out << "<p class=\"sub\">The first " << rows_max << " of " << count(r.series.bands.size())
        << ".</p>";
  out << "</details>\n";
}

std::string clients_label(const Results& r) {
  const std::uint64_t left_out = r.series.clients_left_out;
  return fmt::format("Connection states over time of {} clients{}.", r.series.timelines.size(),
                     left_out > 0 ? fmt::format(", {} left out", left_out) : "");
}

}  // namespace

std::string qos_name(Qos qos) { return fmt::format("QoS {}", static_cast<unsigned>(qos)); }

std::string version_name(Version version) {
  return version == Version::v5 ? "5.0" : version == Version::v3_1_1 ? "3.1.1" : "3.1";
}

Markup time_section(const Results& r) {
  Markup out;
  out << "<section id=\"time\"><h2>Over time</h2>\n<p class=\"sub\">Pale bands are faults; after "
         "the "
         "dashed line nothing disturbs any more. Zoom with the slider, with Ctrl and the wheel, or "
         "with + \xE2\x88\x92 0 and the arrow keys while a chart has the focus; all time charts "
         "follow.</p>\n"
         "<noscript><p>The charts need JavaScript. The tables below hold the same "
         "numbers.</p></noscript>\n"
         "<h3 id=\"fleet\">Connected clients</h3>\n";
  put_chart(out, "fleet", "low", fleet_label(r));
  put_fleet_table(out, r);
  put_bands(out, r);
  if (!r.series.latencies.empty()) {
    out << "<h3 id=\"latency-over-time\">Latency, by when the message was published</h3>\n";
    put_chart(out, "latency", "middle", "Latency of messages over time, by QoS.");
    put_latency_table(out, r);
  }
  out << "<h3 id=\"clients\">Each client</h3>\n";
  if (r.series.clients_left_out > 0)
    out << "<p class=\"sub\">" << count(r.series.timelines.size()) << " of "
        << count(clients_of_mqtt(r.run))
        << " clients: those that evidence names, those that were connected least, and others from "
           "all over the fleet. The chart above counts all of them.</p>\n";
  if (const std::size_t others = r.run.clients.size() - clients_of_mqtt(r.run); others > 0)
    out << "<p class=\"sub\">" << count(others, "client")
        << " with HTTP: among the <a href=\"#costs\">costs</a>, and not here.</p>\n";
  put_chart(out, "clients", "rows", clients_label(r));
  put_clients_table(out, r);
  out << "</section>\n";
  return out;
}

Markup latency_section(const Results& r) {
  Markup out;
  out << "<section id=\"latency\"><h2>Latency</h2>\n";
  if (r.series.latencies.empty()) {
    out << "<p>No message was delivered.</p></section>\n";
    return out;
  }
  out << "<p>From the publishing application to the subscribing one, by the QoS of delivery.</p>\n"
         "<table class=\"stack\"><thead><tr><th scope=\"col\">Messages</th><th scope=\"col\" "
         "class=\"number\">Count</th><th scope=\"col\" class=\"number\">Median</th><th "
         "scope=\"col\" "
         "class=\"number\">p90</th><th scope=\"col\" class=\"number\">p99</th><th scope=\"col\" "
         "class=\"number\">p99.9</th><th scope=\"col\" "
         "class=\"number\">Most</th></tr></thead><tbody>\n";
  std::uint64_t unmeasured = 0;
  for (const Latency& latency : r.series.latencies) {
    unmeasured += latency.unmeasured;
    const auto cell = [&](Literal label, Duration value) {
      out << "<td class=\"number\" data-label=\"" << label << "\">" << short_duration(value)
          << "</td>";
    };
    out << "<tr><th scope=\"row\">" << qos_name(latency.qos)
        << "</th><td class=\"number\" data-label=\"Count\">" << count(latency.count) << "</td>";
    cell("Median", latency.p50);
    cell("p90", latency.p90);
    cell("p99", latency.p99);
    cell("p99.9", latency.p999);
    cell("Most", latency.max);
    out << "</tr>\n";
  }
  out << "</tbody></table>\n";
  if (unmeasured > 0)
    out << "<p class=\"sub\">" << count(unmeasured, "message")
        << " came so late that the time of publishing was no longer remembered.</p>\n";
  put_chart(out, "percentiles", "middle", "Latency by percentile, a line per QoS.");
  put_folded(out, "Table", "Latency by percentile, as a table");
  out << "<table><thead><tr><th "
         "scope=\"col\">Percentile</th><th scope=\"col\">QoS</th><th scope=\"col\" "
         "class=\"number\">Latency</th></tr></thead><tbody>";
  for (const Latency& latency : r.series.latencies)
    for (const LatencyPoint& point : latency.curve)
      out << "<tr><th scope=\"row\">" << fmt::format("{:g} %", point.percentile) << "</th><td>"
          << qos_name(latency.qos) << "</td><td class=\"number\">" << short_duration(point.latency)
          << "</td></tr>";
  out << "</tbody></table></div></details>\n</section>\n";
  return out;
}

}  // namespace mq::report
