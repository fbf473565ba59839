// Everything that an operator may choose about the broker, with defaults fit
// for production. Each limit is tested at its value and one past it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "broker/core/access.h"
#include "protocol/packet.h"

namespace mq::broker {

enum class Fault : std::uint8_t;  // fault.h

struct Limits {
  std::size_t packet_bytes_before_connect = 64 * 1024;
  std::size_t packet_bytes = 1024 * 1024;
  std::size_t payload_bytes = 0;  // of a PUBLISH or a will; 0: as many as its packet may have
  std::chrono::seconds connect_timeout{5};
  std::uint16_t receive_maximum = 64;          // that we grant to publishers
  std::size_t open_qos2_messages = 100;        // per session, passed on and not yet released
  std::uint16_t topic_aliases = 16;            // that we grant to publishers
  std::uint16_t topic_aliases_out = 16;        // that we use towards subscribers who grant them
  std::uint16_t inflight_messages = 64;        // towards a client that sets no receive maximum
  std::size_t inflight_bytes = 0;              // of those; at least one goes; 0: any number
  std::size_t queued_messages = 1000;          // per session
  std::size_t queued_bytes = 4 * 1024 * 1024;  // per session
  std::size_t topic_levels = 64;
  std::size_t topic_bytes = 1024;
  std::size_t subscriptions_per_session = 1000;
  std::size_t retained_messages = 100'000;
  std::size_t retained_bytes = 256 * 1024 * 1024;
  std::size_t links = 20'000;
  std::size_t links_per_address = 1000;  // 0: any number
  std::size_t links_per_second = 500;    // new ones of one address; 0: any number
  std::size_t sessions = 200'000;
  std::size_t backlog_bytes = 8 * 1024 * 1024;  // emitted and not drained, per link
  std::chrono::milliseconds write_stall{2000};  // with a full backlog, nothing drained: closed
  // How long a PUBLISH waits for subscribers who are there to have room; zero: it does not.
  std::chrono::milliseconds hold{10'000};
  std::size_t held_messages = 64;        // per link, waiting so; then it is read no further
  std::size_t held_bytes = 1024 * 1024;  // the same in bytes
  // Records that are not durable yet; then what would make more of them waits.
  std::size_t unstored_bytes = 64 * 1024 * 1024;
  std::chrono::seconds session_expiry{0xFFFFFFFF};  // the longest that is granted; this: for ever
  // Passwords are slow to verify on purpose. So many at once; so many more wait in line, as long as
  // CONNECT may take; who comes then is refused as by a busy server.
  std::size_t verifications = 4;
  std::size_t verifications_waiting = 64;
};

// What the standard lets a server leave out. 5.0 clients are told in CONNACK.
struct Offers {
  Qos maximum_qos = Qos::exactly_once;
  bool retained_messages = true;
  bool wildcard_subscriptions = true;
  bool subscription_identifiers = true;
  bool shared_subscriptions = true;
  bool empty_client_ids = true;  // the broker makes up a name
};

struct Settings {
  Limits limits;
  Offers offers;
  // The longest keep alive, zero: any. A 5.0 client that wants a longer one or none is told to use
  // this one; an older one is refused, as it cannot be told.
  std::chrono::seconds keep_alive_max{0};
  // Of names that the broker makes up for clients that come without one.
  std::string assigned_id_prefix = "auto-";
  // The versions that are let in.
  std::vector<Version> versions = {Version::v3_1, Version::v3_1_1, Version::v5};
  // Ids that clients may choose begin with one of these; none: all may.
  std::vector<std::string> client_id_prefixes = {};
  // A client's id is its user name, whatever it says; without a user it is refused.
  bool user_is_client_id = false;
  bool notes_subscriptions = false;  // tells each of them as a Note
  // Told to 5.0 clients that ask for it, %c being the client id; empty: nothing is told.
  std::string response_information;
  // Where clients should go instead, as "host:port"; empty: nowhere. 5.0 clients hear it when the
  // broker stops or has no room for their session, and with `server_moved` whenever they connect.
  std::string server_reference;
  bool server_moved = false;  // nobody is let in
  // Payloads that are said to be text are refused if they are not UTF-8.
  bool validates_payload_format = false;
  // A QoS 1 or 2 message that nobody had room for, from a client of 3.1 or 3.1.1, which has no word
  // for a refusal: its link is closed without an acknowledgement. Off: acknowledged, and counted as
  // dropped.
  bool closes_on_refusal_3_1_1 = true;
  // QoS 0 messages wait for clients that are away, as those of QoS 1 and 2 do.
  bool queues_qos0 = false;
  // Subscribers get every message at the QoS of their subscription, also one that was published at
  // a lower one. Both standards forbid it (v5 MQTT-3.8.4-8, v3.1.1 MQTT-3.8.4-6).
  bool upgrades_qos = false;
  // 3.1 and 3.1.1 sessions with Clean Session 0 have no expiry of their own.
  std::chrono::seconds session_expiry_3_1_1{0xFFFFFFFF};
  // Off: nothing is emitted as Persist and nothing waits; a restart forgets everything.
  bool keeps_records = true;
  Fault fault{};  // for tests; none in a released broker
  AccessPolicy access;
};

}  // namespace mq::broker
