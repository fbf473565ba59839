#include "conformance/checks/expiry.h"

#include <algorithm>
#include <string>

#include "conformance/checks/words.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

// A broker counts in whole seconds, and what it sends may wait for its disk.
constexpr Duration second_more = 1500ms;

// With so much on the way to a client, a system's buffers are filled: what a broker gives to its
// system then leaves later, and nobody can change any more what it says.
constexpr std::size_t buffered_bytes = 32 * 1024;

}  // namespace

void ExpiryCheck::observe(const trace::Event& event) {
  if (const auto* seen = std::get_if<trace::PacketSeen>(&event.what)) {
    if (seen->end == trace::End::client) {
      if (!seen->sent) on_received(*seen);
      return;
    }
    if (kind(*seen->packet) != Kind::publish) return;
    const auto& publish = std::get<Publish>(*seen->packet);
    if (!seen->sent)
      on_arrival(publish, event.at);
    else
      on_sent(*seen, publish, event.at);
  } else if (std::holds_alternative<trace::BrokerUp>(event.what)) {
    started_ = event.at;
  }
}

ExpiryCheck::UnderWay& ExpiryCheck::under_way(trace::Connection connection) {
  const auto client = static_cast<std::size_t>(connection.client);
  if (client >= under_way_.size()) under_way_.resize(client + 1);
  UnderWay& found = under_way_[client];
  if (found.connection < connection.number) found = {connection.number, 0, false};
  return found;
}

void ExpiryCheck::on_received(const trace::PacketSeen& seen) {
  if (!fleet_.knows(seen.connection.client)) return;
  UnderWay& one = under_way(seen.connection);
  one.is_watched = true;
  if (kind(*seen.packet) == Kind::publish)
    one.bytes -= std::min(one.bytes, std::get<Publish>(*seen.packet).payload.size());
}

// Whether it stands behind so much that it may have been given to the system long ago.
bool ExpiryCheck::goes_behind_others(const trace::PacketSeen& seen, const Publish& publish) {
  if (!fleet_.knows(seen.connection.client)) return false;
  UnderWay& one = under_way(seen.connection);
  const bool does = one.is_watched && one.bytes >= buffered_bytes;
  one.bytes += publish.payload.size();
  return does;
}

void ExpiryCheck::on_arrival(const Publish& publish, Instant at) {
  if (publish.properties.empty()) return;
  const auto expiry = publish.properties.number(PropertyId::message_expiry_interval);
  if (!expiry) return;
  const auto stamp = trace::stamp_of(publish.payload.text());
  if (!stamp || stamp->origin != trace::Stamp::Origin::publish) return;
  const auto [known, is_new] = messages_.try_emplace(*stamp, Perishable{at, *expiry, false});
  if (!is_new) {  // another copy with another lifetime: nobody knows which one is sent on
    known->second.came_again = true;
    return;
  }
  order_.push_back(*stamp);
  if (order_.size() <= messages_max) return;
  messages_.erase(order_.front());
  order_.pop_front();
}

void ExpiryCheck::on_sent(const trace::PacketSeen& seen, const Publish& publish, Instant at) {
  if (goes_behind_others(seen, publish) || messages_.empty()) return;
  if (publish.dup) return;  // begun in time, perhaps
  const auto stamp = trace::stamp_of(publish.payload.text());
  if (!stamp) return;
  const auto found = messages_.find(*stamp);
  if (found == messages_.end() || found->second.came_again) return;
  const Instant arrived = found->second.arrived;
  const std::uint32_t seconds = found->second.seconds;
  const Instant since = std::max(arrived, started_);
  const Duration interval = std::chrono::seconds(seconds);
  ++tally_.tried;
  std::string why;
  if (at - since > interval + second_more) {
    why = ", which was to be dropped " + duration_text(interval) + " after it had come at " +
          time_text(arrived) + '.';
  } else if (seen.version == Version::v5) {
    const auto told = publish.properties.number(PropertyId::message_expiry_interval);
    const Duration left = std::chrono::seconds(told.value_or(0));
    const bool too_long = !told || left > interval - (at - since) + second_more;
    const bool too_short =
        told && arrived > started_ && left + second_more < interval - (at - arrived);
    if (too_long || too_short)
      why = (told ? " with " + std::to_string(*told) + " s left" : std::string(" without expiry")) +
            ", of " + duration_text(interval) + " since " + time_text(arrived) + '.';
  }
  if (why.empty()) return;
  tally_.blame([&] {
    return Evidence{at,
                    "The broker sent " + name_of(fleet_.run(), seen.connection.client) +
                        " message " + std::to_string(stamp->number) + " of " +
                        name_of(fleet_.run(), stamp->publisher) + " at " + time_text(at) + why,
                    {stamp->publisher, seen.connection.client},
                    *stamp,
                    arrived,
                    at};
  });
}

std::vector<Finding> ExpiryCheck::finish(Instant) {
  Finding finding;
  finding.id = "expiry";
  finding.promise =
      "A message whose time is over is not passed on, and who gets it is told how much is left.";
  tally_.judge(finding);
  finding.limit = "0 too late";
  finding.measured = count_text(tally_.broken) + " of " + count_text(tally_.tried) + " too late";
  finding.clauses = {"v5/MQTT-3.3.2-5", "v5/MQTT-3.3.2-6"};
  return {finding};
}

}  // namespace mq::checks
