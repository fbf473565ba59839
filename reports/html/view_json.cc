// What the charts need, as small as possible: times in seconds, rows as arrays. Texts are made
// visible here, so that the script shows what the tables show.
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "reports/html/sections.h"

namespace mq::report {
namespace {

namespace json = boost::json;

// Tenths of milliseconds are enough for a time, microseconds for a latency.
double rounded(double value, double steps) { return std::round(value * steps) / steps; }
double at(Instant instant) { return rounded(seconds(instant.time_since_epoch()), 1e4); }
double latency(Duration duration) { return rounded(seconds(duration), 1e6); }

json::array bands(const std::vector<Band>& all) {
  json::array out;
  for (const Band& band : all)
    out.push_back(json::array{at(band.from), at(band.until), band.fault, band.times});
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
    for (const Segment& segment : line.segments) {
      states.push_back(at(segment.from));
      states.push_back(static_cast<int>(segment.state));
    }
    json::object one;
    one.emplace("name", visible(r.run.clients[static_cast<std::size_t>(line.client)].id, 80));
    one.emplace("states", std::move(states));
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

}  // namespace

std::string view_json(const Results& r) {
  json::object view;
  view.emplace("end", at(r.series.end));
  view.emplace("calm",
               r.series.calm_from ? json::value(at(*r.series.calm_from)) : json::value(nullptr));
  view.emplace("total", r.run.clients.size());
  view.emplace("faults", faults(r));
  view.emplace("bands", bands(r.series.bands));
  view.emplace("down", bands(r.series.broker_down));
  view.emplace("fleet", fleet(r));
  view.emplace("clients", clients(r));
  view.emplace("latency", latencies(r));
  return json::serialize(view);
}

}  // namespace mq::report
