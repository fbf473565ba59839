#include "reports/results_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/archive.h"
#include "reports/document.h"
#include "reports/run_info_json.h"

namespace mq {

inline report::Words words_of(Kind) {
  static constexpr const char* words[] = {"CONNECT",  "CONNACK",     "PUBLISH",  "PUBACK",
                                          "PUBREC",   "PUBREL",      "PUBCOMP",  "SUBSCRIBE",
                                          "SUBACK",   "UNSUBSCRIBE", "UNSUBACK", "PINGREQ",
                                          "PINGRESP", "DISCONNECT",  "AUTH"};
  return {words, 1};
}

}  // namespace mq

namespace mq::checks {

inline report::Words words_of(Verdict) {
  static constexpr const char* words[] = {"held", "broken", "not_tried"};
  return {words, 0};
}
template <class Io>
void fields(Io& io, Evidence& v) {
  io("at_ns", v.at);
  io("text", v.text);
  io("clients", v.clients);
  io("message", v.message);
  io("from_ns", v.from);
  io("until_ns", v.until);
}
template <class Io>
void fields(Io& io, Finding& v) {
  io("id", v.id);
  io("promise", v.promise);
  io("verdict", v.verdict);
  io("limit", v.limit);
  io("measured", v.measured);
  io("tried", v.tried);
  io("broken", v.broken);
  io("expected", v.expected);
  io("clauses", v.clauses);
  io("evidence", v.evidence);
}

}  // namespace mq::checks

namespace mq::report {

inline Words words_of(ClientState) {
  static constexpr const char* words[] = {"away", "connecting", "fresh", "resumed", "mixed"};
  return {words, 0};
}
inline Words words_of(SequenceStep::What) {
  static constexpr const char* words[] = {"packet", "note", "gap"};
  return {words, 0};
}

template <class Io>
void fields(Io& io, Segment& v) {
  io("from_ns", v.from);
  io("state", v.state);
}
template <class Io>
void fields(Io& io, ClientTimeline& v) {
  io("client", v.client);
  io("connections", v.connections);
  io("resumed", v.resumed);
  io("connected_ns", v.connected);
  io("segments", v.segments);
}
template <class Io>
void fields(Io& io, FleetBin& v) {
  io("from_ns", v.from);
  io("connected", v.connected);
  io("connecting", v.connecting);
  io("connected_min", v.connected_min);
}
template <class Io>
void fields(Io& io, Band& v) {
  io("fault", v.fault);
  io("from_ns", v.from);
  io("until_ns", v.until);
  io("times", v.times);
}
template <class Io>
void fields(Io& io, LatencyBin& v) {
  io("from_ns", v.from);
  io("count", v.count);
  io("min_ns", v.min);
  io("p50_ns", v.p50);
  io("p99_ns", v.p99);
  io("max_ns", v.max);
}
template <class Io>
void fields(Io& io, LatencyPoint& v) {
  io("percentile", v.percentile);
  io("latency_ns", v.latency);
}
template <class Io>
void fields(Io& io, Latency& v) {
  io("qos", v.qos);
  io("count", v.count);
  io("unmeasured", v.unmeasured);
  io("p50_ns", v.p50);
  io("p90_ns", v.p90);
  io("p99_ns", v.p99);
  io("p999_ns", v.p999);
  io("max_ns", v.max);
  io("curve", v.curve);
  io("over_time", v.bins);
}
template <class Io>
void fields(Io& io, PacketCount& v) {
  io("kind", v.kind);
  io("sent_by_clients", v.sent_by_clients);
  io("received_by_broker", v.received_by_broker);
  io("sent_by_broker", v.sent_by_broker);
  io("received_by_clients", v.received_by_clients);
}
template <class Io>
void fields(Io& io, SilentDrops& v) {
  io("count", v.count);
  io("earliest_ns", v.earliest);
  io("p50_ns", v.p50);
  io("latest_ns", v.latest);
}
template <class Io>
void fields(Io& io, Series& v) {
  io("events", v.events);
  io("end_ns", v.end);
  io("calm_from_ns", v.calm_from);
  io("bands", v.bands);
  io("broker_down", v.broker_down);
  io("fleet", v.fleet);
  io("timelines", v.timelines);
  io("clients_left_out", v.clients_left_out);
  io("latency", v.latencies);
  io("packets", v.packets);
  io.since_then("silent_drops", v.silent_drops);
}
template <class Io>
void fields(Io& io, PublishedRow& v) {
  io("qos", v.qos);
  io("attempted", v.attempted);
  io("not_sent", v.not_sent);
  io("refused", v.refused);
  io("acknowledged", v.acknowledged);
  io("open", v.open);
}
template <class Io>
void fields(Io& io, DeliveryRow& v) {
  io("group", v.group);
  io("qos", v.qos);
  io("owed", v.owed);
  io("delivered", v.delivered);
  io("lost", v.lost);
  io("duplicated", v.duplicated);
  io("unexpected", v.unexpected);
  io("reordered", v.reordered);
  io("late", v.late);
  io("open", v.open);
  io("cancelled", v.cancelled);
}
template <class Io>
void fields(Io& io, LedgerTable& v) {
  io("published", v.published);
  io("deliveries", v.deliveries);
}
template <class Io>
void fields(Io& io, SometimesCount& v) {
  io("phrase", v.phrase);
  io("meaning", v.meaning);
  io("times", v.times);
  io("expected", v.expected);
}
template <class Io>
void fields(Io& io, SequenceStep& v) {
  io("what", v.what);
  io("at_ns", v.at);
  io("received_ns", v.received);
  io("from", v.from);
  io("to", v.to);
  io("text", v.text);
  io("detail", v.detail);
  io("trouble", v.trouble);
}
template <class Io>
void fields(Io& io, SequenceDiagram& v) {
  io("finding", v.finding);
  io("evidence", v.evidence);
  io("title", v.title);
  io("lanes", v.lanes);
  io("steps", v.steps);
  io("left_out", v.left_out);
}
template <class Io>
void fields(Io& io, JourneyConnection& v) {
  io("number", v.number);
  io("from_ns", v.from);
  io("accepted_ns", v.accepted);
  io("session_present", v.session_present);
  io("until_ns", v.until);
  io("ended", v.ended);
}
template <class Io>
void fields(Io& io, JourneyPacket& v) {
  io("at_ns", v.at);
  io("received_ns", v.received);
  io("by_client", v.by_client);
  io("text", v.text);
}
template <class Io>
void fields(Io& io, JourneyMessage& v) {
  io("published", v.published);
  io("other", v.other);
  io("number", v.number);
  io("will", v.will);
  io("at_ns", v.at);
  io("latency_ns", v.latency);
  io("topic", v.topic);
  io("qos", v.qos);
  io("retain", v.retain);
  io("outcome", v.outcome);
  io("trouble", v.trouble);
  io("packets", v.packets);
  io("packets_left_out", v.packets_left_out);
}
template <class Io>
void fields(Io& io, Journey& v) {
  io("client", v.client);
  io("connections", v.connections);
  io("connections_left_out", v.connections_left_out);
  io("messages", v.messages);
  io("messages_left_out", v.messages_left_out);
}
template <class Io>
void fields(Io& io, Setting& v) {
  io("name", v.name);
  io("value", v.value);
  io("source", v.source);
}
template <class Io>
void fields(Io& io, LinkUsed& v) {
  io("name", v.name);
  io("profile", v.profile);
  io("clients", v.clients);
  io("settings", v.settings);
}
template <class Io>
void fields(Io& io, LinkTraffic& v) {
  io("link", v.link);
  io("packets_up", v.packets_up);
  io("packets_down", v.packets_down);
  io("bytes_up", v.bytes_up);
  io("bytes_down", v.bytes_down);
  io("lost_up", v.lost_up);
  io("lost_down", v.lost_down);
}
template <class Io>
void fields(Io& io, Spread& v) {
  io("count", v.count);
  io("p50_ns", v.p50);
  io("p99_ns", v.p99);
  io("max_ns", v.max);
}
template <class Io>
void fields(Io& io, CostRow& v) {
  io("group", v.group);
  io("clients", v.clients);
  io("bytes_up", v.bytes_up);
  io("bytes_down", v.bytes_down);
  io("bytes_most", v.bytes_most);
  io("reconnects", v.reconnects);
  io("reconnects_most", v.reconnects_most);
  io("radio_on_ns", v.radio_on);
  io("radio_on_most_ns", v.radio_on_most);
  io("microjoules", v.microjoules);
  io("microjoules_most", v.microjoules_most);
  io.since_then("values", v.values);
  io.since_then("age_mean_ns", v.age_mean);
  io.since_then("age_most_ns", v.age_most);
}
template <class Io>
void fields(Io& io, CostTable& v) {
  io("groups", v.rows);
  io("has_traffic", v.has_traffic);
  io("first_message", v.first_message);
  io("staleness", v.staleness);
}
template <class Io>
void fields(Io& io, Configuration& v) {
  io("scenario_file", v.scenario_file);
  io("tcp_preset", v.tcp_preset);
  io("tcp", v.tcp);
  io("links", v.links);
  io("versions", v.versions);
}
template <class Io>
void fields(Io& io, NotReproducible& v) {
  io("wall_seconds", v.wall_seconds);
  io("started", v.started);
  io.since_then("broker_cpu_seconds", v.broker_cpu_seconds);
}
template <class Io>
void fields(Io& io, TraceKept& v) {
  io("events", v.events);
  io("capture", v.capture);
  io("decrypted", v.decrypted);
  io("note", v.note);
}
template <class Io>
void fields(Io& io, Results& v) {
  io("verdict", v.verdict);
  io("exit_code", v.exit_code);
  io("why", v.why);
  io("hash", v.hash);
  io("program_version", v.program_version);
  io("command", v.command);
  io("reached_ns", v.reached);
  io("complete", v.complete);
  io("findings", v.findings);
  io.since_then("standard", v.standard);
  io("ledger", v.ledger);
  io("sometimes", v.sometimes);
  io("sequences", v.sequences);
  io("trace", v.trace);
  io("configuration", v.configuration);
  io("traffic", v.traffic);
  io.since_then("costs", v.costs);
  io("series", v.series);
  io.since_then("journeys", v.journeys);
  io("run", v.run);
  io("not_reproducible", v.not_reproducible);
}

namespace {

// What points into another part of the file must point to something.
std::string dangling(const Results& results) {
  const std::size_t clients = results.run.clients.size();
  const auto known = [&](trace::ClientIndex client) {
    return static_cast<std::size_t>(client) < clients;
  };
  for (std::size_t i = 0; i < results.findings.size(); ++i)
    for (const checks::Evidence& evidence : results.findings[i].evidence)
      if (!std::all_of(evidence.clients.begin(), evidence.clients.end(), known))
        return fmt::format("findings[{}].evidence: names a client that is not in the run", i);
  const Series& series = results.series;
  for (std::size_t i = 0; i < series.bands.size(); ++i)
    if (series.bands[i].fault >= results.run.faults.size())
      return fmt::format("series.bands[{}]: names a fault that is not in the run", i);
  for (std::size_t i = 0; i < series.timelines.size(); ++i)
    if (!known(series.timelines[i].client) || series.timelines[i].segments.empty())
      return fmt::format("series.timelines[{}]: of no client of the run, or empty", i);
  for (std::size_t i = 0; i < results.sequences.size(); ++i)
    for (const SequenceStep& step : results.sequences[i].steps)
      if (std::max(step.from, step.to) >= results.sequences[i].lanes.size())
        return fmt::format("sequences[{}]: a step is in no lane", i);
  for (std::size_t i = 0; i < results.journeys.size(); ++i) {
    const auto known_message = [&](const JourneyMessage& one) { return known(one.other); };
    const Journey& journey = results.journeys[i];
    if (!known(journey.client) || !std::ranges::all_of(journey.messages, known_message))
      return fmt::format("journeys[{}]: names a client that is not in the run", i);
  }
  for (const trace::FaultInfo& fault : results.run.faults)
    if (std::any_of(fault.clients.begin(), fault.clients.end(),
                    [&](std::uint32_t client) { return client >= clients; }))
      return "run.faults: one touches a client that is not in the run";
  return {};
}

}  // namespace

std::string to_json(const Results& results) {
  boost::json::object object;
  object.emplace("schema_version", schema_version);
  WriteFields io(object);
  fields(io, const_cast<Results&>(results));  // writing does not change it
  return boost::json::serialize(object) + "\n";
}

std::variant<Results, Unreadable> results_from(const boost::json::object& document) {
  if (std::string why = other_schema(document, schema_version); !why.empty())
    return Unreadable{std::move(why)};
  Results results;
  Fault fault;
  ReadFields io(document, "", fault);
  fields(io, results);
  if (!fault) fault.text = dangling(results);
  if (fault) return Unreadable{fault.text};
  return results;
}

std::variant<Results, Unreadable> from_json(std::string_view text) {
  auto document = document_in(text);
  if (auto* unreadable = std::get_if<Unreadable>(&document)) return std::move(*unreadable);
  return results_from(std::get<boost::json::object>(document));
}

}  // namespace mq::report
