// The access links of a cell: one base station with one interface, and per device a pipe up and a
// pipe down. Packets go straight to the device that their address names: no ARP, no queue disc, no
// lookup whose cost grows with the cell or the fleet. Packets of a connection by default also skip
// the layers between its TCP and the device, which in a cell decide nothing: they arrive at the
// same instants, for half the cost.
#pragma once

#include <ns3/channel.h>
#include <ns3/ipv4-interface.h>
#include <ns3/ipv4-l3-protocol.h>
#include <ns3/ipv4-route.h>
#include <ns3/ipv4-routing-protocol.h>
#include <ns3/net-device.h>
#include <ns3/node.h>
#include <ns3/tcp-l4-protocol.h>

#include <memory>
#include <utility>
#include <vector>

#include "sim/chance.h"
#include "sim/link/parts.h"
#include "sim/pipe.h"
#include "sim/world.h"

namespace mq::sim::cell {

class Caller;
class Device;
class Stations;
class TcpEnd;

// What only a link with parts has.
struct Extras {
  // A packet that the network keeps for a device that sleeps; further ones are lost.
  struct Kept {
    ns3::Ptr<ns3::Packet> packet;
    ns3::Ipv4Address from, to;
  };
  static constexpr std::size_t kept_max = 64;

  Extras(std::shared_ptr<const link::Parts> parts, const Rng& rng, link::SharedBursts& shared)
      : state(std::move(parts), rng, shared) {}

  link::State state;
  std::vector<Kept> kept;
  Stations* stations = nullptr;  // the network behind the pipes, if there is one
  std::size_t member = 0;        // in it
  // Segments that have gone into it and not come out: on their way, or lost there.
  std::uint64_t inside_up = 0, inside_down = 0;
  std::uint64_t& inside(bool is_down) { return is_down ? inside_down : inside_up; }
};

// What is between a device and its cell's base station, and who talks over it: both ends of each
// connection, by the device's port.
struct Link {
  struct Connection {
    std::uint16_t port;
    TcpEnd* at_device;
    TcpEnd* at_site;
  };
  enum class End { at_device, at_site };

  Pipe up, down;
  ns3::Ptr<Device> device, base;
  std::vector<Connection> connections;  // few
  std::unique_ptr<Extras> extras;       // none: the link is plain
  std::uint16_t last_port = 49152;      // of the device's connections

  // Ephemeral and free at the device, which has ports of its own although it shares a stack.
  std::uint16_t next_port();
  void add(std::uint16_t port, End which, TcpEnd& end);
  void remove(std::uint16_t port, const TcpEnd& end);
  TcpEnd* find(std::uint16_t port, End which) const;
  // Also one that is over; the end itself is not looked at.
  const TcpEnd* find_any(std::uint16_t port, End which) const;
};

// Shared by all cells of a world: where a packet goes, and the count of chance.
struct Air {
  Chance chance;
  std::vector<std::unique_ptr<Link>> links;  // by DeviceId
  Caller* caller = nullptr;                  // who calls devices from outside
  bool site_has_power = true;                // else its ends are gone, and nobody answers

  Link& link_of(ns3::Ipv4Address device) const;
};

ns3::Ipv4Address address_of(DeviceId device);
ns3::Ipv4Address site_address();
ns3::Ipv4Address nobodys_address();

// The way of TCP's packets between TCP and the device of a node.
enum class Path { direct, whole_stack };

// The only interface of a node: of a base station, or of devices, which may share one. The link of
// a packet is that of the device in its address, so that no device needs a stack of its own.
class Device final : public ns3::NetDevice {
 public:
  // Where a packet goes from here.
  struct Way {
    Link* link;
    Link::End leads_to;
    Pipe* pipe;
    Device* to;
  };

  static ns3::TypeId GetTypeId();
  Device(Air& air, Link::End at) : air_(air), at_(at) {}

  bool Send(ns3::Ptr<ns3::Packet> packet, const ns3::Address& dest, uint16_t protocol) override;
  bool SendFrom(ns3::Ptr<ns3::Packet> packet, const ns3::Address& source, const ns3::Address& dest,
                uint16_t protocol) override;

  void SetIfIndex(uint32_t index) override { index_ = index; }
  uint32_t GetIfIndex() const override { return index_; }
  ns3::Ptr<ns3::Channel> GetChannel() const override { return nullptr; }
  void SetAddress(ns3::Address) override {}
  ns3::Address GetAddress() const override { return {}; }
  bool SetMtu(uint16_t) override { return false; }
  uint16_t GetMtu() const override { return 1500; }
  bool IsLinkUp() const override { return true; }
  void AddLinkChangeCallback(ns3::Callback<void>) override {}
  bool IsBroadcast() const override { return false; }
  ns3::Address GetBroadcast() const override { return {}; }
  bool IsMulticast() const override { return false; }
  ns3::Address GetMulticast(ns3::Ipv4Address) const override { return {}; }
  ns3::Address GetMulticast(ns3::Ipv6Address) const override { return {}; }
  bool IsBridge() const override { return false; }
  bool IsPointToPoint() const override { return true; }
  ns3::Ptr<ns3::Node> GetNode() const override { return node_; }
  void SetNode(ns3::Ptr<ns3::Node> node) override { node_ = node; }
  bool NeedsArp() const override { return false; }
  void SetReceiveCallback(ReceiveCallback callback) override { receive_ = callback; }
  void SetPromiscReceiveCallback(PromiscReceiveCallback) override {}
  bool SupportsSendFrom() const override { return false; }

  // From now on `tcp`, of this node, sends by this device alone and hears from it alone.
  void connect_directly(ns3::Ptr<ns3::TcpL4Protocol> tcp, ns3::Ptr<ns3::Ipv4Interface> interface);
  void send(ns3::Ptr<ns3::Packet> segment, ns3::Ipv4Address from, ns3::Ipv4Address to) {
    send_directly(std::move(segment), from, to, 0, nullptr);
  }
  // A segment that belongs to no connection of the link.
  void receive(ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Address from, ns3::Ipv4Address to);
  // A segment comes out of the network of stations that the link of this device has.
  static void leaves_network(const Air& air, DeviceId device, Link::End leads_to,
                             ns3::Ptr<ns3::Packet> packet);

 protected:
  void DoDispose() override;

 private:
  Way way(ns3::Ipv4Address from, ns3::Ipv4Address to) const;
  Pipe::Passage pass(const Way& way, std::size_t bytes);
  void carry(const Way& way, ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Address from,
             ns3::Ipv4Address to);
  void enter_network(const Way& way, Instant at, ns3::Ptr<ns3::Packet> packet);
  static void enters_network(Link* link, Link::End leads_to, ns3::Ptr<ns3::Packet> packet);
  bool is_of_call(const ns3::Packet& packet, ns3::Ipv4Address from, ns3::Ipv4Address to);
  bool crosses_border(const Way& way, const ns3::Packet& packet, ns3::Ipv4Address from,
                      ns3::Ipv4Address to);
  void keep(const Way& way, Extras::Kept packet, Instant until);
  void deliver_kept(Link* link);
  void arrives(ns3::Ptr<ns3::Packet> packet, Pipe* pipe);
  void send_directly(ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Address from, ns3::Ipv4Address to,
                     uint8_t protocol, ns3::Ptr<ns3::Ipv4Route>);

  Air& air_;
  Link::End at_;
  uint32_t index_ = 0;
  ns3::Ptr<ns3::Node> node_;
  ReceiveCallback receive_;
  ns3::Ptr<ns3::TcpL4Protocol> tcp_;
  ns3::Ptr<ns3::Ipv4Interface> interface_;
};

// Everything goes out by the one interface, everything that comes in is for this node.
class Routing final : public ns3::Ipv4RoutingProtocol {
 public:
  static ns3::TypeId GetTypeId();
  Routing(ns3::Ptr<Device> device, ns3::Ipv4Address own);

  // The address of who connects next.
  void set_own(ns3::Ipv4Address own) { route_->SetSource(own); }

  ns3::Ptr<ns3::Ipv4Route> RouteOutput(ns3::Ptr<ns3::Packet>, const ns3::Ipv4Header&,
                                       ns3::Ptr<ns3::NetDevice>,
                                       ns3::Socket::SocketErrno& error) override;
  bool RouteInput(ns3::Ptr<const ns3::Packet> packet, const ns3::Ipv4Header& header,
                  ns3::Ptr<const ns3::NetDevice> device, UnicastForwardCallback,
                  MulticastForwardCallback, LocalDeliverCallback deliver, ErrorCallback) override;
  void NotifyInterfaceUp(uint32_t) override {}
  void NotifyInterfaceDown(uint32_t) override {}
  void NotifyAddAddress(uint32_t, ns3::Ipv4InterfaceAddress) override {}
  void NotifyRemoveAddress(uint32_t, ns3::Ipv4InterfaceAddress) override {}
  void SetIpv4(ns3::Ptr<ns3::Ipv4>) override {}
  void PrintRoutingTable(ns3::Ptr<ns3::OutputStreamWrapper>, ns3::Time::Unit) const override {}

 protected:
  void DoDispose() override;

 private:
  ns3::Ptr<ns3::Ipv4Route> route_;
};

// A node with this device as its only interface, IPv4 and TCP, ready to send. Where devices share
// it, `own` is the address of none of them: ns-3 takes it for that of all connections.
ns3::Ptr<ns3::Node> make_node(ns3::Ptr<Device> device, ns3::Ipv4Address own,
                              Path path = Path::direct);
// The next connection of such a node, by the direct path, comes from this address.
void connect_from(ns3::Node& node, ns3::Ipv4Address own);

}  // namespace mq::sim::cell
