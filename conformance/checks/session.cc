#include "conformance/checks/session.h"

#include "conformance/checks/words.h"

namespace mq::checks {

void SessionCheck::observe(const trace::Event& event) {
  for (const auto& change : fleet_.changes())
    if (const auto* accepted = std::get_if<Accepted>(&change)) on(*accepted, event.at);
}

void SessionCheck::on(const Accepted& accepted, Instant at) {
  if (accepted.session_present) ++resumed_;
  if (!accepted.session_present && !accepted.clean_start && accepted.expired) ++expired_;
  const bool wrong =
      accepted.session_present ? accepted.expected == Known::no : accepted.expected == Known::yes;
  // A first connection proves nothing, unless it is told wrongly.
  if (wrong || (accepted.returning && accepted.expected != Known::maybe)) ++tally_.tried;
  if (!wrong) return;
  tally_.blame([&] {
    const std::string& name = name_of(fleet_.run(), accepted.client);
    std::string text = name + " connected at " + time_text(at);
    if (!accepted.session_present) {
      text += " and was told that the broker has no session for it, which had to live";
      text += accepted.alive_until == Instant::max()
                  ? std::string(" on.")
                  : " until " + time_text(accepted.alive_until) + '.';
    } else if (accepted.clean_start) {
      text += " with a clean start, but was told that its session is present.";
    } else if (!accepted.returning) {
      text += " for the first time, but was told that its session is present.";
    } else if (accepted.gone_after == Instant::max()) {
      text += ", but was told that its session is present, which had ended.";
    } else {
      text += ", but was told that its session is present, which had ended at " +
              time_text(accepted.gone_after) + '.';
    }
    return Evidence{at, std::move(text), {accepted.client}, std::nullopt, at, at};
  });
}

void SessionCheck::add_empty(const Tally& empty) {
  tally_.tried += empty.broken;
  tally_.broken += empty.broken;
  for (const auto& evidence : empty.evidence)
    if (tally_.evidence.size() < evidence_max) tally_.evidence.push_back(evidence);
}

std::vector<Finding> SessionCheck::finish(Instant) {
  Finding finding;
  finding.id = "session";
  finding.promise =
      "A client that comes back finds its session as long as it must be kept, and not after that.";
  tally_.judge(finding);
  finding.limit = "0 wrong";
  finding.measured = count_text(tally_.broken) + " of " + count_text(tally_.tried) + " wrong, " +
                     count_text(resumed_) + " resumed";
  finding.clauses = {"v5/MQTT-3.1.2-4",     "v5/MQTT-3.1.2-5",     "v5/MQTT-3.1.2-23",
                     "v5/MQTT-3.2.2-2",     "v5/MQTT-3.2.2-3",     "v5/MQTT-4.1.0-2",
                     "v3.1.1/MQTT-3.1.2-4", "v3.1.1/MQTT-3.1.2-6", "v3.1.1/MQTT-3.2.2-1",
                     "v3.1.1/MQTT-3.2.2-2", "v3.1.1/MQTT-3.2.2-3"};
  return {finding};
}

}  // namespace mq::checks
