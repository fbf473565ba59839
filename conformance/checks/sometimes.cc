#include "conformance/checks/sometimes.h"

#include <algorithm>

#include "base/ensure.h"
#include "base/overloaded.h"
#include "conformance/checks/at.h"
#include "conformance/checks/words.h"

namespace mq::checks {
namespace {

std::size_t position(std::string_view phrase) {
  const auto* state = trace::find_sometimes(phrase);
  ensure(state != nullptr, "the state is listed");
  return static_cast<std::size_t>(state - trace::sometimes_states.data());
}

}  // namespace

SometimesCheck::SometimesCheck(const Fleet& fleet, const Ledger& ledger,
                               const SessionCheck& sessions, const WillCheck& wills)
    : fleet_(fleet), ledger_(ledger), sessions_(sessions), wills_(wills), clients_(fleet.size()) {}

void SometimesCheck::reach(std::string_view phrase, std::uint64_t times) {
  reached_[position(phrase)] += times;
}

void SometimesCheck::observe(const trace::Event& event) {
  for (const auto& change : fleet_.changes()) {
    const auto* accepted = std::get_if<Accepted>(&change);
    if (accepted == nullptr) continue;
    auto& client = clients_[at(accepted->client)];
    if (!accepted->session_present) client.ends = {};
    if (client.gave_up) reach("a client gave up and reconnected");
    client.gave_up = false;
  }
  std::visit(overloaded{[&](const trace::PacketSeen& seen) { on(seen); },
                        [&](const trace::LinkClosed& closed) { on(closed); },
                        [&](const trace::Delivered& delivered) {
                          if (delivered.publish->retain) reach("a retained message was delivered");
                        },
                        [&](const trace::BrokerDown&) {
                          crashed_in_flight_ = ledger_.in_flight();
                          for (auto& client : clients_) client.broker_open.clear();
                        },
                        [&](const trace::BrokerUp&) {
                          if (crashed_in_flight_)
                            reach("the broker restarted with messages in flight");
                          crashed_in_flight_ = false;
                        },
                        [](const auto&) {}},
             event.what);
}

void SometimesCheck::on(const trace::LinkClosed& closed) {
  if (!fleet_.knows(closed.connection.client)) return;
  auto& client = clients_[at(closed.connection.client)];
  if (closed.end == trace::End::broker) {
    std::erase(client.broker_open, closed.connection.number);
    return;
  }
  const auto& state = fleet_.client(closed.connection.client);
  if (closed.by_this_end && !state.stopped() && state.accepted &&
      state.connection == closed.connection.number)
    client.gave_up = true;
}

void SometimesCheck::on(const trace::PacketSeen& seen) {
  if (!fleet_.knows(seen.connection.client)) return;
  auto& client = clients_[at(seen.connection.client)];
  const bool at_broker = seen.end == trace::End::broker;
  switch (kind(*seen.packet)) {
    case Kind::publish:
      on_publish(client, seen, std::get<Publish>(*seen.packet));
      return;
    case Kind::pub_rel:
      on_pub_rel(client, seen, std::get<PubRel>(*seen.packet).packet_id);
      return;
    case Kind::pub_comp:
      if (!seen.sent)
        std::erase_if(client.ends[at(seen.end)].released, [&](const auto& one) {
          return one.first == std::get<PubComp>(*seen.packet).packet_id;
        });
      return;
    case Kind::connect:
      if (at_broker && !seen.sent) on_connect_at_broker(client, seen.connection.number);
      return;
    case Kind::conn_ack:
      if (!at_broker || !seen.sent) return;
      if (std::get<ConnAck>(*seen.packet).reason == ReasonCode::success)
        client.broker_open.push_back(seen.connection.number);
      else
        reach("a client was refused");
      return;
    case Kind::pub_ack:
      if (at_broker && seen.sent && failed(std::get<PubAck>(*seen.packet).reason))
        reach("a message was refused");
      return;
    case Kind::pub_rec:
      if (at_broker && seen.sent && failed(std::get<PubRec>(*seen.packet).reason))
        reach("a message was refused");
      return;
    default:
      return;
  }
}

void SometimesCheck::on_publish(Client& client, const trace::PacketSeen& seen,
                                const Publish& publish) {
  if (seen.sent) {
    if (publish.dup) reach("a PUBLISH was sent again");
    return;
  }
  if (publish.qos != Qos::exactly_once) return;
  auto& received = client.ends[at(seen.end)].received;
  if (std::find(received.begin(), received.end(), publish.packet_id) == received.end())
    received.push_back(publish.packet_id);
  else
    reach("a QoS 2 message was received again before its PUBREL");
}

void SometimesCheck::on_pub_rel(Client& client, const trace::PacketSeen& seen, PacketId packet_id) {
  const auto same = [&](const auto& one) { return one.first == packet_id; };
  if (!seen.sent) {
    std::erase(client.ends[at(seen.end)].received, packet_id);
    auto& released = client.ends[at(other(seen.end))].released;
    const auto found = std::find_if(released.begin(), released.end(), same);
    if (found != released.end()) found->second = true;
    return;
  }
  auto& released = client.ends[at(seen.end)].released;
  const auto found = std::find_if(released.begin(), released.end(), same);
  if (found == released.end()) {
    released.emplace_back(packet_id, false);
    return;
  }
  if (!found->second) reach("a PUBREL was lost and sent again");
  found->second = false;
}

void SometimesCheck::on_connect_at_broker(Client& client, std::uint32_t connection) {
  const bool older = std::any_of(client.broker_open.begin(), client.broker_open.end(),
                                 [&](std::uint32_t open) { return open < connection; });
  if (older) reach("a connection was taken over");
}

std::vector<Finding> SometimesCheck::finish(Instant) {
  reach("a session was resumed", sessions_.resumed());
  reach("a session expired", sessions_.expired());
  reach("a will was published", wills_.published());
  reach("a will was cancelled by a resumed session", wills_.cancelled());
  reach("a message waited for an absent subscriber", ledger_.waited());
  std::vector<Finding> findings;
  for (const auto& expectation : fleet_.run().expectations) {
    if (expectation.id != "sometimes") continue;
    const auto* state = trace::find_sometimes(expectation.argument);
    if (state == nullptr) continue;  // the language knows no others
    Finding finding;
    finding.id = "sometimes: " + expectation.argument;
    finding.promise = "The run came to the state in which " + expectation.argument + '.';
    finding.limit = "at least once";
    finding.tried = reached_[position(state->phrase)];
    finding.measured = finding.tried == 0   ? "never"
                       : finding.tried == 1 ? "once"
                                            : count_text(finding.tried) + " times";
    finding.verdict = finding.tried > 0 ? Verdict::held : Verdict::not_tried;
    finding.expected = true;
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace mq::checks
