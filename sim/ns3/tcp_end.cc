#include "sim/ns3/tcp_end.h"

#include <ns3/inet-socket-address.h>
#include <ns3/ipv4-end-point.h>
#include <ns3/node.h>
#include <ns3/packet.h>
#include <ns3/rtt-estimator.h>
#include <ns3/simulator.h>
#include <ns3/tcp-cubic.h>
#include <ns3/tcp-header.h>
#include <ns3/tcp-l4-protocol.h>
#include <ns3/tcp-prr-recovery.h>
#include <ns3/tcp-rate-ops.h>
#include <ns3/tcp-recovery-ops.h>
#include <ns3/tcp-rx-buffer.h>
#include <ns3/tcp-tx-buffer.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ensure.h"
#include "base/fetch.h"

namespace mq::sim::cell {

using ns3::TcpHeader;

// Making one.

ns3::TypeId TcpEnd::GetTypeId() {
  static const ns3::TypeId id =
      ns3::TypeId("mq::sim::cell::TcpEnd").SetParent<ns3::TcpSocketBase>();
  return id;
}

TcpEnd::TcpEnd(Ends& ends, const TcpSettings& settings) : ends_(ends), settings_(&settings) {}

TcpEnd::TcpEnd(const TcpEnd& model)
    : ns3::TcpSocketBase(model), ends_(model.ends_), settings_(model.settings_) {
  m_txBuffer->SetRWndCallback(ns3::MakeCallback(&TcpEnd::window_for_new_data, this));
  forward_no_traces();
}

ns3::Ptr<TcpEnd> TcpEnd::create(Ends& ends, ns3::Ptr<ns3::Node> node, const TcpSettings& settings) {
  const auto end = ns3::CreateObject<TcpEnd>(ends, settings);
  end->SetNode(node);
  end->SetTcp(node->GetObject<ns3::TcpL4Protocol>());
  end->apply(settings);
  end->set_callbacks();
  return end;
}

ns3::Ptr<TcpEnd> TcpEnd::another() const {
  const ns3::Ptr<TcpEnd> end = ns3::CopyObject<TcpEnd>(ns3::Ptr<const TcpEnd>(this));
  end->set_callbacks();
  return end;
}

// ns-3 copies every change of the control block into trace sources of the socket, which nobody
// here can connect to: half a dozen calls a segment, through as many allocations. A copy of the
// block has its values, and nobody who listens to them.
void TcpEnd::forward_no_traces() {
  const ns3::Ptr<ns3::TcpSocketState> untraced = ns3::CopyObject(m_tcb);
  untraced->m_rxBuffer = m_tcb->m_rxBuffer;
  rx_buffer_ = ns3::PeekPointer(m_tcb->m_rxBuffer);
  untraced->m_sendEmptyPacketCallback = m_tcb->m_sendEmptyPacketCallback;
  m_tcb = untraced;
}

void TcpEnd::fetch_parts() const {
  fetch(this);
  fetch(ns3::PeekPointer(m_tcb));
  fetch(ns3::PeekPointer(m_txBuffer));
  fetch(static_cast<const ns3::TcpRateLinux*>(ns3::PeekPointer(m_rateOps)));
  // Of whatever kind it is: none is larger.
  fetch_bytes(ns3::PeekPointer(m_congestionControl), sizeof(ns3::TcpCubic));
  fetch(ns3::PeekPointer(m_rtt));
  fetch(rx_buffer_);
  fetch(ns3::PeekPointer(m_tcp));
  fetch(ns3::PeekPointer(m_node));
  fetch(m_endPoint);
}

void TcpEnd::fetch_all() const {
  fetch_parts();
  fetch(events_.get());
  for (const Memory part : users_memory_) fetch_bytes(part.data(), part.size());
}

void TcpEnd::apply(const TcpSettings& settings) {
  SetRtt(ns3::CreateObject<ns3::RttMeanDeviation>());
  if (settings.congestion_control.value == CongestionControl::cubic) {
    SetCongestionControlAlgorithm(ns3::CreateObject<ns3::TcpCubic>());
  } else {
    SetCongestionControlAlgorithm(ns3::CreateObject<ns3::TcpNewReno>());
  }
  if (settings.selective_acks.value) {
    SetRecoveryAlgorithm(ns3::CreateObject<ns3::TcpPrrRecovery>());
  } else {
    SetRecoveryAlgorithm(ns3::CreateObject<ns3::TcpClassicRecovery>());
  }
  SetSegSize(settings.segment_bytes.value);
  SetInitialCwnd(settings.initial_window_segments.value);
  m_sackEnabled = settings.selective_acks.value;
  m_timestampEnabled = settings.timestamps.value;
  m_winScalingEnabled = settings.window_scaling.value;
  SetTcpNoDelay(settings.send_small_segments_at_once.value);
  SetMinRto(time(settings.retransmission_timeout_min.value));
  SetClockGranularity(time(settings.timeout_above_rtt_min.value));
  SetConnTimeout(time(settings.first_syn_timeout.value));
  SetSynRetries(settings.syn_tries.value);
  SetDataRetries(settings.data_retries.value);
  SetDelAckMaxCount(settings.packets_per_ack.value);
  SetDelAckTimeout(time(settings.delayed_ack.value));
  SetSndBufSize(settings.send_buffer_bytes.value);
  SetRcvBufSize(settings.receive_buffer_bytes.value);
  SetPersistTimeout(time(settings.retransmission_timeout_min.value));
  m_msl = seconds(settings.time_wait.value) / 2;
}

void TcpEnd::set_callbacks() {
  SetConnectCallback(ns3::MakeCallback(&TcpEnd::on_connected, this),
                     ns3::MakeCallback(&TcpEnd::on_not_connected, this));
  SetCloseCallbacks(ns3::MakeCallback(&TcpEnd::on_close, this),
                    ns3::MakeCallback(&TcpEnd::on_error, this));
  SetRecvCallback(ns3::MakeCallback(&TcpEnd::on_data, this));
  SetAcceptCallback(ns3::MakeNullCallback<bool, ns3::Ptr<ns3::Socket>, const ns3::Address&>(),
                    ns3::MakeCallback(&TcpEnd::on_accepted, this));
}

ns3::Ptr<ns3::TcpSocketBase> TcpEnd::Fork() {
  const ns3::Ptr<TcpEnd> fork = another();
  // ns-3 keeps a connection in the making only by its end point, and touches it after that is gone.
  ends_.add(*fork);
  return fork;
}

void TcpEnd::CompleteFork(ns3::Ptr<ns3::Packet> packet, const TcpHeader& header,
                          const ns3::Address& from, const ns3::Address& to) {
  const auto peer = ns3::InetSocketAddress::ConvertFrom(from);
  device_ = peer.GetIpv4();
  device_port_ = peer.GetPort();
  if (!ends_.air().site_has_power) return ends_.release(*this);
  TcpSocketBase::CompleteFork(packet, header, from, to);
  if (!is_over()) ends_.air().link_of(device_).add(device_port_, Link::End::at_site, *this);
}

void TcpEnd::open(DeviceId device, std::uint16_t port) {
  ends_.add(*this);
  device_ = address_of(device);
  Link& link = ends_.air().link_of(device_);
  device_port_ = link.next_port();
  ensure(Bind(ns3::InetSocketAddress(device_, device_port_)) == 0, "the port is free");
  link.add(device_port_, Link::End::at_device, *this);
  connect_from(*m_node, device_);
  ensure(Connect(ns3::InetSocketAddress(site_address(), port)) == 0,
         "a device has a route to the site");
}

void TcpEnd::listen(std::uint16_t port) {
  ensure(Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), port)) == 0, "the port is free");
  ensure(Listen() == 0, "a new socket may listen");
}

void TcpEnd::stop_listening() { DeallocateEndPoint(); }

std::string TcpEnd::device_text() const {
  std::uint32_t bits = device_.Get();
  const Link& link = ends_.air().link_of(device_);
  if (link.extras && link.extras->state.border)
    bits += moved_address(link.extras->state.border->address_of(device_port_));
  return std::to_string(bits >> 24) + '.' + std::to_string(bits >> 16 & 255) + '.' +
         std::to_string(bits >> 8 & 255) + '.' + std::to_string(bits & 255) + ':' +
         std::to_string(device_port_);
}

// What the user does.

void TcpEnd::listen_to(sim::Socket::Events events) {
  events_ = std::make_shared<const sim::Socket::Events>(std::move(events));
  if (m_tcb->m_rxBuffer->Available() > 0 || m_tcb->m_rxBuffer->Finished()) {
    became_readable_ = true;
    want_turn();
  }
}

std::size_t TcpEnd::write(std::span<const std::byte> bytes) {
  if (is_over() || finish_ || bytes.empty()) return 0;
  const std::size_t taken = std::min<std::size_t>(bytes.size(), GetTxAvailable());
  write_was_short_ = taken < bytes.size();
  if (taken == 0) return 0;
  fetch_parts();
  const auto packet = ns3::Create<ns3::Packet>(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                               static_cast<std::uint32_t>(taken));
  if (Send(packet, 0) < 0) return 0;
  watch_for_silence();
  return taken;
}

std::size_t TcpEnd::read(std::span<std::byte> into) {
  const auto packet = m_tcb->m_rxBuffer->Extract(static_cast<std::uint32_t>(into.size()));
  if (!packet) return 0;
  const std::uint32_t count = packet->CopyData(reinterpret_cast<std::uint8_t*>(into.data()),
                                               static_cast<std::uint32_t>(into.size()));
  send_window_update();
  return count;
}

bool TcpEnd::at_end() const {
  return m_tcb->m_rxBuffer->Finished() && m_tcb->m_rxBuffer->Available() == 0;
}

void TcpEnd::shutdown_write() {
  finish_ = true;
  finish_if_all_is_acknowledged();
}

void TcpEnd::reset() {
  events_ = nullptr;
  end_is_told_ = true;
  if (is_over()) return;
  if (m_state == SYN_SENT) {
    DeallocateEndPoint();
  } else {
    SendRST();
  }
}

void TcpEnd::forget() {
  events_ = nullptr;
  was_accepted_ = false;
  end_is_told_ = true;
  DeallocateEndPoint();
  want_turn();
}

void TcpEnd::suffer_reset() {
  if (m_state == SYN_SENT) return;  // nobody between knows of it yet
  TcpHeader header;
  header.SetFlags(TcpHeader::RST);
  header.SetSequenceNumber(m_tcb->m_rxBuffer->NextRxSequence());
  header.SetSourcePort(m_endPoint->GetPeerPort());
  header.SetDestinationPort(m_endPoint->GetLocalPort());
  const auto packet = ns3::Create<ns3::Packet>();
  packet->AddHeader(header);
  receive(packet, m_endPoint->GetPeerAddress(), m_endPoint->GetLocalAddress());
}

void TcpEnd::let_go() {
  if (ends_.finished()) return;
  owned_ = false;
  events_ = nullptr;
  if (m_state == SYN_SENT) DeallocateEndPoint();
  if (is_over()) return ends_.release(*this);
  shutdown_write();
  want_turn();
}

// A turn: everything that the user is told, outside of TCP's own code.

void TcpEnd::want_turn() {
  if (std::exchange(has_turn_, true)) return;
  ends_.wants_turn(*this);
}

void TcpEnd::take_turn() {
  has_turn_ = false;
  finish_if_all_is_acknowledged();
  if (std::exchange(was_accepted_, false) && ends_.accepted) ends_.accepted(*this);
  const auto tell = [this](const std::function<void()> sim::Socket::Events::*what) {
    const auto events = events_;  // they may go away while one of them runs
    if (events && (*events).*what) ((*events).*what)();
  };
  if (std::exchange(was_connected_, false)) tell(&sim::Socket::Events::connected);
  if (std::exchange(became_readable_, false)) {
    if (owned_) {
      tell(&sim::Socket::Events::readable);
    } else {
      discard_received();
    }
  }
  if (std::exchange(became_writable_, false) && GetTxAvailable() > 0 &&
      std::exchange(write_was_short_, false)) {
    tell(&sim::Socket::Events::writable);
  }
  if (is_over() && !std::exchange(end_is_told_, true) && !ended_in_order()) {
    const auto events = std::exchange(events_, nullptr);
    if (events && events->failed) events->failed(cause_of_failure());
  }
  if (owned_) return;
  if (is_over()) return ends_.release(*this);
  if (m_state == FIN_WAIT_2 && !linger_.IsRunning()) {
    linger_ =
        ns3::Simulator::Schedule(time(settings_->orphan_fin_wait.value), &TcpEnd::abandon, this);
  }
}

bool TcpEnd::ended_in_order() const {
  return !timed_out_ && (closed_in_ == LAST_ACK || closed_in_ == TIME_WAIT ||
                         closed_in_ == CLOSING || closed_in_ == CLOSED);
}

CloseCause TcpEnd::cause_of_failure() const {
  if (timed_out_) return CloseCause::timed_out;
  return closed_in_ == SYN_SENT ? CloseCause::refused : CloseCause::reset;
}

void TcpEnd::on_connected(ns3::Ptr<ns3::Socket>) {
  was_connected_ = true;
  want_turn();
}

void TcpEnd::on_not_connected(ns3::Ptr<ns3::Socket>) {
  timed_out_ = true;
  want_turn();
}

void TcpEnd::on_accepted(ns3::Ptr<ns3::Socket>, const ns3::Address&) {
  was_accepted_ = true;
  want_turn();
}

void TcpEnd::on_close(ns3::Ptr<ns3::Socket>) {
  closed_in_ = m_state;
  became_readable_ = became_readable_ || m_tcb->m_rxBuffer->Finished();
  want_turn();
}

void TcpEnd::on_error(ns3::Ptr<ns3::Socket>) {
  timed_out_ = true;
  want_turn();
}

void TcpEnd::on_data(ns3::Ptr<ns3::Socket>) {
  became_readable_ = true;
  want_turn();
}

}  // namespace mq::sim::cell
