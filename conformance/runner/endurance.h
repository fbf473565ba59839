// What a target may end by itself, as its CONNACK announces: connections that are silent for longer
// than its Server Keep Alive, sessions that are left for longer than it keeps them. A case in which
// that happens, and which is not about it, shows nothing of the target.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "conformance/runner/case.h"
#include "conformance/runner/needs.h"
#include "conformance/runner/play.h"
#include "protocol/packet.h"

namespace mq::conformance {

class Endurance {
 public:
  Endurance(const Case& one, const Abilities& abilities);

  enum class KeepAlive : std::uint8_t { of_the_script, none_named };
  // `keep_alive`: of CONNECT, whether the script names the one that it has.
  void sent(LinkNumber link, const Packet& packet, KeepAlive keep_alive, Instant now);
  void sent_something(LinkNumber link, Instant now);
  // By whomever. Of a link that only vanished the target may not know yet.
  void ended(LinkNumber link, Instant now);
  void vanished(LinkNumber link, Instant now);

  // Why such a CONNECT finds nothing out, or the case does not as the target has just ended this
  // link, or as it has failed; empty if it does.
  std::string against(const Connect& connect, Instant now) const;
  std::string after_end(LinkNumber link, Instant now) const;
  std::string after_failure(Instant now) const;

 private:
  struct Spoken {
    Instant last{};
    std::string client_id;
    bool keeps_to_ours = false;  // the keep alive of the script counts
    bool has_connected = false;
    bool has_vanished = false;
  };
  struct Stay {
    Duration wanted{};
    LinkNumber by{};
    std::optional<Instant> left;
  };
  std::string silence(const Spoken& spoken, Instant now) const;
  std::string absence(const Stay& stay, Instant now) const;
  void left(LinkNumber link, Instant now);

  std::optional<Duration> silence_;  // that ends a connection; nothing: none, or the case's matter
  std::optional<Duration> absence_;  // that ends a session
  std::map<LinkNumber, Spoken> links_;
  std::map<std::string, Stay> stays_;  // by client id
};

}  // namespace mq::conformance
