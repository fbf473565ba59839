// The connections of a case in which we are the broker: they are opened by the client, and what is
// not the point of the case is answered without a word in the script.
#include "conformance/runner/links.h"
#include "conformance/runner/match.h"
#include "protocol/codec.h"

namespace mq::conformance {

Link& Links::arrive() {
  const LinkNumber number{++last_};
  arrived_.push_back(number);
  Link& link = links_.try_emplace(number, number, "", peer(), version_).first->second;
  if (place_) {
    link.web_socket.emplace(WebSocket::server());
    return link;
  }
  link.is_open = true;
  watched_.opened(number, now);
  return link;
}

Link* Links::accept(const std::string& name) {
  while (!arrived_.empty()) {
    Link* const link = find(arrived_.front());
    if (link->web_socket && !link->is_open && !link->ended) return nullptr;  // not yet
    arrived_.pop_front();
    // One that ended without a word is none: who looks whether a port is open does that.
    if (link->ended && link->reader.buffered_bytes() == 0 && !link->malformed) continue;
    party(name).current = link->number;
    party(name).hello.reset();
    link->name = name;
    note(name, "the client has connected");
    if (link->is_open && link->web_socket) tell_of_web_socket(*link);
    read(*link);
    if (link->ended) note(name, *link->ended);
    return link;
  }
  return nullptr;
}

void Links::learn(Party& party, const Packet& packet) {
  if (const auto* connect = std::get_if<Connect>(&packet)) {
    party.client_id = connect->client_id;
    party.keep_alive = connect->keep_alive;
    party.hello = packet;
  }
  const auto* subscribe = std::get_if<Subscribe>(&packet);
  const auto* unsubscribe = std::get_if<Unsubscribe>(&packet);
  if (subscribe != nullptr) party.asked = *seen(packet, "qos");
  if (unsubscribe != nullptr) {
    party.asked.clear();
    for (std::size_t at = 0; at < unsubscribe->filters.size(); ++at)
      party.asked += at == 0 ? "0" : ",0";
  }
}

bool Links::serve(Link& link, const Packet& packet) {
  Party& client = party(link.name);
  // What comes before CONNECT or after DISCONNECT is for the script to see.
  if (!client.hello || link.has_left) return false;
  link.has_left = kind(packet) == Kind::disconnect;
  const auto reply = [&](const Packet& answer) {
    std::vector<std::byte> bytes;
    encode(answer, link.reader.version(), bytes);
    send(link.name, kind(answer), std::move(bytes));
    return true;
  };
  if (kind(packet) == Kind::ping_req && client.answers_pings) return reply(PingResp{});
  if (!client.is_automatic) return false;
  if (const auto* subscribe = std::get_if<Subscribe>(&packet)) {
    SubAck granted{.packet_id = subscribe->packet_id, .properties = {}, .reasons = {}};
    for (const auto& [filter, options] : subscribe->entries)
      granted.reasons.push_back(static_cast<ReasonCode>(options.qos));
    return reply(granted);
  }
  if (const auto* unsubscribe = std::get_if<Unsubscribe>(&packet)) {
    UnsubAck done{.packet_id = unsubscribe->packet_id, .properties = {}, .reasons = {}};
    if (link.reader.version() == Version::v5)
      done.reasons.resize(unsubscribe->filters.size(), ReasonCode::success);
    return reply(done);
  }
  if (const auto* publish = std::get_if<Publish>(&packet)) {
    if (publish->qos == Qos::at_least_once) answer(link, Kind::pub_ack, id_of(packet));
    if (publish->qos == Qos::exactly_once) answer(link, Kind::pub_rec, id_of(packet));
    return true;
  }
  if (kind(packet) != Kind::pub_rel) return false;
  answer(link, Kind::pub_comp, id_of(packet));
  return true;
}

}  // namespace mq::conformance
