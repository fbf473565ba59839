// Where ns-3.37's TCP is not one: each override says what is missing there.
#include <ns3/inet-socket-address.h>
#include <ns3/ipv4-end-point.h>
#include <ns3/packet.h>
#include <ns3/simulator.h>
#include <ns3/tcp-header.h>
#include <ns3/tcp-l4-protocol.h>
#include <ns3/tcp-rx-buffer.h>
#include <ns3/tcp-tx-buffer.h>

#include <algorithm>
#include <array>

#include "sim/ns3/tcp_end.h"

namespace mq::sim::cell {

using ns3::TcpHeader;

namespace {

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
  SetPersistTimeout(time(settings_->retransmission_timeout_min.value));
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
  fetch_parts();
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

// ns-3 takes data that only waits for the window for data that was lost.
void TcpEnd::ReTxTimeout() {
  const bool sends_data = m_state == ESTABLISHED || m_state == CLOSE_WAIT;
  const bool all_is_acknowledged = m_txBuffer->HeadSequence() >= m_tcb->m_highTxMark.Get();
  if (!sends_data || !all_is_acknowledged) TcpSocketBase::ReTxTimeout();
  watch_for_silence();
}

// When what is left of a window is smaller than a segment and nothing is under way, ns-3 has no
// timer: should the receiver's word that there is room be lost, nobody would ever speak again.
void TcpEnd::watch_for_silence() {
  const bool sends_data = m_state == ESTABLISHED || m_state == CLOSE_WAIT;
  const bool all_is_acknowledged = m_txBuffer->HeadSequence() >= m_tcb->m_highTxMark.Get();
  const bool has_timer = m_retxEvent.IsRunning() || m_persistEvent.IsRunning();
  if (is_over() || !sends_data || has_timer || !all_is_acknowledged) return;
  if (m_txBuffer->Size() > 0 && m_rWnd.Get() < m_tcb->m_segmentSize)
    m_persistEvent = ns3::Simulator::Schedule(GetPersistTimeout(), &TcpEnd::PersistTimeout, this);
}

// When exactly a window is under way, ns-3 offers a segment of no bytes to send, and crashes on it.
uint32_t TcpEnd::window_for_new_data() const {
  const std::uint32_t window = m_rWnd.Get();
  const bool is_full = window > 0 && UnAckDataCount() == window;
  return is_full ? window - 1 : window;
}

}  // namespace mq::sim::cell
