// Protocol bugs that tests switch on, to see the judges catch them: such as brokers have had, a
// line or two of code each. Only the library mq::broker_faulty knows them; the released broker
// ignores Settings::fault altogether. What can be done to the packets on the wire needs no line
// here (conformance/mutants).
#pragma once

#include <cstdint>

namespace mq::broker {

enum class Fault : std::uint8_t {
  none,
  forgets_session,   // a resumed session starts empty although CONNACK says it is present
  sends_qos2_twice,  // a QoS 2 message goes out again under a new packet id
  drops_will,        // an abnormal end publishes no will
  forgets_retained,  // new subscribers get no retained message

  reuses_packet_ids,         // counts to 4 and begins anew, whatever is in flight
  forgets_incoming,          // on a new link, which QoS 2 messages of its client it passed on
  counts_resent_twice,       // against the receive maximum of the client
  queues_nothing,            // for sessions that are away
  loses_will_at_takeover,    // the one of the older link
  publishes_cancelled_will,  // its client came back before the delay was over
  forgets_shared,            // with a link, what its session owed for shared subscriptions
  expiry_runs_on,            // although the client is back: then its session is emptied

  // Shown by a crash.
  answers_before_stored,
  stores_no_session,
  stores_no_subscription,
  stores_no_delivery,
  stores_no_release,   // that the client has received a QoS 2 message (PUBREC)
  stores_no_incoming,  // that a QoS 2 message of the client was passed on
  loses_retained,      // when it starts again
};

}  // namespace mq::broker
