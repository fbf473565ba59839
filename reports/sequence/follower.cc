#include "reports/sequence/follower.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "reports/ndjson/words.h"
#include "reports/text/escape.h"

namespace mq::report {
namespace {

using namespace trace;

constexpr std::size_t parties_max = 3;
constexpr std::size_t broker_lane = 1;

std::string with_reason(std::string text, ReasonCode reason) {
  if (reason != ReasonCode::success) text += fmt::format(", {}", name(reason));
  return text;
}

}  // namespace

std::string short_text(const Packet& packet) {
  const std::string kind_name = name(kind(packet));
  if (const auto* publish = std::get_if<Publish>(&packet)) {
    std::string text = fmt::format("PUBLISH QoS {}", static_cast<int>(publish->qos));
    if (publish->packet_id != PacketId::none)
      text += fmt::format(", id {}", static_cast<int>(publish->packet_id));
    if (publish->dup) text += ", DUP";
    if (publish->retain) text += ", RETAIN";
    return text;
  }
  if (const auto* connect = std::get_if<Connect>(&packet))
    return connect->clean_start ? "CONNECT, clean start" : "CONNECT";
  if (const auto* ack = std::get_if<ConnAck>(&packet))
    return with_reason(fmt::format("CONNACK, session present {}", ack->session_present ? 1 : 0),
                       ack->reason);
  if (const auto* bye = std::get_if<Disconnect>(&packet))
    return with_reason("DISCONNECT", bye->reason);
  return std::visit(
      [&](const auto& one) {
        if constexpr (requires {
                        one.packet_id;
                        one.reason;
                      })
          return with_reason(fmt::format("{} id {}", kind_name, static_cast<int>(one.packet_id)),
                             one.reason);
        else if constexpr (requires { one.packet_id; })
          return fmt::format("{} id {}", kind_name, static_cast<int>(one.packet_id));
        else
          return kind_name;
      },
      packet);
}

std::string detail_text(const Packet& packet, std::size_t wire_bytes) {
  std::string text = fmt::format("{} bytes", wire_bytes);
  if (const auto* publish = std::get_if<Publish>(&packet))
    return fmt::format("topic {}, payload of {} bytes, packet of {}", visible(publish->topic, 200),
                       publish->payload.size(), text);
  if (const auto* connect = std::get_if<Connect>(&packet))
    return fmt::format("client id {}, keep alive {} s, {}", visible(connect->client_id, 200),
                       connect->keep_alive, text);
  if (const auto* subscribe = std::get_if<Subscribe>(&packet);
      subscribe && !subscribe->entries.empty())
    return fmt::format("filter {}, {}", visible(subscribe->entries.front().filter, 200), text);
  return text;
}

SequenceFollower::SequenceFollower(const RunInfo& run, const checks::Evidence& evidence,
                                   std::size_t steps_max)
    : run_(run),
      evidence_(evidence),
      head_max_(steps_max / 2),
      tail_max_(steps_max - head_max_ - 1) {
  for (const ClientIndex client : evidence.clients)
    if (parties_.size() < parties_max &&
        std::find(parties_.begin(), parties_.end(), client) == parties_.end())
      parties_.push_back(client);
}

// The first party stands left of the broker, the others right of it.
std::optional<std::size_t> SequenceFollower::lane_of(ClientIndex client) const {
  const auto found = std::find(parties_.begin(), parties_.end(), client);
  if (found == parties_.end()) return std::nullopt;
  const auto position = static_cast<std::size_t>(found - parties_.begin());
  return position == 0 ? 0 : position + 1;
}

std::size_t SequenceFollower::lane_of_end(const Connection& connection, End end) const {
  return end == End::broker ? broker_lane : lane_of(connection.client).value_or(0);
}

void SequenceFollower::observe(const Event& event) {
  if (event.at < evidence_.from || parties_.empty()) return;
  if (const auto* seen = std::get_if<PacketSeen>(&event.what)) return on_packet(*seen, event.at);
  if (const auto* closed = std::get_if<LinkClosed>(&event.what)) on_the_way_.closed(*closed);
  if (event.at > evidence_.until) return;
  on_network(event);
  on_application(event);
  on_course(event);
}

void SequenceFollower::on_packet(const PacketSeen& seen, Instant at) {
  if (!lane_of(seen.connection.client)) return;
  const bool concerned = concerns(seen);
  if (!seen.sent) return received(seen, at);
  if (!concerned || at > evidence_.until) return;
  SequenceStep step{.what = SequenceStep::What::packet, .at = at, .received = std::nullopt};
  step.from = lane_of_end(seen.connection, seen.end);
  step.to = lane_of_end(seen.connection, other(seen.end));
  step.text = short_text(*seen.packet);
  step.detail = detail_text(*seen.packet, seen.wire.size());
  on_the_way_.sent(seen, add(std::move(step)));
}

bool SequenceFollower::concerns(const PacketSeen& seen) {
  switch (kind(*seen.packet)) {
    case Kind::connect:
    case Kind::conn_ack:
    case Kind::disconnect:
      return true;
    case Kind::subscribe:
    case Kind::sub_ack:
    case Kind::unsubscribe:
    case Kind::unsub_ack:
      return !evidence_.message.has_value();
    default: {
      const std::optional<Exchanges::About> about = exchanges_.of(seen);
      return about && about->message == evidence_.message;
    }
  }
}

void SequenceFollower::received(const PacketSeen& seen, Instant at) {
  if (const auto sent = on_the_way_.received(seen))
    if (SequenceStep* step = find(*sent)) step->received = at;
}

void SequenceFollower::on_network(const Event& event) {
  if (const auto* closed = std::get_if<LinkClosed>(&event.what)) {
    if (!lane_of(closed->connection.client)) return;
    const bool orderly = closed->cause == CloseCause::closed;
    if (orderly && !closed->by_this_end) return;
    std::string text = orderly ? fmt::format("closes connection {}", closed->connection.number)
                               : fmt::format("connection {} {}", closed->connection.number,
                                             word(close_cause_words, closed->cause));
    std::replace(text.begin(), text.end(), '_', ' ');
    note(event.at, lane_of_end(closed->connection, closed->end), text, true);
  } else if (const auto* opening = std::get_if<LinkOpening>(&event.what)) {
    if (const auto lane = lane_of(opening->connection.client))
      note(event.at, *lane, fmt::format("opens connection {}", opening->connection.number), false);
  } else if (const auto* malformed = std::get_if<MalformedSeen>(&event.what)) {
    if (lane_of(malformed->connection.client))
      note(event.at, lane_of_end(malformed->connection, malformed->end),
           fmt::format("malformed packet: {}", info(malformed->fault.rule).name), true);
  }
}

void SequenceFollower::on_application(const Event& event) {
  const auto tell = [&](ClientIndex client, const Stamp& stamp, std::string text, bool trouble) {
    const auto lane = lane_of(client);
    if (lane && evidence_.message == stamp) note(event.at, *lane, std::move(text), trouble);
  };
  if (const auto* attempted = std::get_if<Attempted>(&event.what)) {
    tell(attempted->client, attempted->stamp, "application publishes", false);
  } else if (const auto* refused = std::get_if<NotSent>(&event.what)) {
    tell(refused->client, refused->stamp, fmt::format("not sent: {}", visible(refused->reason, 40)),
         true);
  } else if (const auto* done = std::get_if<Acknowledged>(&event.what)) {
    const bool bad = failed(done->reason);
    tell(done->client, done->stamp,
         bad ? fmt::format("refused: {}", name(done->reason)) : "application is told: done", bad);
  } else if (const auto* given = std::get_if<Delivered>(&event.what)) {
    if (const auto stamp = stamp_of(given->publish->payload.text()))
      tell(given->connection.client, *stamp, "given to the application", false);
  }
}

void SequenceFollower::on_course(const Event& event) {
  const auto fault_note = [&](std::size_t index, std::optional<ClientIndex> only,
                              const char* what) {
    const FaultInfo& fault = run_.faults[index];
    for (const ClientIndex client : parties_)
      if ((!only || *only == client) &&
          std::find(fault.clients.begin(), fault.clients.end(),
                    static_cast<std::uint32_t>(client)) != fault.clients.end())
        note(event.at, *lane_of(client),
             fmt::format("{} {} {}", visible(fault.kind, 24), visible(fault.target, 24), what),
             true);
  };
  const auto switched = [&](ClientIndex client, const char* what) {
    if (const auto lane = lane_of(client)) note(event.at, *lane, what, true);
  };
  if (const auto* began = std::get_if<FaultBegan>(&event.what))
    fault_note(began->fault, began->client, "begins");
  else if (const auto* ended = std::get_if<FaultEnded>(&event.what))
    fault_note(ended->fault, ended->client, "ends");
  else if (std::holds_alternative<BrokerDown>(event.what))
    note(event.at, broker_lane, "broker crashes", true);
  else if (std::holds_alternative<BrokerUp>(event.what))
    note(event.at, broker_lane, "broker starts", false);
  else if (const auto* down = std::get_if<ClientDown>(&event.what))
    switched(down->client,
             down->keeps_session ? "is switched off" : "is switched off, forgets all");
  else if (const auto* up = std::get_if<ClientUp>(&event.what))
    switched(up->client, "is switched on");
  else if (const auto* called = std::get_if<Called>(&event.what))
    switched(called->client, called->answered ? "a call from outside is answered"
                                              : "a call from outside is given up");
  else if (const auto* said = std::get_if<BrokerSaid>(&event.what))
    on_log(said->text, event.at);
  else if (std::holds_alternative<CalmBegan>(event.what))
    note(event.at, broker_lane, "the calm begins", false);
}

// What the broker logs of one of the parties.
void SequenceFollower::on_log(std::string_view text, Instant at) {
  constexpr std::size_t shown_max = 60;
  for (const ClientIndex party : parties_) {
    const std::string& id = run_.clients[static_cast<std::size_t>(party)].id;
    const std::size_t found = text.find(id);
    const auto is_border = [&](std::size_t at_byte) {
      return at_byte >= text.size() || std::isalnum(static_cast<unsigned char>(text[at_byte])) == 0;
    };
    if (found == std::string_view::npos || !is_border(found + id.size()) ||
        (found > 0 && !is_border(found - 1)))
      continue;
    return note(at, broker_lane, "log: " + visible(text, shown_max), false);
  }
}

void SequenceFollower::note(Instant at, std::size_t lane, std::string text, bool trouble) {
  SequenceStep step{.what = SequenceStep::What::note, .at = at, .received = std::nullopt};
  step.from = step.to = lane;
  step.text = std::move(text);
  step.trouble = trouble;
  add(std::move(step));
}

std::uint64_t SequenceFollower::add(SequenceStep step) {
  if (head_.size() < head_max_) {
    head_.push_back(std::move(step));
    return head_.size() - 1;
  }
  tail_.push_back(std::move(step));
  if (tail_.size() > tail_max_) {
    tail_.pop_front();
    ++dropped_;
  }
  return head_.size() + dropped_ + tail_.size() - 1;
}

SequenceStep* SequenceFollower::find(std::uint64_t step) {
  if (step < head_.size()) return &head_[step];
  const std::uint64_t behind = step - head_.size();
  return behind < dropped_ ? nullptr : &tail_[behind - dropped_];
}

SequenceDiagram SequenceFollower::finish() {
  SequenceDiagram diagram;
  if (!head_.empty()) {
    const std::size_t last_lane = parties_.size() > 1 ? parties_.size() : 0;
    note(evidence_.at, last_lane, "here the promise is broken", true);
  }
  diagram.title = evidence_.text;
  diagram.left_out = dropped_;
  for (std::size_t i = 0; i < parties_.size(); ++i) {
    diagram.lanes.push_back(run_.clients[static_cast<std::size_t>(parties_[i])].id);
    if (i == 0) diagram.lanes.push_back("broker");
  }
  diagram.steps = std::move(head_);
  if (dropped_ > 0) {
    SequenceStep gap{
        .what = SequenceStep::What::gap, .at = tail_.front().at, .received = std::nullopt};
    gap.text = fmt::format("{} steps left out", dropped_);
    diagram.steps.push_back(std::move(gap));
  }
  std::move(tail_.begin(), tail_.end(), std::back_inserter(diagram.steps));
  return diagram;
}

}  // namespace mq::report
