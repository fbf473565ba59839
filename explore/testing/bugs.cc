#include "explore/testing/bugs.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "base/ensure.h"
#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"

namespace mq::explore {
namespace {

using namespace std::chrono_literals;
using conformance::Behaviour;
using conformance::Passing;
using BrokerFault = broker::Fault;
using ClientFault = client::Fault;

Bug of_core(std::string name, BrokerFault fault, std::string promises) {
  return {.name = std::move(name), .promises = std::move(promises), .broker_fault = fault};
}

Bug of_client(std::string name, ClientFault fault, std::string promises) {
  return {.name = std::move(name),
          .of_client = true,
          .promises = std::move(promises),
          .client_fault = fault};
}

// One that the cases of the standard are held to as well.
Bug of_wire(const std::string& name, std::string promises) {
  const auto faults = conformance::all_faults();
  const auto found =
      std::find_if(faults.begin(), faults.end(), [&](const auto& one) { return one.name == name; });
  ensure(found != faults.end(), "a fault of the catalogue");
  const auto at = static_cast<std::size_t>(found - faults.begin());
  return {.name = name, .promises = std::move(promises), .behaviour = [at] {
            return conformance::all_faults().at(at).behaviour;
          }};
}

// What had been sent on an earlier connection waits behind what is new.
Behaviour resumes_out_of_order() {
  return conformance::sends<Publish>([](Publish& publish, Passing& passing) {
    if (!publish.dup) return;
    passing.drop();
    passing.backstage.send_later(passing.peer, Packet(publish), 10s);
  });
}

// Retained messages are looked up in a copy that is renewed now and then.
Behaviour retains_late() {
  struct Known {
    Publish last, before;
    Instant since;
  };
  auto topics = std::make_shared<std::map<std::string, Known>>();
  return {.heard = conformance::each<Publish>([topics](Publish& publish, Passing& passing) {
            if (!publish.retain || publish.topic.empty()) return;
            Known& known = (*topics)[publish.topic];
            if (known.last.payload == publish.payload) return;
            known = {publish, std::exchange(known.last, {}), passing.backstage.now()};
          }),
          .sent = conformance::each<Publish>([topics](Publish& publish, Passing& passing) {
            const auto found = topics->find(publish.topic);
            if (!publish.retain || found == topics->end()) return;
            const Known& known = found->second;
            if (known.last.payload == publish.payload && !known.before.payload.empty() &&
                passing.backstage.now() - known.since < 30s)
              publish.payload = known.before.payload;
          })};
}

std::vector<Bug> of_brokers_sessions() {
  return {
      of_core("empties a session that it says it has resumed", BrokerFault::forgets_session,
              "session qos1 qos2"),
      of_core("lets the expiry of a session run on when its client is back",
              BrokerFault::expiry_runs_on, "session qos1 qos2"),
      of_core("queues nothing for who is away", BrokerFault::queues_nothing, "session qos1 qos2"),
      of_wire("ends every session with its connection", "session qos1 qos2"),
      of_wire("never ends a session", "session"),
      of_wire("ends sessions in half of their time", "session"),
      of_wire("never says that a session is present", "session qos1 qos2 rules"),
      of_wire("says that a session is present where there is none", "session qos1 qos2 rules"),
      of_wire("keeps the session in spite of Clean Start 1", "session qos1 qos2 rules"),
      of_wire("never minds silence", "will rules"),
  };
}

std::vector<Bug> of_brokers_deliveries() {
  return {
      of_core("sends QoS 2 messages twice", BrokerFault::sends_qos2_twice, "qos2"),
      of_core("uses packet identifiers that are in flight", BrokerFault::reuses_packet_ids,
              "qos1 qos2 order rules"),
      of_core("forgets on a new connection which QoS 2 messages it has passed on",
              BrokerFault::forgets_incoming, "qos2 rules"),
      of_core("counts what it sends again twice against the receive maximum",
              BrokerFault::counts_resent_twice, "qos1 qos2 session"),
      {.name = "resumes with the new messages before the old ones",
       .promises = "order qos1 qos2 rules",
       .behaviour = resumes_out_of_order},
      of_wire("sends QoS 1 messages once only", "qos1 session redelivery rules"),
      of_wire("sends QoS 2 messages once only", "qos2 session redelivery rules"),
      of_wire("sends PUBREL once only", "qos2 redelivery rules"),
      of_wire("falls back from PUBREL to PUBLISH", "qos2 redelivery rules"),
      of_wire("sends again without DUP", "redelivery qos2 rules"),
      of_wire("sends again under another identifier", "redelivery qos2 rules"),
      of_wire("does not answer a repeated QoS 2 message", "acknowledged rules"),
      of_wire("passes a repeated QoS 2 message on again", "qos2"),
      of_wire("loses the first message that waited for a client", "qos1 qos2 session"),
      of_wire("delivers at the QoS that was published, whatever was granted", "qos0 qos1 qos2"),
      of_wire("never counts a QoS 1 message as done", "qos1 session redelivery rules"),
      of_wire("takes No Local for nothing", "qos0 qos1 qos2"),
      of_wire("delivers expired messages", "expiry rules"),
      of_wire("does not count the time that a message has waited", "expiry rules"),
  };
}

std::vector<Bug> of_brokers_wills() {
  return {
      of_core("publishes no will", BrokerFault::drops_will, "will"),
      of_core("loses the will of a connection that is taken over",
              BrokerFault::loses_will_at_takeover, "will"),
      of_core("publishes a will although its client came back in time",
              BrokerFault::publishes_cancelled_will, "will rules"),
      of_wire("publishes wills after DISCONNECT, too", "will"),
      of_wire("publishes wills at once", "will"),
      of_wire("publishes wills twice", "will qos0 qos1 qos2 rules"),
  };
}

std::vector<Bug> of_brokers_retained() {
  return {
      of_core("gives new subscribers no retained message", BrokerFault::forgets_retained,
              "retained"),
      {.name = "gives new subscribers the last value but one for a while",
       .promises = "retained",
       .behaviour = retains_late},
      of_wire("keeps the first retained message of a topic", "retained"),
      of_wire("sends retained messages without RETAIN", "retained qos0 qos1 qos2"),
  };
}

std::vector<Bug> of_brokers_crashes() {
  return {
      of_core("acknowledges what is not on the disk yet", BrokerFault::answers_before_stored,
              "qos1 qos2 session retained"),
      of_core("does not store sessions", BrokerFault::stores_no_session, "session qos1 qos2"),
      of_core("does not store subscriptions", BrokerFault::stores_no_subscription,
              "session qos1 qos2"),
      of_core("does not store what it owes", BrokerFault::stores_no_delivery, "session qos1 qos2"),
      of_core("does not store that a QoS 2 message was received", BrokerFault::stores_no_release,
              "qos2 redelivery rules"),
      of_core("does not store that a QoS 2 message was passed on", BrokerFault::stores_no_incoming,
              "qos2 rules"),
      of_core("has lost retained messages when it starts again", BrokerFault::loses_retained,
              "retained"),
  };
}

std::vector<Bug> of_brokers_groups() {
  return {
      of_core("loses what a member of a shared subscription was owed when its connection breaks",
              BrokerFault::forgets_shared, "shared qos1 qos2 rules"),
      of_wire("takes shared subscriptions for ordinary ones", "shared qos1 qos2"),
  };
}

std::vector<Bug> of_clients() {
  return {
      of_client("sends again without DUP", ClientFault::redelivers_without_dup,
                "redelivery qos2 rules"),
      of_client("takes a QoS 2 message that comes again for a new one",
                ClientFault::forgets_qos2_state, "qos2"),
      of_client("uses packet identifiers that are in flight", ClientFault::reuses_packet_ids,
                "acknowledged qos1 qos2 rules"),
      of_client("forgets on a new connection what has no answer", ClientFault::forgets_unanswered,
                "acknowledged rules"),
      of_client("sends PUBREL once only", ClientFault::repeats_no_pubrel, "acknowledged rules"),
      of_client("sends PUBLISH again where PUBREL is due", ClientFault::republishes_after_pubrec,
                "qos2 rules"),
      of_client("keeps topic aliases for the next connection", ClientFault::keeps_aliases,
                "acknowledged rules"),
      of_client("takes a QoS 1 message with DUP for one that it has",
                ClientFault::takes_dup_for_known, "qos1 session"),
      of_client("does not answer a PUBREL that comes again", ClientFault::answers_pubrel_once,
                "qos1 qos2 session rules"),
      of_client("sends no PINGREQ", ClientFault::never_pings, "rules"),
      of_client("counts what it sends again twice against the receive maximum",
                ClientFault::counts_resent_twice, "acknowledged qos1 qos2"),
      of_client("gives up when a connection is not accepted", ClientFault::gives_up,
                "acknowledged qos1 qos2"),
  };
}

}  // namespace

std::vector<Bug> all_bugs() {
  std::vector<Bug> all;
  for (const auto of : {of_brokers_sessions, of_brokers_deliveries, of_brokers_wills,
                        of_brokers_retained, of_brokers_crashes, of_brokers_groups, of_clients})
    for (Bug& bug : of()) all.push_back(std::move(bug));
  return all;
}

bool tells_of(const Bug& bug, const std::string& id) {
  std::istringstream words(bug.promises);
  const std::string_view side = bug.of_client ? "client/" : "broker/";
  for (std::string word; words >> word;)
    if (word == id || (word == "rules" && id.starts_with(side))) return true;
  return false;
}

}  // namespace mq::explore
