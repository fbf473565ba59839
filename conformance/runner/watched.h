// The monitors over a case that is played: whatever its script is about, all that the broker does
// in it is watched. From the tester's end, so what a broker was sent it may not have heard; and
// what the script did wrong on purpose excuses the broker on that connection.
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

class WatchedBroker {
 public:
  // `slack`: how far what the tester measures may be from what the broker does.
  // In the role client, where the script is the broker, and over WebSocket nothing is watched.
  explicit WatchedBroker(const Case& one, Duration slack = std::chrono::seconds(1));

  void opened(LinkNumber link, Instant at);
  void tester_sent(LinkNumber link, std::span<const std::byte> bytes, Instant at);
  void broker_sent(LinkNumber link, std::span<const std::byte> bytes, Instant at);
  // What the tester has done.
  void done(const Action& action, Instant at);
  void ended(LinkNumber link, Instant at, bool by_broker);
  WatchedOutcome finish(Instant at);

 private:
  struct Both {
    explicit Both(Version version)
        : from_tester(Sender::client, version), from_broker(Sender::server, version) {}
    PacketReader from_tester;
    PacketReader from_broker;
    monitors::Link tester;
    monitors::Link broker;
    bool is_over = false;
    bool tester_is_malformed = false;
    // Nothing that the broker says can be read: what was asked has no version.
    bool broker_is_unreadable = false;
  };
  Both* find(LinkNumber link);

  Version version_;
  bool watches_;
  monitors::Notebook of_tester_;
  monitors::Notebook of_broker_;
  monitors::Watcher tester_;
  monitors::Watcher broker_;
  std::map<LinkNumber, std::unique_ptr<Both>> links_;
};

// Over all cases, by statement: what outputs show beside the cases of a statement.
struct WatchedStatement {
  StatementId id;
  std::uint64_t tried = 0;
  std::uint64_t broken = 0;
  std::vector<std::string> rules;     // that assert it and were put to the test
  std::vector<std::string> evidence;  // of breaches: the case, the connection, what was seen
};
inline constexpr std::size_t watched_evidence_max = 10;  // per statement

// In the order of the statements' ids.
std::vector<WatchedStatement> watched_statements(const std::vector<CaseResult>& results);

// A line on how many were put to the test, and each that broke with its evidence.
std::string to_text(const std::vector<WatchedStatement>& watched);

// Whether a rule that is watched asserts it of this role.
bool is_watched(const StatementId& id, monitors::Role role);

}  // namespace mq::conformance
