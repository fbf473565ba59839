#include "conformance/runner/links.h"

#include <algorithm>

#include "conformance/runner/catalogue.h"
#include "protocol/describe.h"

namespace mq::conformance {
namespace {

constexpr std::size_t shown_bytes = 64;  // of a payload, in the transcript
// More packets than that, which no step has looked at, are a flood.
constexpr std::size_t inbox_max = 20'000;

// A server that does not know the version of a client answers in the form of 3.1.1, which the
// standard wants of it where it wants an answer at all, or says 0x84 in that of 5.0 (3.1.2.2).
std::optional<Packet> refusal_in_other_form(const Link& link, Version other) {
  if (link.reader.version() == other) return std::nullopt;
  const Decoded decoded = decode(link.reader.wire(), other, Sender::server);
  const auto* packet = std::get_if<Packet>(&decoded);
  if (packet == nullptr || kind(*packet) != Kind::conn_ack || !is_refusal(*packet))
    return std::nullopt;
  constexpr unsigned unsupported_version = 0x84;
  if (other == Version::v5 && reason_of(*packet) != unsupported_version) return std::nullopt;
  return *packet;
}

// Of CONNACK: this is no time to be let in, whoever asks.
bool is_busy(const Packet& packet, Version version) {
  const auto* answer = std::get_if<ConnAck>(&packet);
  if (answer == nullptr) return false;
  const unsigned reason = reason_of(packet).value_or(0);
  if (version != Version::v5) return reason == 3;
  return reason == 0x88 || reason == 0x89 || reason == 0x97 || reason == 0x9f;
}

// What a transcript may hold of a packet: the password, its last field, is starred out.
std::vector<std::byte> without_password(const Decoded& decoded, std::vector<std::byte> bytes) {
  const auto* packet = std::get_if<Packet>(&decoded);
  const auto* connect = packet == nullptr ? nullptr : std::get_if<Connect>(packet);
  if (connect == nullptr || !connect->password) return bytes;
  const std::size_t secret = std::min(connect->password->size(), bytes.size());
  std::fill(bytes.end() - static_cast<std::ptrdiff_t>(secret), bytes.end(), std::byte{'*'});
  return bytes;
}

bool ends_exchange(const Packet& packet) {
  return kind(packet) == Kind::pub_ack || kind(packet) == Kind::pub_comp ||
         (kind(packet) == Kind::pub_rec && is_refusal(packet));
}

void keep(Link& link, Packet packet) {
  link.inbox.push_back(std::move(packet));
  const auto wire = link.reader.wire();
  link.inbox_wire.emplace_back(wire.begin(), wire.end());
}

}  // namespace

HowToEnd way_to_end(Verb verb) {
  if (verb == Verb::close) return HowToEnd::close;
  if (verb == Verb::half_close) return HowToEnd::half_close;
  return verb == Verb::vanish ? HowToEnd::vanish : HowToEnd::reset;
}

std::uint16_t id_of(const Packet& packet) {
  return static_cast<std::uint16_t>(number_in(seen(packet, "id").value_or("0")).value_or(0));
}

const Party* Links::find_party(std::string_view name) const {
  const auto found = parties_.find(name);
  return found == parties_.end() ? nullptr : &found->second;
}

Link* Links::find(LinkNumber number) {
  const auto found = links_.find(number);
  return found == links_.end() ? nullptr : &found->second;
}

Link* Links::current(const std::string& name) {
  const auto number = party(name).current;
  return number ? find(*number) : nullptr;
}

std::vector<std::string> Links::names() const {
  std::vector<std::string> all;
  for (const auto& [name, party] : parties_) all.push_back(name);
  return all;
}

Link& Links::open(const std::string& name, const std::string& offers) {
  const LinkNumber number{++last_};
  party(name).current = number;
  actions.push_back(OpenLink{number, name});
  Link& link = links_.try_emplace(number, number, name, peer(), version_).first->second;
  if (place_) link.web_socket.emplace(*place_, offers);
  return link;
}

void Links::send(const std::string& name, std::optional<Kind> packet, std::vector<std::byte> bytes,
                 std::size_t piece_bytes, bool as_text_frame) {
  Link* const link = current(name);
  std::string text = packet ? mq::name(*packet) : "bytes";
  const Decoded decoded = decode(bytes, link == nullptr ? version_ : link->reader.version(), us());
  if (const auto* whole = std::get_if<Packet>(&decoded); whole != nullptr && packet)
    text = describe(*whole, link == nullptr ? version_ : link->reader.version(), shown_bytes);
  if (link == nullptr || !link->is_open || link->ended || link->ended_by_us)
    return note(name, "not sent, the connection is not open: " + text);
  remember(*link, bytes, decoded);
  note(name, text, Said::What::sent, without_password(decoded, bytes));
  if (packet) link->last_sent = packet;
  if (piece_bytes == 0) piece_bytes = std::max<std::size_t>(bytes.size(), 1);
  for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t size = std::min(piece_bytes, bytes.size() - at);
    std::vector<std::byte> piece(begin, begin + static_cast<std::ptrdiff_t>(size));
    if (as_text_frame)
      watched_.tester_broke(link->number);
    else
      watched_.tester_sent(link->number, piece, now);
    if (link->web_socket) piece = link->web_socket->frame(piece, as_text_frame);
    actions.push_back(SendOnLink{link->number, std::move(piece)});
  }
}

// `decoded`: as one packet, whatever was sent before it.
void Links::remember(Link& link, std::span<const std::byte> sent, const Decoded& decoded) {
  endurance_.sent_something(link.number, now);
  link.was_spoken_to = true;
  link.peers_reader.feed(sent);
  bool is_read = false;
  for (;;) {
    const Decoded next = link.peers_reader.next();
    const auto* packet = std::get_if<Packet>(&next);
    if (packet == nullptr) break;
    is_read = true;
    remember(link, *packet);
  }
  if (const auto* packet = std::get_if<Packet>(&decoded); packet != nullptr && !is_read)
    remember(link, *packet);
}

// What of this outlives the connection.
void Links::remember(Link& link, const Packet& sent) {
  Party& party = this->party(link.name);
  endurance_.sent(link.number, sent,
                  party.names_keep_alive ? Endurance::KeepAlive::of_the_script
                                         : Endurance::KeepAlive::none_named,
                  now);
  if (const auto* publish = std::get_if<Publish>(&sent);
      publish != nullptr && publish->retain && !publish->payload.empty() && !publish->topic.empty())
    leftovers.topics.insert(publish->topic);
  if (const auto* publish = std::get_if<Publish>(&sent);
      publish != nullptr && publish->qos != Qos::at_most_once)
    party.unacknowledged.insert(publish->packet_id);
  const auto* connect = std::get_if<Connect>(&sent);
  if (connect == nullptr) return;
  party.unacknowledged.clear();
  if (connect->will && connect->will->retain) leftovers.topics.insert(connect->will->topic);
  party.keeps_session = link.reader.version() == Version::v5
                            ? seen(sent, "session_expiry_interval").value_or("0") != "0"
                            : !connect->clean_start;
  if (party.keeps_session && !connect->client_id.empty())
    leftovers.client_ids.insert(connect->client_id);
}

void Links::end(const std::string& name, HowToEnd how) {
  Link* const link = current(name);
  if (link == nullptr || link->ended || link->ended_by_us) return;
  static constexpr const char* words[] = {"we close", "we close our half", "we reset",
                                          "the link carries nothing any more"};
  note(name, words[static_cast<std::size_t>(how)]);
  if (how != HowToEnd::half_close) {
    link->ended_by_us = true;
    if (how == HowToEnd::vanish)
      endurance_.vanished(link->number, now);
    else
      endurance_.ended(link->number, now);
    watched_.ended(link->number, now, WatchedPeer::By::tester);
  }
  if (how == HowToEnd::close && link->web_socket && link->is_open)
    actions.push_back(SendOnLink{link->number, link->web_socket->goodbye()});
  actions.push_back(EndLink{link->number, how});
}

void Links::on_open(Link& link) {
  if (link.web_socket) {
    actions.push_back(SendOnLink{link.number, link.web_socket->request()});
    return note(link.name, "connected, and asks for a WebSocket");
  }
  link.is_open = true;
  watched_.opened(link.number, now);
  note(link.name, "connected");
}

void Links::on_bytes(Link& link, std::span<const std::byte> bytes) {
  if (link.ended_by_us || link.malformed) return;
  if (!link.web_socket) return read(link, bytes);
  WebSocket::Heard heard = link.web_socket->hear(bytes);
  if (!heard.reply.empty()) actions.push_back(SendOnLink{link.number, std::move(heard.reply)});
  if (heard.opened) {
    link.is_open = true;
    watched_.opened(link.number, now);
    if (!link.name.empty()) tell_of_web_socket(link);
  }
  read(link, heard.payload);
  if (!heard.fault.empty() && !link.malformed) {
    link.malformed = heard.fault;
    note(link.name, "the WebSocket fails: " + heard.fault);
    if (!link.is_open) on_end(link, heard.fault);
  }
  // A server is the one to close what lies below; a client waits for it.
  if (!heard.closed || role_ == Role::broker) return;
  actions.push_back(EndLink{link.number, HowToEnd::close});
  on_end(link, "the WebSocket is closed");
}

void Links::tell_of_web_socket(const Link& link) {
  const std::string& chosen = link.web_socket->subprotocol();
  party(link.name).subprotocol = chosen;
  note(link.name, "the WebSocket is open, subprotocol " + (chosen.empty() ? "none" : chosen));
}

void Links::read(Link& link, std::span<const std::byte> bytes) {
  link.was_heard = link.was_heard || !bytes.empty();
  watched_.peer_sent(link.number, bytes, now);
  link.reader.feed(bytes);
  if (!link.name.empty()) read(link);  // else when it is accepted
}

void Links::read(Link& link) {
  for (;;) {
    Decoded decoded = link.reader.next();
    if (auto* packet = std::get_if<Packet>(&decoded)) {
      const auto wire = link.reader.wire();
      note(link.name, describe(*packet, link.reader.version(), shown_bytes), Said::What::received,
           without_password(decoded, {wire.begin(), wire.end()}));
      was_turned_away = was_turned_away || is_busy(*packet, link.reader.version());
      if (ends_exchange(*packet)) party(link.name).unacknowledged.erase(PacketId{id_of(*packet)});
      if (!acknowledge(link, *packet)) keep(link, std::move(*packet));
      if (link.inbox.size() < inbox_max) continue;
      link.malformed = "a flood of " + std::to_string(inbox_max) + " packets";
      note(link.name, *link.malformed);
      return;
    }
    if (const auto* fault = std::get_if<Malformed>(&decoded)) {
      const Version other = link.reader.version() == Version::v5 ? Version::v3_1_1 : Version::v5;
      if (auto refusal =
              role_ == Role::broker ? refusal_in_other_form(link, other) : std::nullopt) {
        note(link.name, describe(*refusal, other), Said::What::received, link.reader.wire());
        keep(link, *std::move(refusal));
        return;
      }
      link.malformed = describe(*fault);
      note(link.name, "malformed: " + *link.malformed, Said::What::received, link.reader.wire());
    }
    return;
  }
}

void Links::on_end(Link& link, const std::string& how) {
  if (link.ended) return;
  watched_.ended(link.number, now, WatchedPeer::By::peer);
  endurance_.ended(link.number, now);
  link.ended = how;
  if (link.ended_by_us) return;
  was_turned_away = was_turned_away || !link.was_heard;
  note(link.name, how);
}

bool Links::acknowledge(Link& link, const Packet& packet) {
  if (role_ == Role::client) return serve(link, packet);
  if (!party(link.name).is_automatic) return false;
  if (kind(packet) == Kind::pub_rel) {
    answer(link, Kind::pub_comp, id_of(packet));
    return true;
  }
  if (const auto* publish = std::get_if<Publish>(&packet);
      publish != nullptr && publish->qos != Qos::at_most_once)
    answer(link, publish->qos == Qos::at_least_once ? Kind::pub_ack : Kind::pub_rec, id_of(packet));
  return false;
}

void Links::answer(Link& link, Kind kind, std::uint16_t id) {
  const unsigned flags = kind == Kind::pub_rel ? 2 : 0;
  send(link.name, kind,
       {static_cast<std::byte>(static_cast<unsigned>(kind) << 4 | flags), std::byte{2},
        static_cast<std::byte>(id >> 8), static_cast<std::byte>(id & 0xff)});
}

Packet Links::take(Link& link, std::size_t at) {
  const auto where = link.inbox.begin() + static_cast<std::ptrdiff_t>(at);
  Packet packet = std::move(*where);
  link.inbox.erase(where);
  link.inbox_wire.erase(link.inbox_wire.begin() + static_cast<std::ptrdiff_t>(at));
  Party& owner = party(link.name);
  if (const std::uint16_t id = id_of(packet)) owner.received_id = id;
  learn(owner, packet);
  if (kind(packet) == Kind::conn_ack) {
    if (const auto assigned = seen(packet, "assigned_client_identifier")) {
      owner.client_id = *assigned;
      if (owner.keeps_session) leftovers.client_ids.insert(*assigned);
    }
    owner.hello = packet;
  }
  return packet;
}

void Links::note(const std::string& name, std::string text, Said::What what,
                 std::span<const std::byte> bytes) {
  const auto party = parties_.find(name);
  const auto number = party == parties_.end() ? std::nullopt : party->second.current;
  transcript.push_back({now,
                        what,
                        name,
                        std::move(text),
                        {bytes.begin(), bytes.end()},
                        number ? static_cast<std::uint32_t>(*number) : 0});
}

}  // namespace mq::conformance
