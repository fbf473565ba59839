// The ledger, the traffic and the configuration.
#include <algorithm>

#include "reports/html/sections.h"
#include "reports/text/format.h"
#include "reports/verdict_words.h"

namespace mq::report {
namespace {

void put_number(Markup& out, Literal label, std::uint64_t number, Literal tone = "") {
  out << "<td class=\"number " << (number > 0 ? tone : Literal("")) << "\" data-label=\"" << label
      << "\">" << count(number) << "</td>";
}

void put_settings(Markup& out, const std::vector<Setting>& settings) {
  out << "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">Setting</th><th "
         "scope=\"col\">Value</th><th "
         "scope=\"col\">Source</th></tr></thead><tbody>";
  for (const Setting& setting : settings)
    out << "<tr><th scope=\"row\">" << setting.name << "</th><td>" << setting.value << "</td><td>"
        << setting.source << "</td></tr>";
  out << "</tbody></table></div>\n";
}

void put_published(Markup& out, const LedgerTable& ledger) {
  out << "<table class=\"stack\"><caption>Published, by the QoS of publishing</caption><thead><tr>"
         "<th scope=\"col\">Messages</th><th scope=\"col\" class=\"number\">Attempted</th><th "
         "scope=\"col\" class=\"number\">Not sent</th><th scope=\"col\" "
         "class=\"number\">Refused</th>"
         "<th scope=\"col\" class=\"number\">Acknowledged</th><th scope=\"col\" "
         "class=\"number\">Open</th></tr></thead><tbody>\n";
  for (const PublishedRow& row : ledger.published) {
    out << "<tr><th scope=\"row\">" << qos_name(row.qos) << "</th>";
    put_number(out, "Attempted", row.attempted);
    put_number(out, "Not sent", row.not_sent);
    put_number(out, "Refused", row.refused, "warn");
    put_number(out, "Acknowledged", row.acknowledged);
    put_number(out, "Open", row.open);
    out << "</tr>\n";
  }
  out << "</tbody></table>\n";
}

void put_deliveries(Markup& out, const LedgerTable& ledger) {
  out << "<table class=\"stack\"><caption>Delivered, by subscribers and the QoS of "
         "delivery</caption>"
         "<thead><tr><th scope=\"col\">Subscribers</th><th scope=\"col\" class=\"number\">Owed</th>"
         "<th scope=\"col\" class=\"number\">Delivered</th><th scope=\"col\" class=\"number\">Lost"
         "</th><th scope=\"col\" class=\"number\">Duplicated</th><th scope=\"col\" "
         "class=\"number\">Unexpected</th><th scope=\"col\" class=\"number\">Reordered</th><th "
         "scope=\"col\" class=\"number\">Late</th><th scope=\"col\" class=\"number\">Open</th><th "
         "scope=\"col\" class=\"number\">Cancelled</th></tr></thead><tbody>\n";
  for (const DeliveryRow& row : ledger.deliveries) {
    out << "<tr><th scope=\"row\">" << row.group << ", " << qos_name(row.qos) << "</th>";
    put_number(out, "Owed", row.owed);
    put_number(out, "Delivered", row.delivered);
    put_number(out, "Lost", row.lost, row.qos == Qos::at_most_once ? Literal("") : Literal("bad"));
    put_number(out, "Duplicated", row.duplicated,
               row.qos == Qos::at_least_once ? Literal("") : Literal("bad"));
    put_number(out, "Unexpected", row.unexpected, "bad");
    put_number(out, "Reordered", row.reordered, "warn");
    put_number(out, "Late", row.late);
    put_number(out, "Open", row.open);
    put_number(out, "Cancelled", row.cancelled);
    out << "</tr>\n";
  }
  out << "</tbody></table>\n";
}

void put_links(Markup& out, const std::vector<LinkTraffic>& traffic) {
  out << "<table class=\"stack\"><caption>On the links, with the headers of IP and "
         "TCP</caption><thead>"
         "<tr><th scope=\"col\">Link</th><th scope=\"col\" class=\"number\">Up</th><th "
         "scope=\"col\" "
         "class=\"number\">Down</th><th scope=\"col\" class=\"number\">Lost up</th><th "
         "scope=\"col\" "
         "class=\"number\">Lost down</th></tr></thead><tbody>\n";
  for (const LinkTraffic& link : traffic) {
    out << "<tr><th scope=\"row\">" << link.link << "</th><td class=\"number\" data-label=\"Up\">"
        << bytes(link.bytes_up) << "<span class=\"sub\">" << count(link.packets_up, "packet")
        << "</span></td><td class=\"number\" data-label=\"Down\">" << bytes(link.bytes_down)
        << "<span class=\"sub\">" << count(link.packets_down, "packet") << "</span></td>";
    put_number(out, "Lost up", link.lost_up);
    put_number(out, "Lost down", link.lost_down);
    out << "</tr>\n";
  }
  out << "</tbody></table>\n";
}

void put_packets(Markup& out, const std::vector<PacketCount>& packets) {
  out << "<table class=\"stack\"><caption>MQTT packets</caption><thead><tr><th scope=\"col\">Packet"
         "</th><th scope=\"col\" class=\"number\">Sent by clients</th><th scope=\"col\" "
         "class=\"number\">Of these, not received</th><th scope=\"col\" class=\"number\">Sent by "
         "the "
         "broker</th><th scope=\"col\" class=\"number\">Of these, not received</th></tr></thead>"
         "<tbody>\n";
  const auto missing = [](std::uint64_t sent, std::uint64_t received) {
    return sent > received ? sent - received : 0;
  };
  for (const PacketCount& row : packets) {
    out << "<tr><th scope=\"row\">" << std::string(name(row.kind)) << "</th>";
    put_number(out, "Sent by clients", row.sent_by_clients);
    put_number(out, "Not received", missing(row.sent_by_clients, row.received_by_broker), "warn");
    put_number(out, "Sent by the broker", row.sent_by_broker);
    put_number(out, "Not received", missing(row.sent_by_broker, row.received_by_clients), "warn");
    out << "</tr>\n";
  }
  out << "</tbody></table>\n";
}

std::string durability_name(trace::Durability durability) {
  switch (durability) {
    case trace::Durability::none:
      return "none: a crash loses sessions and messages";
    case trace::Durability::process:
      return "process: survives a crash of the broker";
    case trace::Durability::power:
      return "power: survives a power cut";
  }
  return "";
}

Duration real_time(const NotReproducible& what) {
  constexpr double seconds_max = 1e9;
  const double seconds_taken = std::clamp(what.wall_seconds, 0.0, seconds_max);
  return Duration(static_cast<std::int64_t>(seconds_taken * 1e9));
}

void put_run(Markup& out, const Results& r) {
  std::vector<Setting> rows;
  if (!r.configuration.scenario_file.empty())
    rows.push_back({"Scenario file", r.configuration.scenario_file, ""});
  rows.push_back({"Storm", long_duration(r.run.duration), ""});
  rows.push_back({"Calm", long_duration(r.run.calm), ""});
  rows.push_back({"Seed", std::to_string(r.run.seed), ""});
  rows.push_back({"Broker", r.run.broker, ""});
  rows.push_back({"Durability", durability_name(r.run.durability), ""});
  rows.push_back({"World", world_name(r.run), ""});
  rows.push_back({"Hash", r.hash, ""});
  for (const Setting& version : r.configuration.versions)
    if (!version.value.empty()) rows.push_back(version);
  out << "<div class=\"scroll\" tabindex=\"0\"><table class=\"pairs\"><tbody>";
  for (const Setting& row : rows)
    out << "<tr><th scope=\"row\">" << row.name << "</th><td>" << row.value << "</td></tr>";
  out << "</tbody></table></div>\n";
}

}  // namespace

Markup ledger_section(const Results& r) {
  Markup out;
  out << "<section id=\"ledger\"><h2>Delivery ledger</h2>\n";
  if (r.ledger.published.empty() && r.ledger.deliveries.empty())
    out << "<p>No message was published.</p>\n";
  if (!r.ledger.published.empty()) put_published(out, r.ledger);
  if (!r.ledger.deliveries.empty()) put_deliveries(out, r.ledger);
  out << "</section>\n";
  return out;
}

Markup traffic_section(const Results& r) {
  Markup out;
  out << "<section id=\"traffic\"><h2>Traffic</h2>\n";
  if (!r.traffic.empty()) put_links(out, r.traffic);
  if (!r.series.packets.empty()) put_packets(out, r.series.packets);
  if (r.traffic.empty() && r.series.packets.empty()) out << "<p>Nothing was sent.</p>\n";
  out << "</section>\n";
  return out;
}

Markup configuration_section(const Results& r) {
  Markup out;
  out << "<section id=\"configuration\"><h2>Configuration</h2>\n";
  put_run(out, r);
  for (const LinkUsed& link : r.configuration.links) {
    out << "<h3>Link " << link.name << "</h3><p class=\"sub\">"
        << (link.profile.empty() ? Literal("Written out in the scenario") : Literal("Profile "))
        << link.profile << ", " << count(link.clients, "client") << "</p>";
    put_settings(out, link.settings);
  }
  if (!r.configuration.tcp.empty()) {
    out << "<h3>TCP preset " << r.configuration.tcp_preset << "</h3>";
    put_settings(out, r.configuration.tcp);
  }
  out << "<h3>Files of this run</h3><p>results.json, junit.xml, summary.md";
  if (r.trace.events) out << ", events.ndjson";
  if (r.trace.capture) out << ", capture.pcap (opens in Wireshark)";
  if (r.trace.decrypted) out << ", decrypted.pcap (what lay within TLS, without passwords)";
  out << ".";
  if (!r.trace.note.empty()) out << " Trace: " << r.trace.note << ".";
  out << "</p>\n<h3>Not reproducible</h3><p>";
  if (!r.not_reproducible.started.empty()) out << "Started " << r.not_reproducible.started << ". ";
  out << "The run took " << short_duration(real_time(r.not_reproducible))
      << " of real time.</p>\n</section>\n";
  return out;
}

}  // namespace mq::report
