#include "conformance/monitors/monitors.h"

#include <algorithm>

#include "base/fetch.h"
#include "conformance/checks/words.h"

namespace mq::monitors {
namespace {

using trace::End;

// What our own broker was told it has also heard: it is linked in. Another one has only been sent
// it.
View view_of_broker(const trace::RunInfo& run) { return {.exact = run.broker == "ours"}; }

void add_clauses(std::vector<std::string>& all, const WatchInfo& row, Version version) {
  const std::string prefix = version == Version::v5 ? "v5/" : "v3.1.1/";
  std::string_view rest = clauses(row, version);
  while (!rest.empty()) {
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    std::string one = prefix + std::string(rest.substr(0, blank));
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(std::move(one));
    rest.remove_prefix(std::min(blank + 1, rest.size()));
  }
}

checks::Evidence evidence_of(const Breach& breach, const trace::RunInfo& run) {
  const trace::ClientIndex client{breach.client};
  const std::string& who = checks::name_of(run, client);
  return {breach.at,
          (breach.role == Role::client ? who + " to the broker" : "The broker to " + who) +
              ", connection " + std::to_string(breach.connection) + ", at " +
              checks::time_text(breach.at) + ": " + breach.text + ".",
          {client},
          std::nullopt,
          breach.at,
          breach.at};
}

checks::Finding finding_of(const WatchInfo& row, Role role, Version version, const Count& count,
                           const Notebook& notebook, const trace::RunInfo& run) {
  checks::Finding finding;
  finding.id = std::string(name(role)) + "/" + std::string(row.name) +
               (version == Version::v5 ? "/5" : "/3.1.1");
  finding.promise = row.sentence;
  finding.tried = count.tried;
  finding.broken = count.broken;
  finding.verdict = count.broken > 0 ? checks::Verdict::broken : checks::Verdict::held;
  finding.limit = "0 broken";
  finding.measured = checks::count_text(count.broken) + " of " + checks::count_text(count.tried);
  add_clauses(finding.clauses, row, version);
  for (const Breach& breach : notebook.breaches())
    if (breach.watch == row.watch && breach.role == role && breach.version == version)
      finding.evidence.push_back(evidence_of(breach, run));
  return finding;
}

}  // namespace

Report report(const Notebook& notebook, const trace::RunInfo& run) {
  Report report;
  for (const WatchInfo& row : all_watches())
    for (const Role role : {Role::broker, Role::client})
      for (const Version version : {Version::v5, Version::v3_1_1}) {
        const Count count = notebook.count(row.watch, role, version);
        if (count.tried == 0) continue;
        report.rules.push_back(finding_of(row, role, version, count, notebook, run));
      }
  checks::Finding& all = report.overall;
  all.id = "standard";
  all.promise = "Broker and clients keep the rules of the standard that can be watched.";
  for (const checks::Finding& rule : report.rules) {
    all.tried += rule.tried;
    all.broken += rule.broken;
    if (rule.broken == 0) continue;
    for (const std::string& clause : rule.clauses)
      if (std::find(all.clauses.begin(), all.clauses.end(), clause) == all.clauses.end())
        all.clauses.push_back(clause);
  }
  for (const Breach& breach : notebook.breaches())
    if (all.evidence.size() < checks::evidence_max)
      all.evidence.push_back(evidence_of(breach, run));
  all.verdict = all.broken > 0  ? checks::Verdict::broken
                : all.tried > 0 ? checks::Verdict::held
                                : checks::Verdict::not_tried;
  all.limit = "0 broken";
  all.measured = checks::count_text(all.broken) + " broken, " +
                 checks::count_text(report.rules.size(), "rule") + " put to the test";
  return report;
}

Monitors::Monitors(const trace::RunInfo& run)
    : run_(run),
      clients_watcher_(Role::client, {}, notebook_),
      broker_watcher_(Role::broker, view_of_broker(run), notebook_),
      clients_(run.clients.size()) {}

void Monitors::observe(const trace::Event& event) {
  if (const auto* seen = std::get_if<trace::PacketSeen>(&event.what)) {
    on(*seen, event.at);
  } else if (const auto* malformed = std::get_if<trace::MalformedSeen>(&event.what)) {
    on(*malformed, event.at);
  } else if (const auto* opened = std::get_if<trace::LinkOpened>(&event.what)) {
    link(opened->connection, opened->end, event.at);
  } else if (const auto* closed = std::get_if<trace::LinkClosed>(&event.what)) {
    on(*closed, event.at);
  } else if (std::holds_alternative<trace::BrokerDown>(event.what)) {
    on_broker_down();
  } else if (const auto* began = std::get_if<trace::FaultBegan>(&event.what)) {
    if (hinders_broker(began->fault) && hindered_++ == 0) hinder_broker();
    set_clocks(*began);
  } else if (const auto* ended = std::get_if<trace::FaultEnded>(&event.what)) {
    if (hinders_broker(ended->fault) && --hindered_ == 0) broker_watcher_.works_again(event.at);
  }
}

void Monitors::observe_all(std::span<const trace::Event> events) {
  constexpr std::size_t ahead = 4;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i + ahead < events.size()) fetch(events[i + ahead]);
    observe(events[i]);
  }
}

void Monitors::fetch(const trace::Event& event) const {
  const auto* const seen = std::get_if<trace::PacketSeen>(&event.what);
  if (seen == nullptr) return;
  const auto client = static_cast<std::size_t>(seen->connection.client);
  if (client < clients_.size()) mq::fetch(&clients_[client][static_cast<std::size_t>(seen->end)]);
}

bool Monitors::hinders_broker(std::size_t fault) const {
  if (fault >= run_.faults.size()) return false;
  const std::string& kind = run_.faults[fault].kind;
  return kind == "pause" || kind == "disk";
}

// What it writes now may never leave, and counts for it as sent.
void Monitors::hinder_broker() {
  broker_watcher_.cannot_work();
  for (std::size_t client = 0; client < clients_.size(); ++client)
    side(static_cast<trace::ClientIndex>(client), End::broker).session.is_certain = false;
}

// By its own clock a client is not silent for longer than it may be.
void Monitors::set_clocks(const trace::FaultBegan& began) {
  if (began.fault >= run_.faults.size() || run_.faults[began.fault].kind != "clock") return;
  const auto set = [&](std::uint32_t client) {
    if (client >= clients_.size()) return;
    for (Link* const link : open_links(side(trace::ClientIndex{client}, End::client)))
      link->clock_was_set = true;
  };
  if (began.client) return set(static_cast<std::uint32_t>(*began.client));
  for (const std::uint32_t client : run_.faults[began.fault].clients) set(client);
}

Link* Monitors::find(trace::Connection connection, End end) {
  if (static_cast<std::size_t>(connection.client) >= clients_.size()) return nullptr;
  Side& side = this->side(connection.client, end);
  if (side.one_is_open && side.one.number == connection.number) return &side.one;
  for (const auto& link : side.more)
    if (link->number == connection.number) return link.get();
  return nullptr;
}

Link& Monitors::new_link(Side& side) {
  if (side.one_is_open) return *side.more.emplace_back(std::make_unique<Link>());
  side.one_is_open = true;
  side.one = Link();
  return side.one;
}

void Monitors::drop(Side& side, const Link& link) {
  if (&link == &side.one)
    side.one_is_open = false;
  else
    std::erase_if(side.more, [&](const auto& one) { return one.get() == &link; });
}

Link& Monitors::link(trace::Connection connection, End end, Instant at) {
  if (Link* const known = find(connection, end)) return *known;
  const auto client = static_cast<std::size_t>(connection.client);
  if (client >= clients_.size()) clients_.resize(client + 1);
  Side& side = this->side(connection.client, end);
  Link& made = new_link(side);
  made.client = static_cast<std::uint32_t>(connection.client);
  made.number = connection.number;
  made.session = &side.session;
  if (const Link* other = find(connection, end == End::client ? End::broker : End::client))
    made.provoked = other->provokes;
  watcher(end).opened(made, at);
  return made;
}

void Monitors::provoke(trace::Connection connection, End end) {
  if (Link* const guilty = find(connection, end)) guilty->provokes = true;
  if (Link* const other = find(connection, end == End::client ? End::broker : End::client))
    other->provoked = true;
}

void Monitors::on(const trace::PacketSeen& seen, Instant at) {
  Link& link = this->link(seen.connection, seen.end, at);
  const Seen what{*seen.packet, seen.version, seen.wire.size(), at};
  if (!seen.sent) {
    if (Link* const from = find(seen.connection, trace::other(seen.end)))
      Watcher::arrived(*from, what.bytes, at);
    return watcher(seen.end).heard(link, what);
  }
  const std::uint64_t before = notebook_.all_broken();
  watcher(seen.end).sent(link, what);
  if (notebook_.all_broken() != before) [[unlikely]]
    provoke(seen.connection, seen.end);
}

void Monitors::on(const trace::MalformedSeen& seen, Instant at) {
  Link& link = this->link(seen.connection, seen.end, at);
  if (!seen.sent) return watcher(seen.end).heard_malformed(link);
  watcher(seen.end).sent_malformed(link, seen.fault, seen.wire, seen.version, at);
  provoke(seen.connection, seen.end);
}

void Monitors::on(const trace::LinkClosed& closed, Instant at) {
  Link* const link = find(closed.connection, closed.end);
  if (link == nullptr) return;  // the attempt came to nothing
  const bool is_reset = closed.cause == trace::CloseCause::reset;
  watcher(closed.end).closed(*link, at, closed.by_this_end, is_reset);
  drop(side(closed.connection.client, closed.end), *link);
}

std::vector<Link*> Monitors::open_links(Side& side) {
  std::vector<Link*> open;
  if (side.one_is_open) open.push_back(&side.one);
  for (const auto& link : side.more) open.push_back(link.get());
  std::ranges::sort(open, {}, &Link::number);
  return open;
}

void Monitors::on_broker_down() {
  for (Client& client : clients_)
    Watcher::may_be_anything(client[static_cast<std::size_t>(End::broker)].session);
}

Report Monitors::finish(Instant at) {
  for (Client& client : clients_)
    for (const End end : {End::client, End::broker}) {
      for (Link* link : open_links(client[static_cast<std::size_t>(end)]))
        watcher(end).ended(*link, at);
    }
  return report(notebook_, run_);
}

}  // namespace mq::monitors
