#include "conformance/runner/hello.h"

#include <cstdio>
#include <utility>
#include <variant>

#include "conformance/runner/catalogue.h"
#include "conformance/runner/match.h"
#include "conformance/runner/parse.h"
#include "protocol/codec.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

std::string in_script(const std::string& text) {
  std::string quoted = "\"";
  char two[8];
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '/' || c == '-' || c == '_';
    std::snprintf(two, sizeof two, "\\x%02x", static_cast<unsigned char>(c));
    quoted += is_plain ? std::string(1, c) : c == '{' ? "{{" : two;
  }
  return quoted + "\"";
}

// What CONNACK announced, if that is what came first.
std::optional<Packet> first_packet(const Outcome& outcome, Version version) {
  for (const Said& said : outcome.transcript) {
    if (said.what != Said::What::received) continue;
    const Decoded decoded = decode(said.bytes, version, Sender::server);
    if (const auto* packet = std::get_if<Packet>(&decoded)) return *packet;
    return std::nullopt;
  }
  return std::nullopt;
}

std::size_t connect_bytes(const Outcome& outcome) {
  for (const Said& said : outcome.transcript)
    if (said.what == Said::What::sent) return said.bytes.size();
  return 0;
}

std::uint32_t number_seen(const Packet& packet, const char* field, std::uint32_t otherwise) {
  const auto text = seen(packet, field);
  return static_cast<std::uint32_t>(text ? number_in(*text).value_or(otherwise) : otherwise);
}
std::optional<std::uint32_t> number_if_seen(const Packet& packet, const char* field) {
  if (!seen(packet, field)) return std::nullopt;
  return number_seen(packet, field, 0);
}

void announce(const Packet& conn_ack, Abilities& abilities) {
  abilities.maximum_qos = number_seen(conn_ack, "maximum_qos", 2);
  abilities.retain = number_seen(conn_ack, "retain_available", 1) != 0;
  abilities.wildcards = number_seen(conn_ack, "wildcard_subscription_available", 1) != 0;
  abilities.subscription_identifiers =
      number_seen(conn_ack, "subscription_identifier_available", 1) != 0;
  abilities.shared_subscriptions = number_seen(conn_ack, "shared_subscription_available", 1) != 0;
  abilities.topic_alias_maximum = number_seen(conn_ack, "topic_alias_maximum", 0);
  abilities.receive_maximum = number_if_seen(conn_ack, "receive_maximum");
  abilities.maximum_packet_size = number_if_seen(conn_ack, "maximum_packet_size");
  abilities.server_keep_alive = number_if_seen(conn_ack, "server_keep_alive");
  abilities.session_expiry = number_if_seen(conn_ack, "session_expiry_interval");
}

}  // namespace

Case case_of(const std::string& steps, Version version) {
  const std::string header = std::string("case of-the-runner: What no file says\nasserts: ") +
                             (version == Version::v5 ? "v5" : "v3") + "/MQTT-3.1.0-1\n";
  std::vector<Case> cases;
  read_cases({"runner", header + steps}, cases);
  return std::move(cases.at(0));
}

Case greeting(Version version, Duration within) {
  // It asks for a session that never expires, to hear how long the longest is, and leaves none.
  const std::string session = version == Version::v5 ? " session_expiry_interval=4294967295" : "";
  return case_of("A open\nA send CONNECT" + session + "\nA expect CONNACK reason=any within " +
                     std::to_string(within / 1ms) + "ms\nA disconnect session_expiry_interval=0\n",
                 version);
}

Case sign_of_life(Version version, Duration within) {
  return case_of("A open\nA send CONNECT\nA expect CONNACK reason=0 within " +
                     std::to_string(within / 1ms) + "ms\nA disconnect\n",
                 version);
}

Case clean_up(const Leftovers& left, Version version) {
  std::string steps;
  for (const std::string& id : left.client_ids)
    steps += (steps.empty() ? "" : "A disconnect\n") + std::string("A connect client_id=") +
             in_script(id) + " clean_start=1\nA ping\n";
  if (steps.empty()) steps += "A connect\n";
  for (const std::string& topic : left.topics)
    steps += "A send PUBLISH retain=1 topic=" + in_script(topic) + "\n";
  if (!left.topics.empty()) steps += "A ping\n";
  return case_of(steps + "A disconnect\n", version);
}

Contact contact_from(const Outcome& outcome, Version version, const Target& target) {
  Contact contact;
  contact.abilities.web_socket = target.address.has_websocket;
  contact.abilities.given = target.given;
  contact.abilities.lacks = target.lacks;
  contact.abilities.configured = target.configured;
  const auto packet = first_packet(outcome, version);
  contact.answered = packet && kind(*packet) == Kind::conn_ack;
  if (contact.answered) {
    const auto reason = reason_of(*packet).value_or(0);
    contact.speaks = reason == 0;
    contact.abilities.connect_bytes = connect_bytes(outcome);
    char code[8];
    std::snprintf(code, sizeof code, "0x%02x", static_cast<unsigned>(reason));
    if (!contact.speaks)
      contact.why = std::string("it refuses CONNECT with reason ") + code +
                    "; a target file (--target) can name a user and a password";
    if (version == Version::v5) announce(*packet, contact.abilities);
  } else if (outcome.is_unreachable) {
    contact.why = outcome.reason;
  } else {
    contact.why = "it is no MQTT broker, or none that answers: CONNECT was followed by " +
                  (outcome.failure ? outcome.failure->got : outcome.reason);
  }
  return contact;
}

}  // namespace mq::conformance
