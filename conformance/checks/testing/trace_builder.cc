#include "conformance/checks/testing/trace_builder.h"

#include "base/ensure.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t never = 0xFFFFFFFF;

Packet answer_to(Qos qos, bool first, PacketId id, ReasonCode reason) {
  if (qos == Qos::at_least_once) return PubAck{id, reason, {}};
  if (first) return PubRec{id, reason, {}};
  return PubComp{id, reason, {}};
}

}  // namespace

ClientIndex TraceBuilder::add_client(trace::ClientInfo info) {
  if (info.group.empty()) info.group = info.id;
  run_.clients.push_back(std::move(info));
  clients_.emplace_back();
  return ClientIndex{static_cast<std::uint32_t>(clients_.size() - 1)};
}

TraceBuilder& TraceBuilder::after(Duration time) {
  now_ += time;
  return *this;
}

trace::Connection TraceBuilder::connection(ClientIndex client) const {
  return {client, clients_[static_cast<std::size_t>(client)].connection};
}

void TraceBuilder::add(trace::What what) {
  add_replay(
      [event = trace::Event{now_, std::move(what)}](trace::Observer& to) { to.observe(event); });
}

TraceBuilder& TraceBuilder::packet_on(ClientIndex client, std::uint32_t connection, End end,
                                      bool sent, Packet packet) {
  const Version version = run_.clients[static_cast<std::size_t>(client)].version;
  add_replay([at = now_, number = trace::Connection{client, connection}, end, sent, version,
              packet = std::move(packet)](trace::Observer& to) {
    to.observe({at, trace::PacketSeen{number, end, sent, version, &packet, {}}});
  });
  return *this;
}

void TraceBuilder::both(ClientIndex client, End sender, Packet what) {
  packet(client, sender, true, what);
  now_ += 10ms;
  packet(client, sender == End::client ? End::broker : End::client, false, std::move(what));
}

// ---- Connections --------------------------------------------------------------------------------

TraceBuilder& TraceBuilder::opens_slowly(ClientIndex client) {
  ++of(client).connection;
  add(trace::LinkOpening{connection(client)});
  now_ += 10ms;
  return *this;
}

TraceBuilder& TraceBuilder::is_opened(ClientIndex client) {
  add(trace::LinkOpened{connection(client), End::broker});
  add(trace::LinkOpened{connection(client), End::client});
  return *this;
}

TraceBuilder& TraceBuilder::opens(ClientIndex client) {
  opens_slowly(client);
  return is_opened(client);
}

TraceBuilder& TraceBuilder::connects(ClientIndex client, const ConnectOptions& options) {
  opens(client);
  const auto& info = run_.clients[static_cast<std::size_t>(client)];
  auto& state = of(client);
  Connect connect;
  connect.version = info.version;
  connect.client_id = info.id;
  connect.clean_start = options.clean_start.value_or(info.clean_start);
  connect.will = options.will;
  connect.keep_alive = options.keep_alive;
  state.expiry = options.session_expiry.value_or(info.session_expiry);
  if (info.version != Version::v5)
    state.expiry = connect.clean_start ? 0 : never;
  else if (state.expiry > 0)
    connect.properties.add(PropertyId::session_expiry_interval, state.expiry);
  const bool present = state.has_session && !connect.clean_start;
  packet(client, End::client, true, connect);
  if (!options.answered) return *this;
  now_ += 10ms;
  packet(client, End::broker, false, connect);
  both(client, End::broker, ConnAck{options.present.value_or(present), ReasonCode::success, {}});
  state.has_session = true;
  state.open = true;
  return *this;
}

TraceBuilder& TraceBuilder::link_closes_at(ClientIndex client, End end, bool by_this_end,
                                           CloseCause cause) {
  add(trace::LinkClosed{connection(client), end, cause, by_this_end});
  auto& state = of(client);
  state.open = false;
  if (state.expiry == 0) state.has_session = false;
  return *this;
}

TraceBuilder& TraceBuilder::broker_closes(ClientIndex client, std::uint32_t connection) {
  add(trace::LinkClosed{{client, connection}, End::broker, CloseCause::closed, true});
  return *this;
}

TraceBuilder& TraceBuilder::loses_link(ClientIndex client) {
  link_closes_at(client, End::client, false, CloseCause::reset);
  return link_closes_at(client, End::broker, false, CloseCause::reset);
}

TraceBuilder& TraceBuilder::disconnects(ClientIndex client) {
  both(client, End::client, Disconnect{});
  link_closes_at(client, End::client, true, CloseCause::closed);
  return link_closes_at(client, End::broker, false, CloseCause::closed);
}

// ---- Subscriptions ------------------------------------------------------------------------------

TraceBuilder& TraceBuilder::subscribes(ClientIndex client, const std::string& filter, Qos qos) {
  return subscribes(client, filter, SubscriptionOptions{.qos = qos});
}

TraceBuilder& TraceBuilder::subscribes(ClientIndex client, const std::string& filter,
                                       SubscriptionOptions options) {
  asks_for(client, filter, options);
  return is_granted(client, options.qos);
}

TraceBuilder& TraceBuilder::asks_for(ClientIndex client, const std::string& filter,
                                     SubscriptionOptions options) {
  const auto id = PacketId{++of(client).subscribe_id};
  both(client, End::client, Subscribe{id, {}, {{filter, options}}});
  return *this;
}

TraceBuilder& TraceBuilder::is_granted(ClientIndex client, Qos qos) {
  both(client, End::broker,
       SubAck{PacketId{of(client).subscribe_id}, {}, {static_cast<ReasonCode>(qos)}});
  return *this;
}

TraceBuilder& TraceBuilder::unsubscribes(ClientIndex client, const std::string& filter) {
  const auto id = PacketId{++of(client).subscribe_id};
  both(client, End::client, Unsubscribe{id, {}, {filter}});
  both(client, End::broker, UnsubAck{id, {}, {ReasonCode::success}});
  return *this;
}

// ---- Messages -----------------------------------------------------------------------------------

Stamp TraceBuilder::attempts(ClientIndex client, const std::string& topic, Qos qos,
                             const PublishOptions& options) {
  auto& state = of(client);
  const Stamp stamp{Stamp::Origin::publish, client, ++state.messages};
  const std::uint16_t id = qos == Qos::at_most_once ? 0 : ++state.packet_id;
  messages_[stamp] = {topic, qos, options, id};
  add_replay([at = now_, client, stamp, topic, qos, options](trace::Observer& to) {
    const std::size_t bytes = options.empty ? 0 : trace::stamped_payload_bytes_min;
    to.observe({at, trace::Attempted{client, stamp, topic, qos, options.retain, bytes}});
  });
  return stamp;
}

Publish TraceBuilder::publish_packet(Stamp stamp, bool dup) const {
  const auto& message = messages_.at(stamp);
  Publish publish;
  publish.topic = message.topic;
  publish.qos = message.qos;
  publish.packet_id = PacketId{message.packet_id};
  publish.dup = dup;
  publish.retain = message.options.retain;
  publish.properties = message.options.properties;
  if (!message.options.empty) publish.payload = Bytes::copy(to_text(stamp));
  return publish;
}

TraceBuilder& TraceBuilder::refuses(ClientIndex client, Stamp stamp) {
  add(trace::NotSent{client, stamp, "not connected"});
  return *this;
}

TraceBuilder& TraceBuilder::sends(Stamp stamp, bool again) {
  return packet(stamp.publisher, End::client, true, publish_packet(stamp, again));
}

TraceBuilder& TraceBuilder::broker_gets(Stamp stamp) {
  now_ += 10ms;
  return packet(stamp.publisher, End::broker, false, publish_packet(stamp, false));
}

TraceBuilder& TraceBuilder::pub_rec(Stamp stamp) {
  both(stamp.publisher, End::broker,
       PubRec{PacketId{messages_.at(stamp).packet_id}, ReasonCode::success, {}});
  return *this;
}

TraceBuilder& TraceBuilder::is_acknowledged(Stamp stamp, ReasonCode reason) {
  const auto& message = messages_.at(stamp);
  const auto id = PacketId{message.packet_id};
  if (message.qos == Qos::at_most_once) return *this;
  both(stamp.publisher, End::broker, answer_to(message.qos, true, id, reason));
  if (message.qos == Qos::exactly_once && !failed(reason)) {
    both(stamp.publisher, End::client, PubRel{id, ReasonCode::success, {}});
    both(stamp.publisher, End::broker, answer_to(message.qos, false, id, reason));
  }
  add(trace::Acknowledged{stamp.publisher, stamp, reason});
  return *this;
}

Stamp TraceBuilder::publishes(ClientIndex client, const std::string& topic, Qos qos,
                              const PublishOptions& options) {
  const Stamp stamp = attempts(client, topic, qos, options);
  sends(stamp);
  broker_gets(stamp);
  is_acknowledged(stamp);
  return stamp;
}

TraceBuilder& TraceBuilder::delivers(Stamp stamp, ClientIndex to, Qos qos,
                                     const DeliverOptions& options) {
  Publish publish;
  const auto known = messages_.find(stamp);
  if (known != messages_.end()) publish.topic = known->second.topic;
  if (options.topic) publish.topic = *options.topic;
  publish.qos = qos;
  publish.retain = options.retain;
  publish.dup = options.dup;
  publish.payload = Bytes::copy(to_text(stamp));
  if (qos != Qos::at_most_once) publish.packet_id = PacketId{1};
  both(to, End::broker, publish);
  add_replay([at = now_, connection = connection(to), publish](trace::Observer& observer) {
    observer.observe({at, trace::Delivered{connection, &publish}});
  });
  return *this;
}

Stamp TraceBuilder::will_of(ClientIndex client) const {
  return {Stamp::Origin::will, client, connection(client).number};
}

// ---- The run ------------------------------------------------------------------------------------

TraceBuilder& TraceBuilder::broker_crashes() {
  for (std::size_t i = 0; i < clients_.size(); ++i)
    if (clients_[i].open) {
      link_closes_at(ClientIndex{static_cast<std::uint32_t>(i)}, End::broker, true,
                     CloseCause::crashed);
      clients_[i].open = true;  // its own end learns later
    }
  if (run_.durability == trace::Durability::none)
    for (auto& client : clients_) client.has_session = false;
  add(trace::BrokerDown{});
  return *this;
}

TraceBuilder& TraceBuilder::broker_starts() {
  add(trace::BrokerUp{});
  return *this;
}

TraceBuilder& TraceBuilder::calm() {
  add(trace::CalmBegan{});
  return *this;
}

Judgement TraceBuilder::judged(bool complete) {
  add(trace::RunEnded{complete});
  CheckSet checks(run_);
  feed(checks);
  return checks.finish();
}

void TraceBuilder::feed(trace::Observer& observer) const {
  for (const auto& replay : events_) replay(observer);
}

const Finding& finding(const Judgement& judgement, const std::string& id) {
  for (const auto& one : judgement.findings)
    if (one.id == id) return one;
  ensure(false, "no finding has this id");
  return judgement.findings.front();
}

}  // namespace mq::checks
