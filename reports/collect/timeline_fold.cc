#include "reports/collect/timeline_fold.h"

#include <algorithm>

namespace mq::report {
namespace {

constexpr std::size_t segments_per_client_min = 48;
constexpr std::size_t segments_per_client_max = 2000;

bool is_connected(ClientState state) {
  return state == ClientState::fresh || state == ClientState::resumed;
}

std::size_t share_of(std::size_t all, std::size_t parts) {
  return std::clamp(all / std::max<std::size_t>(parts, 1), segments_per_client_min,
                    segments_per_client_max);
}

}  // namespace

void thin_out(std::vector<Segment>& segments, Instant end, Duration whole, std::size_t slots) {
  const TimeSlots grid(whole, slots);
  std::vector<Segment> kept;
  std::size_t open_slot = slots;  // of the last kept segment, if it lies within one
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Instant until = i + 1 < segments.size() ? segments[i + 1].from : end;
    const std::size_t slot = grid.slot_of(segments[i].from);
    const bool within = until > segments[i].from && grid.slot_of(until - Duration(1)) == slot;
    if (within && slot == open_slot) {
      if (kept.back().state != segments[i].state) kept.back().state = ClientState::mixed;
      continue;
    }
    kept.push_back(segments[i]);
    open_slot = within ? slot : slots;
  }
  segments = std::move(kept);
}

TimelineFold::TimelineFold(const trace::RunInfo& run, std::size_t fleet_bins,
                           std::size_t segments_max)
    : clients_(run.clients.size()),
      whole_(run.duration + run.calm),
      segments_per_client_(share_of(segments_max, run.clients.size())),
      slots_(whole_, fleet_bins),
      fleet_(fleet_bins) {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (run.clients[i].speaks == trace::Speaks::mqtt) shown_.push_back(i);
    clients_[i].line.client = static_cast<trace::ClientIndex>(i);
    clients_[i].line.segments.push_back({Instant{}, ClientState::away});
  }
}

void TimelineFold::observe(const trace::Event& event) {
  using namespace trace;
  if (const auto* opening = std::get_if<LinkOpening>(&event.what)) {
    enter(opening->connection.client, ClientState::connecting, event.at);
  } else if (const auto* closed = std::get_if<LinkClosed>(&event.what)) {
    if (closed->end == End::client) enter(closed->connection.client, ClientState::away, event.at);
  } else if (const auto* seen = std::get_if<PacketSeen>(&event.what)) {
    const auto* ack = std::get_if<ConnAck>(seen->packet);
    if (ack == nullptr || seen->sent || seen->end != End::client) return;
    if (ack->reason != ReasonCode::success) return;
    enter(seen->connection.client, ack->session_present ? ClientState::resumed : ClientState::fresh,
          event.at);
  }
}

void TimelineFold::enter(trace::ClientIndex client, ClientState state, Instant at) {
  Client& c = clients_[static_cast<std::size_t>(client)];
  if (c.state == state) return;
  integrate_until(at);
  if (is_connected(c.state)) {
    c.line.connected += at - c.since;
    --connected_;
  }
  if (c.state == ClientState::connecting) --connecting_;
  if (is_connected(state)) {
    ++c.line.connections;
    if (state == ClientState::resumed) ++c.line.resumed;
    ++connected_;
  }
  if (state == ClientState::connecting) ++connecting_;
  Slot& slot = fleet_[slots_.slot_of(at)];
  slot.connected_min = slot.touched ? std::min(slot.connected_min, connected_) : connected_;
  slot.touched = true;
  c.state = state;
  c.since = at;
  auto& segments = c.line.segments;
  if (segments.back().from == at)
    segments.back().state = state;
  else
    segments.push_back({at, state});
  if (segments.size() > 2 * segments_per_client_)
    thin_out(segments, at, whole_, segments_per_client_ / 2);
}

// Both counts have stood still since the last call.
void TimelineFold::integrate_until(Instant at) {
  while (integrated_until_ < at) {
    const std::size_t index = slots_.slot_of(integrated_until_);
    const bool last = index + 1 == slots_.count();
    const Instant stop = last ? at : std::min(at, slots_.begin_of(index + 1));
    const auto length = static_cast<double>((stop - integrated_until_).count());
    Slot& slot = fleet_[index];
    slot.connected_ns += length * connected_;
    slot.connecting_ns += length * connecting_;
    slot.connected_min = slot.touched ? std::min(slot.connected_min, connected_) : connected_;
    slot.touched = true;
    integrated_until_ = stop;
  }
}

std::vector<std::size_t> TimelineFold::choose(std::span<const trace::ClientIndex> wanted,
                                              std::size_t clients_max) const {
  std::vector<std::size_t> order = shown_;
  if (order.size() <= clients_max) return order;
  std::vector<std::size_t> chosen;
  std::vector<bool> taken(clients_.size());
  const auto take = [&](std::size_t client, std::size_t limit) {
    if (client >= taken.size() || taken[client] || chosen.size() >= limit) return;
    taken[client] = true;
    chosen.push_back(client);
  };
  for (const trace::ClientIndex client : wanted)
    if (std::binary_search(shown_.begin(), shown_.end(), static_cast<std::size_t>(client)))
      take(static_cast<std::size_t>(client), clients_max);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return clients_[a].line.connected < clients_[b].line.connected;
  });
  const std::size_t half = chosen.size() + (clients_max - chosen.size()) / 2;
  for (const std::size_t client : order) take(client, half);
  const std::size_t left = clients_max - chosen.size();
  for (std::size_t i = 0; i < left; ++i) take(shown_[i * shown_.size() / left], clients_max);
  for (const std::size_t client : shown_) take(client, clients_max);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

void TimelineFold::finish(Instant end, std::span<const trace::ClientIndex> wanted,
                          std::size_t clients_max, std::size_t segments_max, Series& into) {
  integrate_until(end);
  for (Client& c : clients_)
    if (is_connected(c.state)) c.line.connected += end - c.since;
  for (std::size_t i = 0; i < fleet_.size() && (i == 0 || slots_.begin_of(i) < end); ++i) {
    const bool last = i + 1 == slots_.count();
    const Instant stop = last ? end : std::min(end, slots_.begin_of(i + 1));
    const auto length = static_cast<double>((stop - slots_.begin_of(i)).count());
    const double per = length > 0 ? 1 / length : 0;
    into.fleet.push_back({slots_.begin_of(i), fleet_[i].connected_ns * per,
                          fleet_[i].connecting_ns * per, fleet_[i].connected_min});
  }
  const std::vector<std::size_t> chosen = choose(wanted, clients_max);
  into.clients_left_out = shown_.size() - chosen.size();
  const std::size_t per_client = share_of(segments_max, chosen.size());
  for (const std::size_t index : chosen) {
    ClientTimeline line = std::move(clients_[index].line);
    if (line.segments.size() > per_client) thin_out(line.segments, end, whole_, per_client / 2);
    into.timelines.push_back(std::move(line));
  }
}

}  // namespace mq::report
