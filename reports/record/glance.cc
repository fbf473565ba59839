#include "reports/record/glance.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <variant>

#include "reports/text/escape.h"

namespace mq::report {
namespace {

namespace json = boost::json;

constexpr std::size_t attempts_max = 20'000;
constexpr std::size_t latencies_max = 1'000;
constexpr std::size_t messages_max = 12;
constexpr std::size_t shown_faults_max = 8;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
double seconds(Instant at) { return seconds(at.time_since_epoch()); }

}  // namespace

Glance::Glance(const trace::RunInfo& run)
    : run_(run), connected_(run.clients.size()), attempts_(run.clients.size(), attempts_max, 16) {
  for (const trace::ClientInfo& client : run.clients) {
    auto found = std::find_if(groups_.begin(), groups_.end(),
                              [&](const Group& group) { return group.name == client.group; });
    if (found == groups_.end()) found = groups_.insert(found, {client.group, client.link});
    ++found->clients;
    group_of_.push_back(static_cast<std::uint32_t>(found - groups_.begin()));
  }
}

void Glance::observe(const trace::Event& event) {
  std::visit([&](const auto& what) { on(event, what); }, event.what);
}

void Glance::connected(trace::ClientIndex client, bool is) {
  const auto index = static_cast<std::size_t>(client);
  if (connected_[index] == is) return;
  connected_[index] = is;
  Group& group = groups_[group_of_[index]];
  is ? ++group.connected : --group.connected;
  if (!is) ++lost_connections_;
}

void Glance::on(const trace::Event&, const trace::PacketSeen& seen) {
  if (seen.end != trace::End::client || seen.sent) return;
  const auto* answer = std::get_if<ConnAck>(seen.packet);
  if (answer != nullptr && answer->reason == ReasonCode::success)
    connected(seen.connection.client, true);
}

void Glance::on(const trace::Event&, const trace::LinkClosed& closed) {
  if (closed.end == trace::End::client) connected(closed.connection.client, false);
}

void Glance::on(const trace::Event& event, const trace::Attempted& attempted) {
  ++attempted_;
  attempts_.add(attempted.stamp, event.at);
}

void Glance::on(const trace::Event& event, const trace::Delivered& delivered) {
  ++delivered_;
  const auto stamp = trace::stamp_of(delivered.publish->payload.text());
  const auto attempt = stamp ? attempts_.of(*stamp) : std::nullopt;
  if (!attempt) return;
  const Duration latency = event.at - *attempt;
  latencies_.push_back(latency);
  if (latencies_.size() > latencies_max) latencies_.pop_front();
  messages_.push_back({event.at, delivered.publish->topic,
                       static_cast<std::uint32_t>(delivered.connection.client), latency});
  if (messages_.size() > messages_max) messages_.pop_front();
}

void Glance::on(const trace::Event& event, const trace::FaultBegan& began) {
  faults_.emplace(began.fault, event.at);
}

void Glance::on(const trace::Event&, const trace::FaultEnded& ended) { faults_.erase(ended.fault); }

std::string Glance::to_json(Instant now) const {
  json::array groups, faults, messages;
  for (const Group& group : groups_)
    groups.push_back({{"name", group.name},
                      {"link", group.link},
                      {"clients", group.clients},
                      {"connected", group.connected}});
  for (const auto& [fault, since] : faults_) {
    if (faults.size() == shown_faults_max) break;
    const trace::FaultInfo& info = run_.faults[fault];
    faults.push_back({{"kind", info.kind}, {"target", info.target}, {"since", seconds(since)}});
  }
  for (const Message& message : messages_)
    messages.push_back({{"at", seconds(message.at)},
                        {"topic", visible(message.topic, 80)},
                        {"to", run_.clients[message.to].id},
                        {"latency", seconds(message.latency)}});
  json::object latency;
  if (!latencies_.empty()) {
    std::vector<Duration> sorted(latencies_.begin(), latencies_.end());
    std::sort(sorted.begin(), sorted.end());
    latency = {{"p50", seconds(sorted[sorted.size() / 2])},
               {"p99", seconds(sorted[sorted.size() * 99 / 100])}};
  }
  return json::serialize(json::object{{"at", seconds(now)},
                                      {"calm", is_calm_},
                                      {"broker", broker_is_up_},
                                      {"groups", std::move(groups)},
                                      {"faults", std::move(faults)},
                                      {"faults_all", faults_.size()},
                                      {"latency", std::move(latency)},
                                      {"attempted", attempted_},
                                      {"delivered", delivered_},
                                      {"lost_connections", lost_connections_},
                                      {"messages", std::move(messages)}});
}

}  // namespace mq::report
