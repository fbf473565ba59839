#include "reports/testing/week_run.h"

#include <fmt/format.h>

#include "protocol/codec.h"

namespace mq::report::testing {
namespace {

using namespace trace;
using namespace std::chrono_literals;

constexpr Duration a_message_every = 1h;
constexpr std::uint64_t publications_per_break = 24;  // a link breaks about once a day
constexpr std::size_t faults_max = 84;
constexpr Duration fault_length = 5min;

}  // namespace

WeekRun::WeekRun(std::uint32_t sensors, Duration duration)
    : sensors_(sensors), connections_(sensors + 1), messages_(sensors) {
  run_.scenario = "a fleet for a week";
  run_.description = "Made up to see what a report does with it.";
  run_.world = "ns3";
  run_.broker = "ours";
  run_.duration = duration;
  run_.calm = 1min;
  for (std::uint32_t i = 0; i <= sensors; ++i) {
    ClientInfo client;
    client.id = i == sensors ? "dashboard" : fmt::format("sensor-{}", i + 1);
    client.group = i == sensors ? "dashboard" : "sensors";
    client.link = i == sensors ? "wired" : "nbiot";
    client.clean_start = false;
    client.session_expiry = 0xFFFFFFFF;
    if (i == sensors) client.subscriptions.push_back({"fleet/#", {.qos = Qos::at_least_once}});
    run_.clients.push_back(std::move(client));
  }
  FaultInfo fault{"cut", "nbiot", {}};
  for (std::uint32_t i = 0; i < sensors; i += 10) fault.clients.push_back(i);
  run_.faults.push_back(std::move(fault));
}

void WeekRun::pass(Connection connection, End from, const Packet& packet, Instant at,
                   Duration travels) {
  wire_.clear();
  encode(packet, Version::v5, wire_);
  const End to = from == End::client ? End::broker : End::client;
  tell(at, PacketSeen{connection, from, true, Version::v5, &packet, wire_});
  tell(at + travels, PacketSeen{connection, to, false, Version::v5, &packet, wire_});
}

void WeekRun::connect(std::uint32_t client, Instant at) {
  const bool again = connections_[client] > 0;
  if (again) {
    const Connection old{ClientIndex{client}, connections_[client]};
    tell(at, LinkClosed{old, End::broker, CloseCause::timed_out, true});
    tell(at, LinkClosed{old, End::client, CloseCause::timed_out, true});
  }
  const Connection now{ClientIndex{client}, ++connections_[client]};
  tell(at, LinkOpening{now});
  tell(at + 10ms, LinkOpened{now, End::broker});
  tell(at + 20ms, LinkOpened{now, End::client});
  Connect hello{.version = Version::v5, .client_id = run_.clients[client].id, .clean_start = false};
  hello.properties.add(PropertyId::session_expiry_interval, 0xFFFFFFFFu);
  pass(now, End::client, hello, at + 20ms, 10ms);
  pass(now, End::broker, ConnAck{.session_present = again}, at + 30ms, 10ms);
  if (client != sensors_) return;
  Subscribe subscribe{.packet_id = PacketId{1}};
  subscribe.entries.push_back({"fleet/#", {.qos = Qos::at_least_once}});
  pass(now, End::client, subscribe, at + 40ms, 10ms);
  pass(now, End::broker, SubAck{.packet_id = PacketId{1}, .reasons = {ReasonCode::granted_qos_1}},
       at + 50ms, 10ms);
}

void WeekRun::publish(std::uint32_t client, Instant at) {
  const Stamp stamp{Stamp::Origin::publish, ClientIndex{client}, ++messages_[client]};
  const std::string topic = fmt::format("fleet/{}/temp", run_.clients[client].id);
  tell(at, Attempted{ClientIndex{client}, stamp, topic, Qos::at_least_once, false, 64});
  const auto there = Duration(5ms + rng_.below(40) * 1ms);
  const Connection up{ClientIndex{client}, connections_[client]};
  const Connection down{ClientIndex{sensors_}, connections_[sensors_]};
  Publish message{.topic = topic,
                  .packet_id = PacketId{static_cast<std::uint16_t>(stamp.number % 65'535 + 1)},
                  .qos = Qos::at_least_once};
  message.payload = Bytes::copy(to_text(stamp) + std::string(50, '.'));
  pass(up, End::client, message, at, there);
  at += there;
  pass(up, End::broker, PubAck{.packet_id = message.packet_id}, at, there);
  tell(at + there, Acknowledged{ClientIndex{client}, stamp, ReasonCode::success});
  at += there;
  message.packet_id = PacketId{static_cast<std::uint16_t>(down_id_++ % 65'535 + 1)};
  const Packet delivered = message;
  pass(down, End::broker, delivered, at, 2ms);
  tell(at + 2ms, Delivered{down, std::get_if<Publish>(&delivered)});
  pass(down, End::client, PubAck{.packet_id = message.packet_id}, at + 2ms, 2ms);
}

// One sensor after the other, so far apart that no exchange meets the next.
void WeekRun::play(Observer& observer) {
  observer_ = &observer;
  tell(Instant{}, BrokerUp{});
  connect(sensors_, Instant{});
  const Duration step = a_message_every / sensors_;
  const Duration fault_every = run_.duration / faults_max;
  Duration next_fault = fault_every / 2;
  bool fault_on = false;
  std::uint32_t client = 0;
  for (Duration at = 1s; at + step < run_.duration; at += step, client = (client + 1) % sensors_) {
    if (at >= next_fault) {
      fault_on = !fault_on;
      if (fault_on)
        tell(Instant(at), FaultBegan{0});
      else
        tell(Instant(at), FaultEnded{0});
      next_fault += fault_on ? fault_length : fault_every - fault_length;
    }
    if (connections_[client] == 0 || rng_.below(publications_per_break) == 0)
      connect(client, Instant(at));
    publish(client, Instant(at + 60ms));
  }
  if (fault_on) tell(Instant(run_.duration), FaultEnded{0});
  tell(Instant(run_.duration), CalmBegan{});
  tell(end(), RunEnded{true});
}

}  // namespace mq::report::testing
