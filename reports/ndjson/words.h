// The words that events.ndjson uses for enums, for the writer and the reader.
#pragma once

#include <array>
#include <string_view>

#include "sim/trace/event.h"

namespace mq::report {

inline constexpr std::array<std::string_view, 2> end_words = {"client", "broker"};
inline constexpr std::array<std::string_view, 5> close_cause_words = {
    "closed", "reset", "timed_out", "refused", "crashed"};
inline constexpr std::string_view attempted_word = "attempted";
// In the order of trace::What; PacketSeen has two.
inline constexpr std::array<std::string_view, std::variant_size_v<trace::What>> event_words = {
    "link_opening", "link_opened",  "link_closed", "packet",      "malformed",   attempted_word,
    "not_sent",     "acknowledged", "delivered",   "fault_began", "fault_ended", "broker_down",
    "broker_up",    "calm_began",   "run_ended",   "client_down", "client_up",   "spent",
    "broker_said",  "value_taken",  "value_read",  "http",        "http_failed", "called"};
inline constexpr std::string_view sent_word = "sent";
inline constexpr std::string_view received_word = "received";
inline constexpr std::string_view truncated_word = "truncated";

template <class Enum, std::size_t n>
constexpr std::string_view word(const std::array<std::string_view, n>& words, Enum value) {
  return words[static_cast<std::size_t>(value)];
}

}  // namespace mq::report
