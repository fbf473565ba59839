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

WatchedRole watched_role(Role tested) {
  return tested == Role::broker ? WatchedRole::broker : WatchedRole::client;
}

}  // namespace

WatchedPeer::WatchedPeer(const Case& one, Duration slack)
    : tested_(one.role),
      version_(one.version),
      tester_(tested_ == Role::broker ? WatchedRole::client : WatchedRole::broker, {}, of_tester_),
      peer_(watched_role(tested_), {.exact = false, .slack = slack}, of_peer_) {}

WatchedPeer::Both* WatchedPeer::find(LinkNumber link) {
  const auto found = links_.find(link);
  return found == links_.end() || found->second->is_over ? nullptr : found->second.get();
}

void WatchedPeer::opened(LinkNumber link, Instant at) {
  Both& both = *links_.emplace(link, std::make_unique<Both>(tested_, version_)).first->second;
  both.tester.number = both.peer.number = static_cast<std::uint32_t>(link);
  both.tester.version = both.peer.version = version_;
  tester_.opened(both.tester, at);
  peer_.opened(both.peer, at);
}

void WatchedPeer::tester_sent(LinkNumber link, std::span<const std::byte> bytes, Instant at) {
  Both* const both = find(link);
  if (both == nullptr || both->tester_is_malformed) return;
  both->from_tester.feed(bytes);
  for (;;) {
    const Decoded decoded = both->from_tester.next();
    if (std::holds_alternative<NeedMore>(decoded)) return;
    const auto* packet = std::get_if<Packet>(&decoded);
    if (packet == nullptr) {
      both->tester_is_malformed = true;
      both->peer_is_unreadable = tested_ == Role::broker && !both->tester.connect_seen;
      return peer_.heard_malformed(both->peer);
    }
    if (const auto* connect = std::get_if<Connect>(packet))
      both->from_peer.use_version(connect->version);
    const monitors::Seen seen{*packet, both->from_tester.version(), both->from_tester.wire().size(),
                              at};
    const std::uint64_t before = of_tester_.all_broken();
    tester_.sent(both->tester, seen);
    if (of_tester_.all_broken() != before) both->peer.provoked = true;
    peer_.heard(both->peer, seen);
  }
}

void WatchedPeer::tester_broke(LinkNumber link) {
  Both* const both = find(link);
  if (both == nullptr) return;
  both->tester_is_malformed = true;
  peer_.heard_malformed(both->peer);
}

void WatchedPeer::peer_sent(LinkNumber link, std::span<const std::byte> bytes, Instant at) {
  Both* const both = find(link);
  if (both == nullptr || both->peer_is_unreadable) return;
  both->from_peer.feed(bytes);
  for (;;) {
    const Decoded decoded = both->from_peer.next();
    if (std::holds_alternative<NeedMore>(decoded)) return;
    const auto* packet = std::get_if<Packet>(&decoded);
    const auto wire = both->from_peer.wire();
    if (packet == nullptr) {
      both->peer_is_unreadable = true;
      return peer_.sent_malformed(both->peer, std::get<Malformed>(decoded), wire,
                                  both->from_peer.version(), at);
    }
    if (const auto* connect = std::get_if<Connect>(packet))
      both->from_tester.use_version(connect->version);
    const monitors::Seen seen{*packet, both->from_peer.version(), wire.size(), at};
    peer_.sent(both->peer, seen);
    tester_.heard(both->tester, seen);
  }
}

void WatchedPeer::ended(LinkNumber link, Instant at, By by) {
  Both* const both = find(link);
  if (both == nullptr) return;
  both->is_over = true;
  peer_.closed(both->peer, at, by == By::peer, false);
  tester_.closed(both->tester, at, by == By::tester, false);
}

WatchedOutcome WatchedPeer::finish(Instant at) {
  for (auto& [number, both] : links_)
    if (!both->is_over) peer_.ended(both->peer, at);
  WatchedOutcome outcome;
  for (const monitors::WatchInfo& row : monitors::all_watches())
    for (const Version version : {Version::v3_1_1, Version::v5}) {
      const monitors::Count count = of_peer_.count(row.watch, watched_role(tested_), version);
      if (count.tried > 0) outcome.rules.push_back({row.watch, version, count});
    }
  outcome.breaches = of_peer_.breaches();
  return outcome;
}

std::vector<WatchedStatement> watched_statements(const std::vector<CaseResult>& results) {
  std::map<std::pair<Role, StatementId>, WatchedStatement> by_id;
  for (const CaseResult& result : results) {
    const Role role = result.which->role;
    for (const WatchedRule& rule : result.outcome.watched.rules)
      each_clause(info(rule.watch), rule.version, [&](const StatementId& id) {
        WatchedStatement& statement = by_id[{role, id}];
        statement.id = id;
        statement.role = role;
        statement.tried += rule.count.tried;
        statement.broken += rule.count.broken;
        const std::string name(info(rule.watch).name);
        if (std::find(statement.rules.begin(), statement.rules.end(), name) ==
            statement.rules.end())
          statement.rules.push_back(name);
      });
    for (const monitors::Breach& breach : result.outcome.watched.breaches)
      each_clause(info(breach.watch), breach.version, [&](const StatementId& id) {
        auto& evidence = by_id[{role, id}].evidence;
        if (evidence.size() < watched_evidence_max) evidence.push_back({&result, &breach});
      });
  }
  std::vector<WatchedStatement> all;
  for (auto& [key, statement] : by_id) all.push_back(std::move(statement));
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
    for (const auto& [result, breach] : one.evidence)
      out += "    " + result->which->id + ", connection " + std::to_string(breach->connection) +
             ": " + breach->text + " (" + std::string(info(breach->watch).name) + ")\n";
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
