// The states that a scenario can ask a run to have reached (`sometimes` in `expect`): a green run
// that never came to the interesting place has proved little. The phrase is what the scenario
// says; the scenario language and the check that recognises the state share this list.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace mq::trace {

struct Sometimes {
  std::string_view phrase;
  std::string_view meaning;
};

inline constexpr std::array sometimes_states = {
    Sometimes{"a PUBLISH was sent again",
              "A client or the broker sent a PUBLISH with the DUP flag on a later connection."},
    Sometimes{"a PUBREL was lost and sent again",
              "A PUBREL did not arrive, and its sender repeated it on a later connection."},
    Sometimes{"a session was resumed",
              "A CONNACK with session present 1 reached a client that had been away."},
    Sometimes{"a session expired",
              "A client came back after its session's expiry and was told session present 0."},
    Sometimes{"a will was published", "The broker gave a client's will to a subscriber."},
    Sometimes{"a will was cancelled by a resumed session",
              "A client lost its connection and was back before its will's delay was over."},
    Sometimes{"a connection was taken over",
              "A client connected while the broker still held an older connection of its id."},
    Sometimes{"a message waited for an absent subscriber",
              "A message of QoS 1 or 2 was published while a subscriber with a session was away, "
              "and reached it later."},
    Sometimes{"a retained message was delivered",
              "A new subscription brought a message that was published before it."},
    Sometimes{"a client gave up and reconnected",
              "A client closed its silent connection by itself and opened another one."},
    Sometimes{"a client was refused",
              "The broker answered a CONNECT with a refusal: a wrong password, for one."},
    Sometimes{"a message was refused",
              "The broker answered a PUBLISH with a reason that is a failure (5.0)."},
    Sometimes{"a QoS 2 message was received again before its PUBREL",
              "The receiver of a QoS 2 message saw the same packet id again and had to remember "
              "that it already owned the message."},
    Sometimes{"the broker restarted with messages in flight",
              "The broker crashed while a QoS 1 or 2 exchange was incomplete, and came back."},
};

// Nullptr if there is no such state.
constexpr const Sometimes* find_sometimes(std::string_view phrase) {
  const auto* found = std::find_if(sometimes_states.begin(), sometimes_states.end(),
                                   [&](const Sometimes& state) { return state.phrase == phrase; });
  return found == sometimes_states.end() ? nullptr : found;
}

}  // namespace mq::trace
