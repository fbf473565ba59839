// The access links of a cell: one base station with one interface, and per device a pipe up and a
// pipe down. Packets go straight to the device that their address names: no ARP, no queue disc, no
// lookup whose cost grows with the cell or the fleet.
#pragma once

#include <ns3/channel.h>
#include <ns3/ipv4-l3-protocol.h>
#include <ns3/ipv4-route.h>
#include <ns3/ipv4-routing-protocol.h>
#include <ns3/net-device.h>
#include <ns3/node.h>

#include <memory>
#include <vector>

#include "sim/chance.h"
#include "sim/pipe.h"
#include "sim/world.h"

namespace mq::sim::cell {

class Device;

// What is between a device and its cell's base station.
struct Link {
  Pipe up, down;
  ns3::Ptr<Device> device, base;
};

// Shared by all cells of a world: where a packet goes, and the count of chance.
struct Air {
  Chance chance;
  std::vector<std::unique_ptr<Link>> links;  // by DeviceId
};

ns3::Ipv4Address address_of(DeviceId device);
ns3::Ipv4Address site_address();

// The only interface of a node. A base station has no link of its own: it sends by address.
class Device final : public ns3::NetDevice {
 public:
  static ns3::TypeId GetTypeId();
  Device(Air& air, Link* link) : air_(air), link_(link) {}

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

 protected:
  void DoDispose() override;

 private:
  void pass(ns3::Ptr<ns3::Packet> packet, Pipe& pipe, Device& to);
  void arrives(ns3::Ptr<ns3::Packet> packet, Pipe* pipe);

  Air& air_;
  Link* link_;  // none at a base station
  uint32_t index_ = 0;
  ns3::Ptr<ns3::Node> node_;
  ReceiveCallback receive_;
};

// Everything goes out by the one interface, everything that comes in is for this node.
class Routing final : public ns3::Ipv4RoutingProtocol {
 public:
  static ns3::TypeId GetTypeId();
  Routing(ns3::Ptr<Device> device, ns3::Ipv4Address own);

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

// A node with this device as its only interface, IPv4 and TCP, ready to send.
ns3::Ptr<ns3::Node> make_node(ns3::Ptr<Device> device, ns3::Ipv4Address own);

}  // namespace mq::sim::cell
