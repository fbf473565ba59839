#include "conformance/runner/watched.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace mq::conformance {

using WatchedRole = monitors::Role;

namespace {

template <class Tell>
void each_clause(const monitors::WatchInfo& row, Version version, Tell&& tell) {
  std::string_view rest = monitors::clauses(row, version);
  while (!rest.empty()) {
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    tell(StatementId{version, std::string(rest.substr(0, blank))});
    rest.remove_prefix(std::min(blank + 1, rest.size()));
  }
}

}  // namespace

WatchedBroker::WatchedBroker(const Case& one, Duration slack)
    : version_(one.version),
      // Over WebSocket the packets lie in frames, which only the script's side takes apart.
      watches_(one.role == conformance::Role::broker &&
               std::find(one.needs.begin(), one.needs.end(), "websocket") == one.needs.end()),
      tester_(WatchedRole::client, {}, of_tester_),
      broker_(WatchedRole::broker, {.exact = false, .slack = slack}, of_broker_) {}

WatchedBroker::Both* WatchedBroker::find(LinkNumber link) {
  const auto found = links_.find(link);
  return found == links_.end() || found->second->is_over ? nullptr : found->second.get();
}

void WatchedBroker::opened(LinkNumber link, Instant at) {
  if (!watches_) return;
  Both& both = *links_.emplace(link, std::make_unique<Both>(version_)).first->second;
  both.tester.number = both.broker.number = static_cast<std::uint32_t>(link);
  both.tester.version = both.broker.version = version_;
  tester_.opened(both.tester, at);
  broker_.opened(both.broker, at);
}

void WatchedBroker::tester_sent(LinkNumber link, std::span<const std::byte> bytes, Instant at) {
  Both* const both = find(link);
  if (both == nullptr || both->tester_is_malformed) return;
  both->from_tester.feed(bytes);
  for (;;) {
    const Decoded decoded = both->from_tester.next();
    if (std::holds_alternative<NeedMore>(decoded)) return;
    const auto* packet = std::get_if<Packet>(&decoded);
    if (packet == nullptr) {
      both->tester_is_malformed = true;
      both->broker_is_unreadable = !both->tester.connect_seen;
      return broker_.heard_malformed(both->broker);
    }
    if (const auto* connect = std::get_if<Connect>(packet))
      both->from_broker.use_version(connect->version);
    const monitors::Seen seen{*packet, both->from_tester.version(), both->from_tester.wire().size(),
                              at};
    const std::uint64_t before = of_tester_.all_broken();
    tester_.sent(both->tester, seen);
    if (of_tester_.all_broken() != before) both->broker.provoked = true;
    broker_.heard(both->broker, seen);
  }
}

void WatchedBroker::broker_sent(LinkNumber link, std::span<const std::byte> bytes, Instant at) {
  Both* const both = find(link);
  if (both == nullptr || both->broker_is_unreadable) return;
  both->from_broker.feed(bytes);
  for (;;) {
    const Decoded decoded = both->from_broker.next();
    if (std::holds_alternative<NeedMore>(decoded)) return;
    const auto* packet = std::get_if<Packet>(&decoded);
    const auto wire = both->from_broker.wire();
    if (packet == nullptr) {
      both->broker_is_unreadable = true;
      return broker_.sent_malformed(both->broker, std::get<Malformed>(decoded), wire,
                                    both->from_broker.version(), at);
    }
    const monitors::Seen seen{*packet, both->from_broker.version(), wire.size(), at};
    broker_.sent(both->broker, seen);
    tester_.heard(both->tester, seen);
  }
}

void WatchedBroker::done(const Action& action, Instant at) {
  if (const auto* send = std::get_if<SendOnLink>(&action)) tester_sent(send->link, send->bytes, at);
  if (const auto* end = std::get_if<EndLink>(&action);
      end != nullptr && end->how != HowToEnd::half_close)
    ended(end->link, at, false);
}

void WatchedBroker::ended(LinkNumber link, Instant at, bool by_broker) {
  Both* const both = find(link);
  if (both == nullptr) return;
  both->is_over = true;
  broker_.closed(both->broker, at, by_broker);
  tester_.closed(both->tester, at, !by_broker);
}

WatchedOutcome WatchedBroker::finish(Instant at) {
  for (auto& [number, both] : links_)
    if (!both->is_over) broker_.ended(both->broker, at);
  WatchedOutcome outcome;
  for (const monitors::WatchInfo& row : monitors::all_watches())
    for (const Version version : {Version::v3_1_1, Version::v5}) {
      const monitors::Count count = of_broker_.count(row.watch, WatchedRole::broker, version);
      if (count.tried > 0) outcome.rules.push_back({row.watch, version, count});
    }
  outcome.breaches = of_broker_.breaches();
  return outcome;
}

std::vector<WatchedStatement> watched_statements(const std::vector<CaseResult>& results) {
  std::map<StatementId, WatchedStatement> by_id;
  for (const CaseResult& result : results) {
    for (const WatchedRule& rule : result.outcome.watched.rules)
      each_clause(info(rule.watch), rule.version, [&](const StatementId& id) {
        WatchedStatement& statement = by_id[id];
        statement.id = id;
        statement.tried += rule.count.tried;
        statement.broken += rule.count.broken;
        const std::string name(info(rule.watch).name);
        if (std::find(statement.rules.begin(), statement.rules.end(), name) ==
            statement.rules.end())
          statement.rules.push_back(name);
      });
    for (const monitors::Breach& breach : result.outcome.watched.breaches)
      each_clause(info(breach.watch), breach.version, [&](const StatementId& id) {
        auto& evidence = by_id[id].evidence;
        if (evidence.size() < watched_evidence_max)
          evidence.push_back(result.which->id + ", connection " +
                             std::to_string(breach.connection) + ": " + breach.text);
      });
  }
  std::vector<WatchedStatement> all;
  for (auto& [id, statement] : by_id) all.push_back(std::move(statement));
  return all;
}

std::string to_text(const std::vector<WatchedStatement>& watched) {
  const auto broken = std::count_if(watched.begin(), watched.end(),
                                    [](const WatchedStatement& one) { return one.broken > 0; });
  std::string out = "watched in every case: " + std::to_string(watched.size()) +
                    " statements put to the test, " + std::to_string(broken) + " broken\n";
  for (const WatchedStatement& one : watched) {
    if (one.broken == 0) continue;
    out += "  " + to_text(one.id) + "  broken " + std::to_string(one.broken) + " of " +
           std::to_string(one.tried) + " times\n";
    for (const std::string& evidence : one.evidence) out += "    " + evidence + "\n";
  }
  return out;
}

bool is_watched(const StatementId& id, monitors::Role role) {
  return std::any_of(monitors::all_watches().begin(), monitors::all_watches().end(),
                     [&](const monitors::WatchInfo& row) {
                       if (role == WatchedRole::client ? !row.obliges_client : !row.obliges_broker)
                         return false;
                       bool asserts = false;
                       each_clause(row, id.version,
                                   [&](const StatementId& one) { asserts |= one == id; });
                       return asserts;
                     });
}

}  // namespace mq::conformance
