// The monitors over a case that is played: whatever its script is about, all that the peer does in
// it is watched, a broker or, in the role client, a client. From the tester's end, so what a peer
// was sent it may not have heard; and what the script did wrong on purpose excuses the peer on that
// connection.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/time.h"
#include "conformance/monitors/notebook.h"
#include "conformance/monitors/watcher.h"
#include "conformance/runner/play.h"
#include "conformance/runner/suite.h"
#include "conformance/runner/verdict.h"
#include "protocol/codec.h"

namespace mq::conformance {

class WatchedPeer {
 public:
  // `slack`: how far what the tester measures may be from what the peer does.
  explicit WatchedPeer(const Case& one, Duration slack = std::chrono::seconds(1));

  // The bytes of MQTT: over WebSocket, what lies in the frames.
  void opened(LinkNumber link, Instant at);
  void tester_sent(LinkNumber link, std::span<const std::byte> bytes, Instant at);
  void tester_broke(LinkNumber link);  // what carries MQTT: nobody knows what the peer makes of it
  void peer_sent(LinkNumber link, std::span<const std::byte> bytes, Instant at);
  enum class By : std::uint8_t { tester, peer };
  void ended(LinkNumber link, Instant at, By by);
  WatchedOutcome finish(Instant at);

 private:
  struct Both {
    Both(Role tested, Version version)
        : from_tester(tested == Role::broker ? Sender::client : Sender::server, version),
          from_peer(tested == Role::broker ? Sender::server : Sender::client, version) {}
    PacketReader from_tester;
    PacketReader from_peer;
    monitors::Link tester;
    monitors::Link peer;
    bool is_over = false;
    bool tester_is_malformed = false;
    // Nothing that the peer says can be read: what was asked has no version.
    bool peer_is_unreadable = false;
  };
  Both* find(LinkNumber link);

  Role tested_;
  Version version_;
  monitors::Notebook of_tester_;
  monitors::Notebook of_peer_;
  monitors::Watcher tester_;
  monitors::Watcher peer_;
  std::map<LinkNumber, std::unique_ptr<Both>> links_;
};

// Over all cases, by role and statement: what outputs show beside the cases of a statement.
struct WatchedStatement {
  struct Evidence {
    const CaseResult* result = nullptr;  // of the case in which it was seen
    const monitors::Breach* breach = nullptr;
  };
  StatementId id;
  Role role = Role::broker;
  std::uint64_t tried = 0;
  std::uint64_t broken = 0;
  std::vector<std::string> rules;  // that assert it and were put to the test
  std::vector<Evidence> evidence;  // the first breaches
};
inline constexpr std::size_t watched_evidence_max = 10;  // per statement

// In the order of roles and of the statements' ids; points into `results`.
std::vector<WatchedStatement> watched_statements(const std::vector<CaseResult>& results);

// A line on how many were put to the test, and each that broke with its evidence.
std::string to_text(const std::vector<WatchedStatement>& watched);

// Whether a rule that is watched asserts it of this role.
bool is_watched(const StatementId& id, monitors::Role role);

}  // namespace mq::conformance
