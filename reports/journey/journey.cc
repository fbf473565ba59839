#include "reports/journey/journey.h"

#include <algorithm>

#include "reports/journey/follower.h"
#include "reports/ndjson/event_reader.h"

namespace mq::report {
namespace {

using trace::ClientIndex;

std::vector<ClientIndex> choose(const Results& results, std::size_t clients_max) {
  std::vector<ClientIndex> chosen;
  const auto take = [&](ClientIndex client) {
    if (chosen.size() < clients_max && std::ranges::find(chosen, client) == chosen.end())
      chosen.push_back(client);
  };
  for (const checks::Finding& finding : results.findings)
    for (const checks::Evidence& evidence : finding.evidence)
      if (finding.verdict == checks::Verdict::broken) std::ranges::for_each(evidence.clients, take);
  std::vector<const ClientTimeline*> shown;
  for (const ClientTimeline& line : results.series.timelines) shown.push_back(&line);
  std::ranges::stable_sort(shown, {}, [](const auto* line) { return line->connected; });
  for (const ClientTimeline* line : shown) take(line->client);
  std::ranges::sort(chosen);
  return chosen;
}

std::set<trace::Stamp> named_messages(const Results& results) {
  std::set<trace::Stamp> named;
  for (const checks::Finding& finding : results.findings)
    for (const checks::Evidence& evidence : finding.evidence)
      if (evidence.message) named.insert(*evidence.message);
  return named;
}

class Everybody final : public trace::Observer {
 public:
  Everybody(std::size_t fleet, const std::vector<ClientIndex>& clients,
            const std::set<trace::Stamp>& named, const JourneyLimits& limits)
      : attempts_(fleet, limits.attempts_max) {
    for (const ClientIndex client : clients) followers_.emplace_back(client, named, limits);
  }
  void observe(const trace::Event& event) override {
    if (const auto* attempt = std::get_if<trace::Attempted>(&event.what))
      attempts_.add(attempt->stamp, event.at);
    for (JourneyFollower& follower : followers_) follower.observe(event, attempts_);
  }
  std::vector<Journey> finish() {
    std::vector<Journey> journeys;
    for (JourneyFollower& follower : followers_) journeys.push_back(follower.finish());
    return journeys;
  }

 private:
  checks::Attempts attempts_;
  std::vector<JourneyFollower> followers_;
};

}  // namespace

std::vector<Journey> follow_journeys(std::istream& events, const Results& results,
                                     const JourneyLimits& limits) {
  EventReader reader(events);
  if (reader.run() == nullptr) return {};
  const std::vector<ClientIndex> clients = choose(results, limits.clients_max);
  reader.skip_others(clients);
  const std::set<trace::Stamp> named = named_messages(results);
  Everybody everybody(reader.run()->clients.size(), clients, named, limits);
  while (reader.next(everybody)) {
  }
  return everybody.finish();
}

}  // namespace mq::report
