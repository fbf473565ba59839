#include "reports/collect/silence_fold.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "protocol/property.h"

namespace mq::report {
namespace {

constexpr std::size_t remembered_max = 100'000;

}  // namespace

SilenceFold::SilenceFold(const trace::RunInfo& run) {
  for (const trace::ClientInfo& client : run.clients)
    clients_.push_back({.keep_alive = client.keep_alive});
}

void SilenceFold::observe(const trace::Event& event) {
  if (const auto* packet_seen = std::get_if<trace::PacketSeen>(&event.what))
    packet(*packet_seen, event.at);
  else if (const auto* link_closed = std::get_if<trace::LinkClosed>(&event.what))
    closed(*link_closed, event.at);
}

void SilenceFold::packet(const trace::PacketSeen& packet, Instant at) {
  if (packet.end != trace::End::broker) return;
  Client& client = clients_[static_cast<std::size_t>(packet.connection.client)];
  if (!packet.sent && std::holds_alternative<Connect>(*packet.packet)) {
    client.connect = at;
    client.before = std::exchange(
        client.now,
        {.number = packet.connection.number, .last = at, .keep_alive = client.keep_alive});
    return;
  }
  Heard& heard = packet.connection.number == client.now.number ? client.now : client.before;
  if (packet.connection.number != heard.number) return;
  if (!packet.sent) heard.last = at;
  const auto* connack = packet.sent ? std::get_if<ConnAck>(packet.packet) : nullptr;
  if (connack == nullptr) return;
  if (const auto wanted = connack->properties.number(PropertyId::server_keep_alive))
    heard.keep_alive = std::chrono::seconds(*wanted);
}

// A CONNECT of the same client at this very instant took the connection over: that is no silence.
void SilenceFold::closed(const trace::LinkClosed& closed, Instant at) {
  if (closed.end != trace::End::broker || !closed.by_this_end ||
      closed.cause == trace::CloseCause::crashed)
    return;
  const Client& client = clients_[static_cast<std::size_t>(closed.connection.client)];
  const bool is_older = closed.connection.number == client.before.number;
  if (is_older && client.connect == at) return;
  const Heard& heard = is_older ? client.before : client.now;
  if (heard.number != closed.connection.number || heard.keep_alive.count() == 0) return;
  const Duration silent_for = at - heard.last;
  if (silent_for < heard.keep_alive) return;
  const Duration late = silent_for - Duration(heard.keep_alive) * 3 / 2;
  drops_.earliest = drops_.count == 0 ? late : std::min(drops_.earliest, late);
  drops_.latest = drops_.count == 0 ? late : std::max(drops_.latest, late);
  ++drops_.count;
  if (late_.size() < remembered_max) late_.push_back(late);
}

void SilenceFold::finish(Series& into) const {
  into.silent_drops = drops_;
  if (late_.empty()) return;
  std::vector<Duration> all = late_;
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  into.silent_drops.p50 = *middle;
}

}  // namespace mq::report
