#include "sim/tcp_preset.h"

#include "base/ensure.h"

namespace mq::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view ns3_attribute = "ns-3.37, default of the attribute";
constexpr std::string_view as_linux = "as the linux preset";
constexpr std::string_view ns3_limit =
    "assumption: ns-3.37 has fixed buffers, Linux grows them up to tcp_wmem and tcp_rmem";

constexpr TcpSettings linux_preset{
    .name = "linux",
    .congestion_control = {CongestionControl::cubic, "Linux tcp_congestion_control, since 2.6.19"},
    .segment_bytes = {1448, "MTU 1500 less 20 IP, 20 TCP, 12 time stamps"},
    .initial_window_segments = {10, "RFC 6928, Linux TCP_INIT_CWND"},
    .selective_acks = {true, "Linux tcp_sack"},
    .timestamps = {true, "Linux tcp_timestamps"},
    .window_scaling = {true, "Linux tcp_window_scaling"},
    .send_small_segments_at_once = {true, "TCP_NODELAY, as mqttlab's own sockets set it"},
    .retransmission_timeout_min = {200ms, "Linux TCP_RTO_MIN"},
    .timeout_above_rtt_min = {200ms, "Linux tcp_rtt_estimator: RTTVAR is at least TCP_RTO_MIN"},
    .first_syn_timeout = {1s, "RFC 6298, Linux TCP_TIMEOUT_INIT"},
    .syn_tries = {7, "Linux tcp_syn_retries 6: 127 s"},
    .data_retries = {22, "comes to Linux's 924 s (tcp_retries2 15) with ns-3's cap of 60 s"},
    .orphan_retries = {8, "Linux tcp_orphan_retries"},
    .packets_per_ack = {1, "nearest to Linux's quick acks; ns-3.37 has no adaptive delay"},
    .delayed_ack = {40ms, "Linux TCP_DELACK_MIN"},
    .send_buffer_bytes = {131072, ns3_limit},
    .receive_buffer_bytes = {131072, "Linux tcp_rmem, initial value"},
    .time_wait = {60s, "Linux TCP_TIMEWAIT_LEN"},
    .orphan_fin_wait = {60s, "Linux tcp_fin_timeout"},
};

constexpr TcpSettings lwip_preset{
    .name = "lwip",
    .congestion_control = {CongestionControl::new_reno, "lwIP 2.1 tcp_in.c"},
    .segment_bytes = {536, "lwIP 2.1 opt.h TCP_MSS"},
    .initial_window_segments = {4, "lwIP 2.1 LWIP_TCP_CALC_INITIAL_CWND with TCP_MSS"},
    .selective_acks = {false, "lwIP 2.1 opt.h LWIP_TCP_SACK_OUT"},
    .timestamps = {false, "lwIP 2.1 opt.h LWIP_TCP_TIMESTAMPS"},
    .window_scaling = {false, "lwIP 2.1 opt.h LWIP_WND_SCALE"},
    .send_small_segments_at_once = {false, "lwIP 2.1: Nagle unless TF_NODELAY is set"},
    .retransmission_timeout_min = {500ms, "lwIP 2.1 TCP_SLOW_INTERVAL, the timer's grain"},
    .timeout_above_rtt_min = {500ms, "lwIP 2.1 TCP_SLOW_INTERVAL, the timer's grain"},
    .first_syn_timeout = {3s, "lwIP 2.1 opt.h LWIP_TCP_RTO_TIME"},
    .syn_tries = {7, "lwIP 2.1 opt.h TCP_SYNMAXRTX 6"},
    .data_retries = {12, "lwIP 2.1 opt.h TCP_MAXRTX"},
    .orphan_retries = {12, "lwIP 2.1 opt.h TCP_MAXRTX"},
    .packets_per_ack = {2, "lwIP 2.1 tcp_ack()"},
    .delayed_ack = {250ms, "lwIP 2.1 TCP_TMR_INTERVAL"},
    .send_buffer_bytes = {1072, "lwIP 2.1 opt.h TCP_SND_BUF, two segments"},
    .receive_buffer_bytes = {2144, "lwIP 2.1 opt.h TCP_WND, four segments"},
    .time_wait = {120s, "lwIP 2.1 TCP_MSL 60 s, twice"},
    .orphan_fin_wait = {20s, "lwIP 2.1 TCP_FIN_WAIT_TIMEOUT"},
};

constexpr TcpSettings ns3_default_preset{
    .name = "ns3-default",
    .congestion_control = {CongestionControl::cubic, ns3_attribute},
    .segment_bytes = {536, ns3_attribute},
    .initial_window_segments = {10, ns3_attribute},
    .selective_acks = {true, ns3_attribute},
    .timestamps = {true, ns3_attribute},
    .window_scaling = {true, ns3_attribute},
    .send_small_segments_at_once = {true, ns3_attribute},
    .retransmission_timeout_min = {1s, ns3_attribute},
    .timeout_above_rtt_min = {1ms, ns3_attribute},
    .first_syn_timeout = {3s, ns3_attribute},
    .syn_tries = {6, ns3_attribute},
    .data_retries = {6, ns3_attribute},
    .orphan_retries = {8, as_linux},
    .packets_per_ack = {2, ns3_attribute},
    .delayed_ack = {200ms, ns3_attribute},
    .send_buffer_bytes = {131072, ns3_attribute},
    .receive_buffer_bytes = {131072, ns3_attribute},
    .time_wait = {240s, ns3_attribute},
    .orphan_fin_wait = {60s, as_linux},
};

std::string text(bool value) { return value ? "on" : "off"; }
std::string text(std::uint32_t value) { return std::to_string(value); }
std::string text(CongestionControl value) {
  return value == CongestionControl::cubic ? "cubic" : "new-reno";
}
std::string text(Duration value) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
  if (milliseconds % 1000 == 0) return std::to_string(milliseconds / 1000) + " s";
  return std::to_string(milliseconds) + " ms";
}

template <class T>
TcpSettingRow row(std::string_view name, const Sourced<T>& setting) {
  return {std::string(name), text(setting.value), std::string(setting.source)};
}

}  // namespace

const TcpSettings& tcp_settings(TcpPreset preset) {
  switch (preset) {
    case TcpPreset::linux_:
      return linux_preset;
    case TcpPreset::lwip:
      return lwip_preset;
    case TcpPreset::ns3_default:
      return ns3_default_preset;
  }
  ensure(false, "a TCP preset has settings");
  return linux_preset;
}

std::vector<TcpSettingRow> describe(TcpPreset preset) {
  const TcpSettings& of = tcp_settings(preset);
  return {
      row("congestion control", of.congestion_control),
      row("segment, bytes", of.segment_bytes),
      row("initial window, segments", of.initial_window_segments),
      row("selective acknowledgements", of.selective_acks),
      row("time stamps", of.timestamps),
      row("window scaling", of.window_scaling),
      row("small segments at once", of.send_small_segments_at_once),
      row("retransmission timeout, minimum", of.retransmission_timeout_min),
      row("retransmission timeout above the round trip, minimum", of.timeout_above_rtt_min),
      row("first timeout of SYN", of.first_syn_timeout),
      row("tries of SYN", of.syn_tries),
      row("retries of data", of.data_retries),
      row("retries of FIN of an abandoned end", of.orphan_retries),
      row("packets per acknowledgement", of.packets_per_ack),
      row("delay of an acknowledgement", of.delayed_ack),
      row("send buffer, bytes", of.send_buffer_bytes),
      row("receive buffer, bytes", of.receive_buffer_bytes),
      row("TIME_WAIT", of.time_wait),
      row("wait for FIN of an abandoned end", of.orphan_fin_wait),
  };
}

}  // namespace mq::sim
