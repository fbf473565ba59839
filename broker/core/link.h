// One network connection as the broker sees it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/broker.h"
#include "broker/core/legality.h"
#include "protocol/topic_numbers.h"

namespace mq::broker {

struct Session;

// An order that waits for a record to become durable, or behind one that does.
struct HeldOrder {
  Bytes bytes;
  Bytes payload = {};  // behind them, of a PUBLISH
  std::uint64_t needs = 0;
  Rule because = Rule::none;
  bool closes = false;
  bool is_publish = false;
  bool answers_publish = false;  // sending it gives the publisher one of its receive maximum back
  // The position of a delivery that is sent for the first time. Were the link lost before this
  // order leaves, nothing of it was sent, and the next PUBLISH is no repetition.
  std::uint64_t first_sending_of = 0;
  // Of a PUBLISH: the message's time goes on while it waits here (v5 MQTT-3.3.2-6).
  std::optional<Instant> expires_at = {};
  Instant encoded_at = {};
  std::size_t expiry_at = 0;   // in `bytes`, where it is told; 0: it is not
  bool is_repetition = false;  // which is sent even when its time is over

  std::size_t size() const { return bytes.size() + payload.size(); }
  bool is_too_late(Instant now) const {
    return expires_at && !is_repetition && now >= *expires_at && now != encoded_at;
  }
};

// Who is at the other end, as far as it is known and of use (5.0: 4.12).
struct Authentication {
  enum class Turn : std::uint8_t { nobody, verifier, client };

  std::optional<std::string> identity;  // proved by the transport
  std::string method;                   // named in CONNECT; empty: none
  std::unique_ptr<Connect> connect;     // until its client is let in
  Turn turn = Turn::nobody;             // who has to speak next
};

// PUBLISHes that wait for a subscriber to have room; the first one waits, the others behind it.
struct Hold {
  std::deque<Publish> messages;
  std::size_t bytes = 0;
  std::vector<std::uint64_t> blockers;  // numbers of the sessions that the first one waits for
  std::optional<Instant> until;         // the first one waits no longer
  std::optional<Instant> armed;
  bool reading = true;  // the link
};

struct Link {
  Link(LinkId name, std::string peer, std::size_t packet_bytes_before_connect)
      : id(name),
        address(std::move(peer)),
        reader(Sender::client, Version::v3_1_1, packet_bytes_before_connect) {}

  LinkId id;
  Phase phase = Phase::fresh;
  Version version = Version::v3_1_1;  // says something once there was a CONNECT
  Session* session = nullptr;
  std::string address;
  PacketReader reader;

  Instant silent_until{};        // without another packet, the link ends then
  Duration patience{};           // one and a half keep-alives; zero: for ever
  std::optional<Instant> armed;  // in Timers

  std::uint32_t packet_bytes_max = 0;      // that the client takes; 0: any
  std::uint16_t window = 0;                // how many QoS 1 and 2 it takes at once
  std::uint16_t unanswered_publishes = 0;  // of the client's, against our receive maximum
  std::size_t backlog = 0;                 // ordered and not drained
  bool problem_information = true;         // 5.0: packets may explain themselves
  std::unique_ptr<std::vector<std::string>> aliases;  // topics, by topic alias - 1
  std::uint16_t aliases_out_max = 0;                  // that the client takes and we use
  std::unique_ptr<TopicNumbers> aliases_out;
  std::unique_ptr<Authentication> authentication;  // if there is something to know
  bool anonymous_allowed = true;
  bool verifies_users = true;
  const Origin* origin = nullptr;  // the core's, never null
  std::string mount_point;
  std::vector<HeldOrder> held;  // the first `held_done` are gone
  std::size_t held_done = 0;

  std::unique_ptr<Hold> hold;         // if something waits
  std::unique_ptr<Packet> put_aside;  // until the store is less behind; the link is not read

  std::string gate_key;                // what ConnectionGate counts it under
  std::optional<Instant> stall_armed;  // in Timers, while the backlog is full

  bool v5() const { return version == Version::v5; }
  bool holds() const { return held_done < held.size(); }
  bool awaits(Authentication::Turn turn) const {
    return authentication != nullptr && authentication->turn == turn;
  }
};

}  // namespace mq::broker
