// How TCP behaves at both ends of a connection, as data: every number has a source, and reports
// print the table. A preset names its values in TCP's words, not in those of a simulator.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sim/world.h"

namespace mq::sim {

template <class T>
struct Sourced {
  T value;
  std::string_view source;
};

enum class CongestionControl : std::uint8_t { cubic, new_reno };

struct TcpSettings {
  std::string_view name;
  Sourced<CongestionControl> congestion_control;
  Sourced<std::uint32_t> segment_bytes;
  Sourced<std::uint32_t> initial_window_segments;
  Sourced<bool> selective_acks;
  Sourced<bool> timestamps;
  Sourced<bool> window_scaling;
  Sourced<bool> send_small_segments_at_once;  // TCP_NODELAY
  Sourced<Duration> retransmission_timeout_min;
  // RTO = SRTT + max(this, 4 RTTVAR), and never below the minimum.
  Sourced<Duration> timeout_above_rtt_min;
  Sourced<Duration> first_syn_timeout;
  Sourced<std::uint32_t> syn_tries;       // the first one included
  Sourced<std::uint32_t> data_retries;    // with a timeout that doubles up to 60 s
  Sourced<std::uint32_t> orphan_retries;  // of FIN, once the program has let go of the socket
  Sourced<std::uint32_t> packets_per_ack;
  Sourced<Duration> delayed_ack;
  Sourced<std::uint32_t> send_buffer_bytes;
  Sourced<std::uint32_t> receive_buffer_bytes;
  Sourced<Duration> time_wait;
  Sourced<Duration> orphan_fin_wait;  // how long an abandoned end waits for the peer's FIN
};

const TcpSettings& tcp_settings(TcpPreset preset);

// The same for a report.
struct TcpSettingRow {
  std::string name, value, source;
};
std::vector<TcpSettingRow> describe(TcpPreset preset);

}  // namespace mq::sim
