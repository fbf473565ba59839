// What a case may need of a target (`needs: retain, shared_subscriptions`), and what a target has.
// What a broker announces in CONNACK counts; the rest is what a target file says of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/case.h"

namespace mq::conformance {

struct Abilities {
  // Announced, or the standard's default where nothing is said (5.0, 3.2.2.3).
  std::uint32_t maximum_qos = 2;
  bool retain = true;
  bool wildcards = true;
  bool subscription_identifiers = true;
  bool shared_subscriptions = true;
  std::uint32_t topic_alias_maximum = 0;
  std::optional<std::uint32_t> receive_maximum;
  std::optional<std::uint32_t> maximum_packet_size;
  std::size_t connect_bytes = 0;  // of a CONNECT that it took, whatever it announced thereafter
  std::optional<std::uint32_t> server_keep_alive;
  std::optional<std::uint32_t> session_expiry;  // the longest; nothing: as long as asked for
  // From the outside nobody sees these.
  bool virtual_time = false;
  bool web_socket = false;                   // connections to it are WebSockets
  bool can_be_configured = false;            // `config:` is for it to obey
  Duration round_trip{};                     // of the link, at most; 0: short
  std::map<std::string, std::string> given;  // user, password, denied_topic, ...: placeholders
  std::map<std::string, std::string> lacks;  // a word of `needs:`, and why the target has it not
  std::vector<std::string> configured;       // what it was configured with, "maximum_qos=1"
};

// Why a need is none that the language knows; empty if it is one.
std::string need_fault(std::string_view need);

// How long a case may take on a target, and how long a silence is there.
struct TimeToSpend {
  Duration longest;  // 0: any
  Duration quiet;
};
// Why the case does not apply to such a target; empty if it does.
std::string does_not_apply(const Case& one, const Abilities& abilities, TimeToSpend time);

}  // namespace mq::conformance
