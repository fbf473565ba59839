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
#include <ns3/tcp-recovery-ops.h>
#include <ns3/tcp-rx-buffer.h>
#include <ns3/tcp-tx-buffer.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ensure.h"

namespace mq::sim::cell {

using ns3::TcpHeader;

namespace {

ns3::Time time(Duration duration) { return ns3::NanoSeconds(duration.count()); }
const ns3::Time longest_timeout = ns3::Seconds(60);

}  // namespace

// The fields that the overrides look at, read without parsing options.
struct TcpEnd::Segment {
  std::uint8_t flags = 0;
  std::uint32_t header_bytes = 0;
  ns3::SequenceNumber32 sequence{0}, ack{0};
  std::uint16_t from_port = 0, to_port = 0;

  explicit Segment(const ns3::Packet& packet) {
    std::array<std::uint8_t, 14> head{};
    packet.CopyData(head.data(), head.size());
    const auto u16 = [&](std::size_t i) {
      return static_cast<std::uint16_t>(head[i] << 8 | head[i + 1]);
    };
    from_port = u16(0);
    to_port = u16(2);
    sequence = ns3::SequenceNumber32(std::uint32_t{u16(4)} << 16 | u16(6));
    ack = ns3::SequenceNumber32(std::uint32_t{u16(8)} << 16 | u16(10));
    header_bytes = std::uint32_t{head[12]} >> 4 << 2;
    flags = head[13] & 0x3f;
  }
  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

// Ends.

void Ends::add(TcpEnd& end) {
  end.place_ = all_.size();
  all_.emplace_back(&end);
}

void Ends::wants_turn(TcpEnd& end) {
  if (waiting_.empty()) ns3::Simulator::ScheduleNow(&Ends::take_turns, this);
  waiting_.emplace_back(&end);
}

void Ends::take_turns() {
  turn_.swap(waiting_);
  for (const ns3::Ptr<TcpEnd>& end : turn_) {
    if (finished_) break;
    end->take_turn();
  }
  turn_.clear();
}

void Ends::release(TcpEnd& end) {
  if (end.place_ >= all_.size() || all_[end.place_] != &end) return;
  if (dead_.empty()) ns3::Simulator::Schedule(ns3::NanoSeconds(1), &Ends::bury, this);
  dead_.emplace_back(&end);
  air_.link_of(end.device_).remove(end.device_port_, end);
  if (all_.back() != &end) {
    all_[end.place_] = all_.back();
    all_[end.place_]->place_ = end.place_;
  }
  all_.pop_back();
}

void Ends::bury() { dead_.clear(); }

void Ends::finish() {
  finished_ = true;
  accepted = nullptr;
  all_.clear();
  waiting_.clear();
  dead_.clear();
}

// Making one.

ns3::TypeId TcpEnd::GetTypeId() {
  static const ns3::TypeId id =
      ns3::TypeId("mq::sim::cell::TcpEnd").SetParent<ns3::TcpSocketBase>();
  return id;
}

TcpEnd::TcpEnd(Ends& ends, const TcpSettings& settings) : ends_(ends), settings_(&settings) {
  m_txBuffer->SetRWndCallback(ns3::MakeCallback(&TcpEnd::window_for_new_data, this));
}

TcpEnd::TcpEnd(const TcpEnd& listener)
    : ns3::TcpSocketBase(listener), ends_(listener.ends_), settings_(listener.settings_) {
  m_txBuffer->SetRWndCallback(ns3::MakeCallback(&TcpEnd::window_for_new_data, this));
}

// When exactly a window is under way, ns-3 offers a segment of no bytes to send, and crashes on it.
uint32_t TcpEnd::window_for_new_data() const {
  const std::uint32_t window = m_rWnd.Get();
  const bool is_full = window > 0 && UnAckDataCount() == window;
  return is_full ? window - 1 : window;
}

ns3::Ptr<TcpEnd> TcpEnd::create(Ends& ends, ns3::Ptr<ns3::Node> node, const TcpSettings& settings) {
  const auto end = ns3::CreateObject<TcpEnd>(ends, settings);
  end->SetNode(node);
  end->SetTcp(node->GetObject<ns3::TcpL4Protocol>());
  end->apply(settings);
  end->set_callbacks();
  return end;
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
  const ns3::Ptr<TcpEnd> fork = ns3::CopyObject<TcpEnd>(ns3::Ptr<TcpEnd>(this));
  fork->set_callbacks();
  // ns-3 keeps a connection in the making only by its end point, and touches it after that is gone.
  ends_.add(*fork);
  return fork;
}

void TcpEnd::CompleteFork(ns3::Ptr<ns3::Packet> packet, const TcpHeader& header,
                          const ns3::Address& from, const ns3::Address& to) {
  TcpSocketBase::CompleteFork(packet, header, from, to);
  const auto peer = ns3::InetSocketAddress::ConvertFrom(from);
  device_ = peer.GetIpv4();
  device_port_ = peer.GetPort();
  if (!is_over()) ends_.air().link_of(device_).add(device_port_, Link::End::at_site, *this);
}

void TcpEnd::open(DeviceId device, std::uint16_t port) {
  ends_.add(*this);
  device_ = address_of(device);
  ensure(Bind(ns3::InetSocketAddress(device_, 0)) == 0, "a device has a free port");
  device_port_ = m_endPoint->GetLocalPort();
  ends_.air().link_of(device_).add(device_port_, Link::End::at_device, *this);
  ensure(Connect(ns3::InetSocketAddress(site_address(), port)) == 0,
         "a device has a route to the site");
}

void TcpEnd::listen(std::uint16_t port) {
  ensure(Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), port)) == 0, "the port is free");
  ensure(Listen() == 0, "a new socket may listen");
}

void TcpEnd::stop_listening() { DeallocateEndPoint(); }

std::string TcpEnd::device_text() const {
  const std::uint32_t bits = device_.Get();
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
  const auto packet = ns3::Create<ns3::Packet>(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                               static_cast<std::uint32_t>(taken));
  return Send(packet, 0) < 0 ? 0 : taken;
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
  became_readable_ = m_tcb->m_rxBuffer->Finished();
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

// The end of a connection. ns-3.37 loses a FIN that follows lost data, repeats FIN for ever and
// without back-off, and in LAST_ACK takes any ACK for that of its FIN. Here FIN leaves when all
// data is acknowledged, backs off like data, and gives up.

void TcpEnd::finish_if_all_is_acknowledged() {
  const bool may_send = m_state == ESTABLISHED || m_state == CLOSE_WAIT;
  if (finish_ && may_send && !is_over() && !m_shutdownSend && m_txBuffer->Size() == 0)
    ShutdownSend();
}

void TcpEnd::NewAck(const ns3::SequenceNumber32& ack, bool reset_timer) {
  TcpSocketBase::NewAck(ack, reset_timer);
  if (write_was_short_) became_writable_ = true;
  if (became_writable_ || (finish_ && !m_shutdownSend && m_txBuffer->Size() == 0)) want_turn();
}

void TcpEnd::SendEmptyPacket(uint8_t flags) {
  if ((flags & TcpHeader::FIN) != 0) return send_fin(flags);
  // ns-3 forgets the back-off of data under way whenever it acknowledges something.
  const bool backs_off = m_retxEvent.IsRunning() && m_txBuffer->Size() > 0;
  const ns3::Time timeout = m_rto;
  TcpSocketBase::SendEmptyPacket(flags);
  if (backs_off) m_rto = timeout;
}

void TcpEnd::send_fin(uint8_t flags) {
  const std::uint32_t tries =
      1 + (owned_ ? settings_->data_retries.value : settings_->orphan_retries.value);
  if (fins_sent_ >= tries) {
    NotifyErrorClose();
    DeallocateEndPoint();
    return;
  }
  if (fins_sent_ == 0) fin_ack_ = m_tcb->m_nextTxSequence + ns3::SequenceNumber32(1);
  TcpSocketBase::SendEmptyPacket(flags);
  if (is_over()) return;
  const std::int64_t factor = std::int64_t{1} << std::min(fins_sent_, 16U);
  m_retxEvent.Cancel();
  m_retxEvent = ns3::Simulator::Schedule(std::min(m_rto.Get() * factor, longest_timeout),
                                         &TcpEnd::SendEmptyPacket, this, flags);
  ++fins_sent_;
}

void TcpEnd::abandon() {
  if (is_over() || m_state != FIN_WAIT_2) return;
  DeallocateEndPoint();
  ends_.release(*this);
}

void TcpEnd::discard_received() {
  while (m_tcb->m_rxBuffer->Extract(m_tcb->m_rxBuffer->Available())) {
  }
  send_window_update();
}

// Segments that ns-3.37 does not answer, or answers wrongly.

// What ns-3's TcpL4Protocol and ForwardUp() do, but the header is parsed once instead of three
// times and the end point need not be looked for among all of the node.
void TcpEnd::receive(ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Address from, ns3::Ipv4Address to) {
  const Segment segment(*packet);
  if (!IsValidTcpSegment(segment.sequence, segment.header_bytes,
                         packet->GetSize() - segment.header_bytes))
    return;
  DoForwardUp(packet, ns3::InetSocketAddress(from, segment.from_port),
              ns3::InetSocketAddress(to, segment.to_port));
}

void TcpEnd::DoForwardUp(ns3::Ptr<ns3::Packet> packet, const ns3::Address& from,
                         const ns3::Address& to) {
  const ns3::Ptr<TcpEnd> alive(this);
  if (owned_) probes_sent_ = 0;
  if (answered_here(Segment(*packet), from, to)) return;
  TcpSocketBase::DoForwardUp(packet, from, to);
  if (m_state == LISTEN) {
    m_persistEvent.Cancel();
    return;
  }
  if (is_over()) return;
  m_closeNotified = false;  // else nothing is told after the peer's FIN
  if (m_state == FIN_WAIT_2 || m_state == TIME_WAIT) {
    m_retxEvent.Cancel();
    if (!owned_) want_turn();
  }
  if (m_rWnd.Get() > 0) SetPersistTimeout(time(settings_->retransmission_timeout_min.value));
  watch_for_silence();
}

// True if the segment needs nothing more.
bool TcpEnd::answered_here(const Segment& segment, const ns3::Address& from,
                           const ns3::Address& to) {
  switch (m_state) {
    case LISTEN:  // belongs to a connection that this end has forgotten
      if (segment.flags == TcpHeader::SYN) return false;
      answer_stray(segment, from, to);
      return true;
    case SYN_SENT:  // ns-3 sends RST with ACK, as it must, and then ignores it
      if (!segment.has(TcpHeader::RST)) return false;
      CloseAndNotify();
      return true;
    case ESTABLISHED:  // our ACK of SYN-ACK was lost
      if (!segment.has(TcpHeader::SYN)) return false;
      SendEmptyPacket(TcpHeader::ACK);
      return true;
    case CLOSE_WAIT:  // our ACK of the FIN was lost
      if (segment.has(TcpHeader::FIN)) SendEmptyPacket(TcpHeader::ACK);
      return false;
    case TIME_WAIT:
    case CLOSING:
    case LAST_ACK:
      return answered_while_closing(segment);
    default:
      return false;
  }
}

bool TcpEnd::answered_while_closing(const Segment& segment) {
  if (segment.has(TcpHeader::RST)) return m_state == TIME_WAIT;
  if (segment.has(TcpHeader::FIN)) SendEmptyPacket(TcpHeader::ACK);
  const bool acknowledged = segment.has(TcpHeader::ACK) && segment.ack == fin_ack_;
  if (m_state == LAST_ACK && acknowledged) CloseAndNotify();
  if (m_state == CLOSING && acknowledged) {
    TimeWait();
    m_closeNotified = false;
  }
  return true;
}

void TcpEnd::answer_stray(const Segment& segment, const ns3::Address& from,
                          const ns3::Address& to) {
  if (segment.has(TcpHeader::RST) || !segment.has(TcpHeader::ACK)) return;
  TcpHeader header;
  header.SetFlags(TcpHeader::RST);
  header.SetSequenceNumber(segment.ack);
  header.SetSourcePort(segment.to_port);
  header.SetDestinationPort(segment.from_port);
  m_tcp->SendPacket(ns3::Create<ns3::Packet>(), header, to, from);
}

// A receiver whose window was nearly closed must say that it has opened; ns-3 waits for a probe.
void TcpEnd::send_window_update() {
  const bool can_receive = m_state == ESTABLISHED || m_state == FIN_WAIT_1 || m_state == FIN_WAIT_2;
  if (is_over() || !can_receive || m_tcb->m_rxBuffer->GotFin()) return;
  const auto window = static_cast<std::uint32_t>(m_tcb->m_rxBuffer->MaxRxSequence() -
                                                 m_tcb->m_rxBuffer->NextRxSequence());
  const std::uint32_t told = m_advWnd.Get();
  if (window >= 2 * told && window >= told + settings_->segment_bytes.value)
    SendEmptyPacket(TcpHeader::ACK);
}

// ns-3 probes a closed window with the next byte, which it does not have when all is sent, and then
// takes that byte's acknowledgement for an error; and it probes a dead peer for ever. Here a byte
// that the peer has already makes it tell its window.
void TcpEnd::PersistTimeout() {
  SetPersistTimeout(std::min(GetPersistTimeout() * 2, longest_timeout));
  if (m_txBuffer->Size() > 0) {
    if (probes_sent_ == settings_->data_retries.value) {
      NotifyErrorClose();
      DeallocateEndPoint();
      return;
    }
    ++probes_sent_;
    TcpHeader header;
    header.SetFlags(TcpHeader::ACK);
    header.SetSequenceNumber(m_txBuffer->HeadSequence() - 1);
    header.SetAckNumber(m_tcb->m_rxBuffer->NextRxSequence());
    header.SetSourcePort(m_endPoint->GetLocalPort());
    header.SetDestinationPort(m_endPoint->GetPeerPort());
    header.SetWindowSize(AdvertisedWindowSize());
    AddOptions(header);
    m_tcp->SendPacket(ns3::Create<ns3::Packet>(1), header, m_endPoint->GetLocalAddress(),
                      m_endPoint->GetPeerAddress());
  }
  m_persistEvent = ns3::Simulator::Schedule(GetPersistTimeout(), &TcpEnd::PersistTimeout, this);
}

// A closed window stops ns-3's retransmission timer, and its opening does not start it again.
void TcpEnd::watch_for_silence() {
  if (m_retxEvent.IsRunning() || m_persistEvent.IsRunning()) return;
  if (m_state != ESTABLISHED && m_state != CLOSE_WAIT) return;
  if (m_txBuffer->HeadSequence() < m_tcb->m_highTxMark.Get() && m_txBuffer->Size() > 0)
    m_retxEvent = ns3::Simulator::Schedule(m_rto.Get(), &TcpEnd::ReTxTimeout, this);
}

}  // namespace mq::sim::cell
