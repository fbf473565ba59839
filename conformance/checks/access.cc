#include "conformance/checks/access.h"

#include <algorithm>

#include "conformance/checks/words.h"
#include "protocol/topic.h"

namespace mq::checks {

AccessCheck::AccessCheck(Fleet& fleet) : fleet_(fleet) {
  for (const auto& client : fleet.run().clients) {
    reads_.push_back(rights_of(client.may_read));
    writes_.push_back(rights_of(client.may_publish));
  }
}

std::size_t AccessCheck::rights_of(const std::optional<std::vector<std::string>>& filters) {
  if (!filters) return all;
  const auto known = std::find_if(rights_.begin(), rights_.end(),
                                  [&](const Rights& one) { return one.filters == *filters; });
  if (known != rights_.end()) return static_cast<std::size_t>(known - rights_.begin());
  rights_.push_back({*filters, {}});
  return rights_.size() - 1;
}

bool AccessCheck::may(std::size_t rights, TopicId topic) {
  if (rights == all) return true;
  auto& known = rights_[rights].known;
  const auto index = static_cast<std::size_t>(topic);
  if (index >= known.size()) known.resize(index + 1);
  if (known[index] == May::unknown) {
    const std::string& name = fleet_.topics().name(topic);
    const auto& filters = rights_[rights].filters;
    const bool yes = std::any_of(filters.begin(), filters.end(),
                                 [&](const std::string& filter) { return matches(filter, name); });
    known[index] = yes ? May::yes : May::no;
  }
  return known[index] == May::yes;
}

void AccessCheck::observe(const trace::Event& event) {
  if (rights_.empty()) return;
  const auto* delivered = std::get_if<trace::Delivered>(&event.what);
  if (delivered == nullptr || !fleet_.knows(delivered->connection.client)) return;
  const ClientIndex reader = delivered->connection.client;
  const auto stamp = trace::stamp_of(delivered->publish->payload.text());
  if (!stamp || !fleet_.knows(stamp->publisher)) return;
  const TopicId topic = fleet_.topics().topic(delivered->publish->topic);
  const bool by_publish = stamp->origin == trace::Stamp::Origin::publish;
  ++tally_.tried;
  const bool reads = may(reads_[static_cast<std::size_t>(reader)], topic);
  const bool writes =
      !by_publish || may(writes_[static_cast<std::size_t>(stamp->publisher)], topic);
  if (reads && writes) return;
  tally_.blame([&] {
    const std::string& from = name_of(fleet_.run(), stamp->publisher);
    const std::string& to = name_of(fleet_.run(), reader);
    return Evidence{
        event.at,
        to + " got message " + std::to_string(stamp->number) + " of " + from + " on " +
            delivered->publish->topic + " at " + time_text(event.at) +
            (reads ? ", which " + from + " may not publish there." : ", which it may not read."),
        {stamp->publisher, reader},
        *stamp,
        event.at,
        event.at};
  });
}

std::vector<Finding> AccessCheck::finish(Instant) {
  Finding finding;
  finding.id = "access";
  finding.promise = "Nobody gets what they may not read, or what its publisher may not publish.";
  tally_.judge(finding);
  finding.limit = "0 against the rights";
  finding.measured = count_text(tally_.broken) + " of " + count_text(tally_.tried) + " deliveries";
  return {finding};
}

}  // namespace mq::checks
