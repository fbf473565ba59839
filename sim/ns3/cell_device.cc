#include "sim/ns3/cell_device.h"

#include <ns3/ipv4-interface.h>
#include <ns3/simulator.h>
#include <ns3/tcp-l4-protocol.h>
#include <ns3/traffic-control-layer.h>

#include <algorithm>
#include <array>

#include "base/ensure.h"

namespace mq::sim::cell {
namespace {

constexpr std::uint32_t first_device_address = 0x0a000001;  // 10.0.0.1
constexpr std::uint32_t site = 0xc0000201;                  // 192.0.2.1, RFC 5737
constexpr std::uint32_t interface_index = 1;                // 0 is the loopback of ns-3

std::uint32_t destination_of(const ns3::Packet& packet) {
  std::array<std::uint8_t, 20> header{};
  packet.CopyData(header.data(), header.size());
  return std::uint32_t{header[16]} << 24 | std::uint32_t{header[17]} << 16 |
         std::uint32_t{header[18]} << 8 | header[19];
}

Instant instant(const ns3::Time& time) { return Instant(Duration(time.GetNanoSeconds())); }

}  // namespace

ns3::Ipv4Address address_of(DeviceId device) {
  return ns3::Ipv4Address(first_device_address + static_cast<std::uint32_t>(device));
}

ns3::Ipv4Address site_address() { return ns3::Ipv4Address(site); }

ns3::TypeId Device::GetTypeId() {
  static const ns3::TypeId id = ns3::TypeId("mq::sim::cell::Device").SetParent<ns3::NetDevice>();
  return id;
}

bool Device::Send(ns3::Ptr<ns3::Packet> packet, const ns3::Address&, uint16_t) {
  if (link_ != nullptr) {
    pass(packet, link_->up, *link_->base);
    return true;
  }
  const std::uint32_t to = destination_of(*packet) - first_device_address;
  if (to >= air_.links.size()) return false;
  Link& link = *air_.links[to];
  pass(packet, link.down, *link.device);
  return true;
}

bool Device::SendFrom(ns3::Ptr<ns3::Packet>, const ns3::Address&, const ns3::Address&, uint16_t) {
  return false;
}

void Device::pass(ns3::Ptr<ns3::Packet> packet, Pipe& pipe, Device& to) {
  const ns3::Time now = ns3::Simulator::Now();
  const Pipe::Passage passage = pipe.send(instant(now), packet->GetSize(), air_.chance);
  if (passage.fate != Pipe::Fate::arrives) return;
  const std::int64_t delay = passage.arrival.time_since_epoch().count() - now.GetNanoSeconds();
  ns3::Simulator::ScheduleWithContext(to.node_->GetId(), ns3::NanoSeconds(delay), &Device::arrives,
                                      &to, packet, &pipe);
}

void Device::arrives(ns3::Ptr<ns3::Packet> packet, Pipe* pipe) {
  if (!pipe->works()) {
    pipe->lost_on_arrival();
    return;
  }
  receive_(this, packet, ns3::Ipv4L3Protocol::PROT_NUMBER, ns3::Address());
}

void Device::DoDispose() {
  node_ = nullptr;
  receive_.Nullify();
  ns3::NetDevice::DoDispose();
}

ns3::TypeId Routing::GetTypeId() {
  static const ns3::TypeId id =
      ns3::TypeId("mq::sim::cell::Routing").SetParent<ns3::Ipv4RoutingProtocol>();
  return id;
}

Routing::Routing(ns3::Ptr<Device> device, ns3::Ipv4Address own)
    : route_(ns3::Create<ns3::Ipv4Route>()) {
  route_->SetGateway(ns3::Ipv4Address::GetAny());
  route_->SetSource(own);
  route_->SetDestination(ns3::Ipv4Address::GetAny());
  route_->SetOutputDevice(device);
}

ns3::Ptr<ns3::Ipv4Route> Routing::RouteOutput(ns3::Ptr<ns3::Packet>, const ns3::Ipv4Header&,
                                              ns3::Ptr<ns3::NetDevice>,
                                              ns3::Socket::SocketErrno& error) {
  error = ns3::Socket::ERROR_NOTERROR;
  return route_;
}

bool Routing::RouteInput(ns3::Ptr<const ns3::Packet> packet, const ns3::Ipv4Header& header,
                         ns3::Ptr<const ns3::NetDevice>, UnicastForwardCallback,
                         MulticastForwardCallback, LocalDeliverCallback deliver, ErrorCallback) {
  deliver(packet, header, interface_index);
  return true;
}

void Routing::DoDispose() {
  route_ = nullptr;
  ns3::Ipv4RoutingProtocol::DoDispose();
}

ns3::Ptr<ns3::Node> make_node(ns3::Ptr<Device> device, ns3::Ipv4Address own) {
  const ns3::Ptr<ns3::Node> node = ns3::CreateObject<ns3::Node>();
  const auto ip = ns3::CreateObject<ns3::Ipv4L3Protocol>();
  node->AggregateObject(ns3::CreateObject<ns3::TrafficControlLayer>());
  node->AggregateObject(ip);
  node->AggregateObject(ns3::CreateObject<ns3::TcpL4Protocol>());
  ip->SetRoutingProtocol(ns3::CreateObject<Routing>(device, own));
  node->AddDevice(device);
  const std::uint32_t interface = ip->AddInterface(device);
  ensure(interface == interface_index, "the device is the only interface but the loopback");
  ip->AddAddress(interface, ns3::Ipv4InterfaceAddress(own, ns3::Ipv4Mask::GetOnes()));
  ip->SetUp(interface);
  // Not left to the first event of the simulation: a connection may be opened before it.
  node->Initialize();
  return node;
}

}  // namespace mq::sim::cell
