// Asks for a protocol bug that a test has switched on. In the released library the answer is a
// constant, so that nothing of a fault is compiled into it.
#pragma once

#include <cstdint>

#include "client/core/client.h"

namespace mq::client {

enum class Fault : std::uint8_t {
  none,
  redelivers_without_dup,
  forgets_qos2_state,  // after a reconnect a QoS 2 PUBLISH already sent on is taken for new
  reuses_packet_ids,   // counts to 4 and begins anew, whatever is in flight
  forgets_unanswered,  // on a new link, what was sent and not acknowledged
  repeats_no_pubrel,
  republishes_after_pubrec,  // on a new link, what the broker has received
  keeps_aliases,             // of the link before
  takes_dup_for_known,       // a QoS 1 message with DUP is not handed on
  answers_pubrel_once,       // one for an id that it does not know any more has no answer
  never_pings,
  counts_resent_twice,  // against the receive maximum of the broker
  gives_up,             // when a connection was not accepted
};

#ifdef MQ_TEST_FAULTS
inline bool has(const Settings& settings, Fault fault) { return settings.fault == fault; }
#else
constexpr bool has(const Settings&, Fault) { return false; }
#endif

}  // namespace mq::client
