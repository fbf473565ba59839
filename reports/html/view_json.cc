// What the charts need, as small as possible: whole numbers, rows as arrays. Times are in tenths of
// a millisecond, latencies in microseconds; a time within a row counts from what stands before it
// (unpack() of report.js undoes it). Texts are made visible here, so that the script shows what the
// tables show.
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>

#include "reports/html/sections.h"
#include "reports/text/format.h"
#include "reports/verdict_words.h"

namespace mq::report {
namespace {

namespace json = boost::json;

double rounded(double value, double steps) { return std::round(value * steps) / steps; }

std::int64_t at(Instant instant) {
  using Tenths = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;
  return std::chrono::round<Tenths>(instant.time_since_epoch()).count();
}
std::int64_t latency(Duration duration) {
  return std::chrono::round<std::chrono::microseconds>(duration).count();
}

// Rows one after another: from, counted from the row before; how long; the fault; how often.
json::array bands(const std::vector<Band>& all) {
  json::array out;
  std::int64_t before = 0;
  for (const Band& band : all) {
    const std::int64_t from = at(band.from);
    out.push_back(from - before);
    out.push_back(at(band.until) - from);
    out.push_back(band.fault);
    out.push_back(band.times);
    before = from;
  }
  return out;
}

// Each fault with the share of the fleet that it touches and, unless it touches all of them, the
// rows of the clients' chart that it touches.
json::array faults(const Results& r) {
  std::vector<std::size_t> row_of(r.run.clients.size(), r.run.clients.size());
  for (std::size_t row = 0; row < r.series.timelines.size(); ++row)
    row_of[static_cast<std::size_t>(r.series.timelines[row].client)] = row;
  json::array out;
  for (const trace::FaultInfo& fault : r.run.faults) {
    json::object one;
    one.emplace("label", visible(fault.kind + " " + fault.target));
    const std::size_t touched = fault.clients.empty() ? r.run.clients.size() : fault.clients.size();
    one.emplace("share",
                rounded(static_cast<double>(touched) /
                            static_cast<double>(std::max<std::size_t>(r.run.clients.size(), 1)),
                        1e3));
    json::array rows;
    for (const std::uint32_t client : fault.clients)
      if (row_of[client] < r.series.timelines.size()) rows.push_back(row_of[client]);
    const bool all = fault.clients.empty() || rows.size() == r.series.timelines.size();
    one.emplace("rows", all ? json::value(nullptr) : json::value(std::move(rows)));
    out.push_back(std::move(one));
  }
  return out;
}

json::array fleet(const Results& r) {
  json::array out;
  for (const FleetBin& bin : r.series.fleet)
    out.push_back(json::array{at(bin.from), rounded(bin.connected, 1e2),
                              rounded(bin.connecting, 1e2), bin.connected_min});
  return out;
}

json::array clients(const Results& r) {
  json::array out;
  for (const ClientTimeline& line : r.series.timelines) {
    json::array states;
    std::int64_t before = 0;
    for (const Segment& segment : line.segments) {
      states.push_back(at(segment.from) - before);
      before = at(segment.from);
      states.push_back(static_cast<int>(segment.state));
    }
    json::object one;
    one.emplace("name", visible(r.run.clients[static_cast<std::size_t>(line.client)].id, 80));
    one.emplace("states", std::move(states));
    one.emplace("client", static_cast<std::uint32_t>(line.client));
    out.push_back(std::move(one));
  }
  return out;
}

json::array latencies(const Results& r) {
  json::array out;
  for (const Latency& one : r.series.latencies) {
    json::array bins;
    for (const LatencyBin& bin : one.bins)
      bins.push_back(json::array{at(bin.from), bin.count, latency(bin.min), latency(bin.p50),
                                 latency(bin.p99), latency(bin.max)});
    json::array curve;
    for (const LatencyPoint& point : one.curve)
      curve.push_back(json::array{point.percentile, latency(point.latency)});
    json::object object;
    object.emplace("qos", static_cast<int>(one.qos));
    object.emplace("count", one.count);
    object.emplace("bins", std::move(bins));
    object.emplace("curve", std::move(curve));
    out.push_back(std::move(object));
  }
  return out;
}

// Texts that come again and again, each once; rows name them by position.
class Texts {
 public:
  std::size_t operator[](const std::string& text) {
    const auto [found, is_new] = position_.emplace(text, all_.size());
    if (is_new) all_.emplace_back(visible(text, 120));
    return found->second;
  }
  json::array take() { return std::move(all_); }

 private:
  std::map<std::string, std::size_t> position_;
  json::array all_;
};

json::value since(std::int64_t before, const std::optional<Instant>& instant) {
  return instant ? json::value(at(*instant) - before) : json::value(nullptr);
}

json::array message(const JourneyMessage& one, const Results& r, Texts& texts) {
  json::array packets;
  for (const JourneyPacket& packet : one.packets)
    packets.push_back(json::array{at(packet.at) - at(one.at), since(at(packet.at), packet.received),
                                  packet.by_client ? 1 : 0, texts[packet.text]});
  return json::array{one.published ? 1 : 0,
                     texts[r.run.clients[static_cast<std::size_t>(one.other)].id],
                     one.number,
                     one.will ? 1 : 0,
                     at(one.at),
                     one.latency ? json::value(latency(*one.latency)) : json::value(nullptr),
                     texts[one.topic],
                     static_cast<int>(one.qos),
                     one.retain ? 1 : 0,
                     texts[one.outcome],
                     one.trouble ? 1 : 0,
                     std::move(packets),
                     one.packets_left_out};
}

json::object journeys(const Results& r) {
  Texts texts;
  json::array all;
  for (const Journey& journey : r.journeys) {
    json::array connections;
    for (const JourneyConnection& one : journey.connections)
      connections.push_back(json::array{one.number, at(one.from), since(at(one.from), one.accepted),
                                        one.session_present ? 1 : 0, since(at(one.from), one.until),
                                        texts[one.ended]});
    json::array messages;
    for (const JourneyMessage& one : journey.messages) messages.push_back(message(one, r, texts));
    const trace::ClientInfo& client = r.run.clients[static_cast<std::size_t>(journey.client)];
    json::object object;
    object.emplace("client", static_cast<std::uint32_t>(journey.client));
    object.emplace("name", visible(client.id, 80));
    object.emplace("link", visible(client.link, 80));
    object.emplace("version", version_name(client.version));
    object.emplace("connections", std::move(connections));
    object.emplace("connections_left_out", journey.connections_left_out);
    object.emplace("messages", std::move(messages));
    object.emplace("messages_left_out", journey.messages_left_out);
    all.push_back(std::move(object));
  }
  json::object out;
  out.emplace("clients", std::move(all));
  out.emplace("texts", texts.take());
  return out;
}

}  // namespace

std::string view_json(const Results& r) {
  json::object view;
  view.emplace("end", at(r.series.end));
  view.emplace("calm",
               r.series.calm_from ? json::value(at(*r.series.calm_from)) : json::value(nullptr));
  view.emplace("total", clients_of_mqtt(r.run));
  view.emplace("faults", faults(r));
  view.emplace("bands", bands(r.series.bands));
  view.emplace("down", bands(r.series.broker_down));
  view.emplace("fleet", fleet(r));
  view.emplace("clients", clients(r));
  view.emplace("latency", latencies(r));
  view.emplace("journeys", journeys(r));
  return json::serialize(view);
}

}  // namespace mq::report
