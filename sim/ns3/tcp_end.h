// One end of a TCP connection: ns-3's, with its behaviour at the end of a connection, in a zero
// window and in outages completed. What ns-3.37 does there and a real TCP does not is said at each
// override. It never calls its user from inside TCP: it asks Ends for a turn of its own.
#pragma once

#include <ns3/nstime.h>
#include <ns3/tcp-socket-base.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/fetch.h"
#include "sim/ns3/ends.h"
#include "sim/tcp_preset.h"
#include "sim/world.h"

namespace mq::sim::cell {

inline ns3::Time time(Duration duration) { return ns3::NanoSeconds(duration.count()); }

class TcpEnd final : public ns3::TcpSocketBase {
 public:
  static ns3::TypeId GetTypeId();
  TcpEnd(Ends& ends, const TcpSettings& settings);
  TcpEnd(const TcpEnd& model);

  // ns-3 takes its time to make one out of its attributes' texts: for the many there is another().
  static ns3::Ptr<TcpEnd> create(Ends& ends, ns3::Ptr<ns3::Node> node, const TcpSettings& settings);
  // Just like this one, which has done nothing yet but perhaps listen.
  ns3::Ptr<TcpEnd> another() const;

  void open(DeviceId device, std::uint16_t port);
  void listen(std::uint16_t port);
  void stop_listening();

  // What a user's Socket does; see sim/world.h.
  void set_owned() { owned_ = true; }
  void will_touch(const std::vector<Memory>& memory) { users_memory_ = memory; }
  void listen_to(sim::Socket::Events events);
  std::size_t write(std::span<const std::byte> bytes);
  std::size_t read(std::span<std::byte> into);
  bool at_end() const;
  void shutdown_write();
  void reset();
  void let_go();
  // It is gone without a word.
  void forget();
  // Somebody between sends it an RST that it must believe.
  void suffer_reset();
  const ns3::Ipv4Address& device_address() const { return device_; }
  std::string device_text() const;

  void take_turn();
  bool is_over() const { return m_endPoint == nullptr; }
  // All that TCP touches at the next segment or write, before it does; see fetch.h.
  void fetch_parts() const;
  // And what its user touches; where that lies, first.
  void fetch_all() const;
  void fetch_pointers() const {
    fetch_bytes(users_memory_.data(), users_memory_.size() * sizeof(Memory));
  }
  // A segment for this end, as its device got it.
  void receive(ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Address from, ns3::Ipv4Address to);

 protected:
  ns3::Ptr<ns3::TcpSocketBase> Fork() override;
  void CompleteFork(ns3::Ptr<ns3::Packet> packet, const ns3::TcpHeader& header,
                    const ns3::Address& from, const ns3::Address& to) override;
  void DoForwardUp(ns3::Ptr<ns3::Packet> packet, const ns3::Address& from,
                   const ns3::Address& to) override;
  void SendEmptyPacket(uint8_t flags) override;
  void NewAck(const ns3::SequenceNumber32& ack, bool reset_timer) override;
  void PersistTimeout() override;
  void ReTxTimeout() override;

 private:
  friend class Ends;
  struct Segment;

  void apply(const TcpSettings& settings);
  void forward_no_traces();
  void set_callbacks();
  void want_turn();
  void finish_if_all_is_acknowledged();
  void discard_received();
  void send_window_update();
  void watch_for_silence();
  uint32_t window_for_new_data() const;
  bool answered_here(const Segment& segment, const ns3::Address& from, const ns3::Address& to);
  bool answered_while_closing(const Segment& segment);
  void answer_stray(const Segment& segment, const ns3::Address& from, const ns3::Address& to);
  void send_fin(uint8_t flags);
  void abandon();
  CloseCause cause_of_failure() const;
  bool ended_in_order() const;

  void on_connected(ns3::Ptr<ns3::Socket>);
  void on_not_connected(ns3::Ptr<ns3::Socket>);
  void on_accepted(ns3::Ptr<ns3::Socket> socket, const ns3::Address& from);
  void on_close(ns3::Ptr<ns3::Socket>);
  void on_error(ns3::Ptr<ns3::Socket>);
  void on_data(ns3::Ptr<ns3::Socket>);

  Ends& ends_;
  const TcpSettings* settings_;
  std::size_t place_ = 0;                        // in Ends
  const ns3::TcpRxBuffer* rx_buffer_ = nullptr;  // m_tcb's, whose memory may be far away
  std::shared_ptr<const sim::Socket::Events> events_;
  std::vector<Memory> users_memory_;
  ns3::EventId linger_;
  ns3::Ipv4Address device_;
  std::uint16_t device_port_ = 0;
  std::uint32_t fins_sent_ = 0;
  std::uint32_t probes_sent_ = 0;
  ns3::SequenceNumber32 fin_ack_{0};
  ns3::TcpSocket::TcpStates_t closed_in_ = ns3::TcpSocket::LAST_STATE;

  bool owned_ = false;
  bool has_turn_ = false;      // is in the list of those who wait for one
  bool was_accepted_ = false;  // what happened since the last turn
  bool was_connected_ = false;
  bool became_readable_ = false;
  bool became_writable_ = false;
  bool write_was_short_ = false;
  bool finish_ = false;  // FIN is due when all is acknowledged
  bool timed_out_ = false;
  bool end_is_told_ = false;
};

}  // namespace mq::sim::cell
