#include "reports/sequence/sequence.h"

#include <algorithm>

#include "reports/ndjson/event_reader.h"
#include "reports/sequence/follower.h"

namespace mq::report {
namespace {

struct Wanted {
  const checks::Finding* finding;
  SequenceFollower follower;
};

class All final : public trace::Observer {
 public:
  explicit All(std::vector<Wanted>& wanted) : wanted_(wanted) {}
  void observe(const trace::Event& event) override {
    now = event.at;
    for (Wanted& one : wanted_) one.follower.observe(event);
  }
  bool done() const {
    return std::all_of(wanted_.begin(), wanted_.end(),
                       [&](const Wanted& one) { return one.follower.done(now); });
  }
  Instant now = Instant::min();

 private:
  std::vector<Wanted>& wanted_;
};

}  // namespace

std::vector<SequenceDiagram> draw_sequences(std::istream& events,
                                            std::span<const checks::Finding> findings) {
  EventReader reader(events);
  if (reader.run() == nullptr) return {};
  std::vector<Wanted> wanted;
  Instant from = Instant::max();
  std::vector<trace::ClientIndex> clients;
  for (const checks::Finding& finding : findings) {
    if (finding.verdict != checks::Verdict::broken || finding.evidence.empty()) continue;
    if (wanted.size() == sequences_max) break;
    const checks::Evidence& evidence = finding.evidence.front();
    from = std::min(from, evidence.from);
    clients.insert(clients.end(), evidence.clients.begin(), evidence.clients.end());
    wanted.push_back({&finding, {*reader.run(), evidence, sequence_steps_max}});
  }
  if (wanted.empty()) return {};
  reader.skip_before(from);
  reader.skip_others(clients);
  All all(wanted);
  while (!all.done() && reader.next(all)) {
  }
  std::vector<SequenceDiagram> diagrams;
  for (Wanted& one : wanted) {
    SequenceDiagram diagram = one.follower.finish();
    diagram.finding = one.finding->id;
    if (!diagram.steps.empty()) diagrams.push_back(std::move(diagram));
  }
  return diagrams;
}

}  // namespace mq::report
