#include "conformance/checks/redelivery.h"

#include <algorithm>

#include "conformance/checks/words.h"

namespace mq::checks {

void RedeliveryCheck::observe(const trace::Event& event) {
  if (const auto* seen = std::get_if<trace::PacketSeen>(&event.what)) {
    if (fleet_.knows(seen->connection.client)) on(*seen, event.at);
  } else if (std::holds_alternative<trace::BrokerDown>(event.what)) {
    // What a broker has sent need not be in its store.
    for (auto& client : unanswered_) client[static_cast<std::size_t>(trace::End::broker)].clear();
  }
}

void RedeliveryCheck::on(const trace::PacketSeen& seen, Instant at) {
  switch (kind(*seen.packet)) {
    case Kind::publish:
      if (seen.sent) on_sent(seen, std::get<Publish>(*seen.packet), at);
      return;
    case Kind::pub_ack:
      answered(seen, std::get<PubAck>(*seen.packet).packet_id);
      return;
    case Kind::pub_rec:
      answered(seen, std::get<PubRec>(*seen.packet).packet_id);
      return;
    case Kind::conn_ack: {
      // In a new session everything is new. The broker says so when it sends, the client knows it
      // when it receives.
      const bool known_here = seen.sent == (seen.end == trace::End::broker);
      if (known_here && !std::get<ConnAck>(*seen.packet).session_present)
        unanswered(seen.connection.client, seen.end).clear();
      return;
    }
    default:
      return;
  }
}

void RedeliveryCheck::answered(const trace::PacketSeen& seen, PacketId packet_id) {
  if (seen.sent) return;
  auto& open = unanswered(seen.connection.client, seen.end);
  open.erase(std::remove_if(open.begin(), open.end(),
                            [&](const auto& one) { return one.first == packet_id; }),
             open.end());
}

void RedeliveryCheck::on_sent(const trace::PacketSeen& seen, const Publish& publish, Instant at) {
  if (publish.qos == Qos::at_most_once) return;
  const auto stamp = trace::stamp_of(publish.payload.text());
  if (!stamp) return;
  auto& open = unanswered(seen.connection.client, seen.end);
  const auto same = std::find_if(open.begin(), open.end(),
                                 [&](const auto& one) { return one.first == publish.packet_id; });
  if (same == open.end()) {
    open.emplace_back(publish.packet_id, *stamp);
    return;
  }
  if (same->second != *stamp) {
    same->second = *stamp;
    return;
  }
  ++tally_.tried;
  if (publish.dup) return;
  tally_.blame([&] {
    const std::string& client = name_of(fleet_.run(), seen.connection.client);
    const bool by_client = seen.end == trace::End::client;
    return Evidence{at,
                    (by_client ? client + " sent the broker" : "The broker sent " + client) +
                        " message " + std::to_string(stamp->number) + " of " +
                        name_of(fleet_.run(), stamp->publisher) + " again at " + time_text(at) +
                        ", with the same packet id and without the DUP flag.",
                    {stamp->publisher, seen.connection.client},
                    *stamp,
                    at,
                    at};
  });
}

std::vector<Finding> RedeliveryCheck::finish(Instant) {
  Finding finding;
  finding.id = "redelivery";
  finding.promise = "A PUBLISH that is sent again carries the DUP flag.";
  tally_.judge(finding);
  finding.limit = "0 without DUP";
  finding.measured = count_text(tally_.broken) + " of " + count_text(tally_.tried) + " without DUP";
  finding.clauses = {"v5/MQTT-3.3.1-1", "v3.1.1/MQTT-3.3.1-1"};
  return {finding};
}

}  // namespace mq::checks
