#include "sim/ns3/cell_device.h"

#include <ns3/simulator.h>
#include <ns3/tcp-header.h>
#include <ns3/traffic-control-layer.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ensure.h"
#include "sim/ns3/arrival.h"
#include "sim/ns3/caller.h"
#include "sim/ns3/stations/stations.h"
#include "sim/ns3/tcp_end.h"

namespace mq::sim::cell {
namespace {

constexpr std::uint32_t first_device_address = 0x0a000001;  // 10.0.0.1
constexpr std::uint32_t site = 0xc0000201;                  // 192.0.2.1, RFC 5737
constexpr std::uint32_t nobody = 0xc0000202;                // 192.0.2.2
constexpr std::size_t ip_header_bytes = 20;
constexpr std::uint32_t interface_index = 1;  // 0 is the loopback of ns-3

// In the header of an IP packet.
constexpr std::size_t source_at = 12, destination_at = 16;

ns3::Ipv4Address address_in(const ns3::Packet& packet, std::size_t at) {
  std::array<std::uint8_t, ip_header_bytes> header{};
  packet.CopyData(header.data(), header.size());
  return ns3::Ipv4Address(std::uint32_t{header[at]} << 24 | std::uint32_t{header[at + 1]} << 16 |
                          std::uint32_t{header[at + 2]} << 8 | header[at + 3]);
}

struct Segment {
  std::uint16_t port;  // the device's
  Arrival::Carries carries;
};
Segment segment_of(const ns3::Packet& packet, Link::End leads_to) {
  std::array<std::uint8_t, 13> header{};  // of TCP, up to its length
  packet.CopyData(header.data(), header.size());
  const std::size_t of_device = leads_to == Link::End::at_device ? 2 : 0;  // destination, source
  const bool has_data = packet.GetSize() > (std::uint32_t{header[12]} >> 4 << 2);
  return {static_cast<std::uint16_t>(header[of_device] << 8 | header[of_device + 1]),
          has_data ? Arrival::Carries::data : Arrival::Carries::nothing};
}

Instant instant(const ns3::Time& time) { return Instant(Duration(time.GetNanoSeconds())); }
ns3::Time from_now(Instant when) {
  return ns3::NanoSeconds(when.time_since_epoch().count() - ns3::Simulator::Now().GetNanoSeconds());
}

}  // namespace

ns3::Ipv4Address address_of(DeviceId device) {
  return ns3::Ipv4Address(first_device_address + static_cast<std::uint32_t>(device));
}

ns3::Ipv4Address site_address() { return ns3::Ipv4Address(site); }
ns3::Ipv4Address nobodys_address() { return ns3::Ipv4Address(nobody); }

std::uint16_t Link::next_port() {
  constexpr std::uint16_t first_ephemeral = 49152;  // RFC 6335, 6
  do {
    last_port = last_port == 65'535 ? first_ephemeral : static_cast<std::uint16_t>(last_port + 1);
  } while (find(last_port, End::at_device) != nullptr);
  return last_port;
}

void Link::add(std::uint16_t port, End which, TcpEnd& end) {
  if (extras && extras->state.border && which == End::at_device)
    extras->state.border->open(port, instant(ns3::Simulator::Now()));
  for (Connection& connection : connections) {
    TcpEnd*& place = which == End::at_device ? connection.at_device : connection.at_site;
    if (connection.port != port || place != nullptr) continue;
    place = &end;
    return;
  }
  connections.push_back(
      {port, which == End::at_device ? &end : nullptr, which == End::at_site ? &end : nullptr});
}

void Link::remove(std::uint16_t port, const TcpEnd& end) {
  std::erase_if(connections, [&](Connection& connection) {
    if (connection.port != port) return false;
    if (connection.at_device == &end) connection.at_device = nullptr;
    if (connection.at_site == &end) connection.at_site = nullptr;
    return connection.at_device == nullptr && connection.at_site == nullptr;
  });
}

const TcpEnd* Link::find_any(std::uint16_t port, End which) const {
  for (const Connection& connection : connections)
    if (connection.port == port)
      return which == End::at_device ? connection.at_device : connection.at_site;
  return nullptr;
}

TcpEnd* Link::find(std::uint16_t port, End which) const {
  for (const Connection& connection : connections) {
    TcpEnd* const end = which == End::at_device ? connection.at_device : connection.at_site;
    if (connection.port == port && end != nullptr && !end->is_over()) return end;
  }
  return nullptr;
}

Link& Air::link_of(ns3::Ipv4Address device) const {
  const std::uint32_t index = device.Get() - first_device_address;
  ensure(index < links.size(), "a device has a link");
  return *links[index];
}

ns3::TypeId Device::GetTypeId() {
  static const ns3::TypeId id = ns3::TypeId("mq::sim::cell::Device").SetParent<ns3::NetDevice>();
  return id;
}

Device::Way Device::way(ns3::Ipv4Address from, ns3::Ipv4Address to) const {
  Link& link = air_.link_of(at_ == Link::End::at_device ? from : to);
  if (at_ == Link::End::at_device) return {&link, Link::End::at_site, &link.up, &*link.base};
  return {&link, Link::End::at_device, &link.down, &*link.device};
}

Pipe::Passage Device::pass(const Way& way, std::size_t bytes) {
  return way.pipe->send(instant(ns3::Simulator::Now()), bytes, air_.chance);
}

// By the whole stack, where the network keeps nothing for a device that sleeps.
bool Device::Send(ns3::Ptr<ns3::Packet> packet, const ns3::Address&, uint16_t) {
  const Way way = this->way(address_in(*packet, source_at), address_in(*packet, destination_at));
  const Pipe::Passage passage = pass(way, packet->GetSize());
  if (passage.fate == Pipe::Fate::arrives)
    ns3::Simulator::ScheduleWithContext(way.to->node_->GetId(), from_now(passage.arrival),
                                        &Device::arrives, way.to, packet, way.pipe);
  return true;
}

bool Device::SendFrom(ns3::Ptr<ns3::Packet>, const ns3::Address&, const ns3::Address&, uint16_t) {
  return false;
}

void Device::arrives(ns3::Ptr<ns3::Packet> packet, Pipe* pipe) {
  if (!pipe->works()) return pipe->lost_on_arrival();
  receive_(this, packet, ns3::Ipv4L3Protocol::PROT_NUMBER, ns3::Address());
}

void Device::connect_directly(ns3::Ptr<ns3::TcpL4Protocol> tcp,
                              ns3::Ptr<ns3::Ipv4Interface> interface) {
  tcp_ = tcp;
  interface_ = interface;
  tcp->SetDownTarget(ns3::MakeCallback(&Device::send_directly, this));
}

void Device::send_directly(ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Address from, ns3::Ipv4Address to,
                           uint8_t, ns3::Ptr<ns3::Ipv4Route>) {
  const Way way = this->way(from, to);
  if (!way.link->extras) return carry(way, std::move(packet), from, to);
  if (!crosses_border(way, *packet, from, to)) return way.pipe->lost_on_arrival();
  carry(way, std::move(packet), from, to);
  // Whoever sends is awake.
  if (way.leads_to == Link::End::at_site) deliver_kept(way.link);
}

void Device::carry(const Way& way, ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Address from,
                   ns3::Ipv4Address to) {
  const Pipe::Passage passage = pass(way, packet->GetSize() + ip_header_bytes);
  if (passage.fate == Pipe::Fate::asleep)
    return keep(way, {std::move(packet), from, to}, passage.arrival);
  if (passage.fate != Pipe::Fate::arrives) return;
  if (way.link->extras && way.link->extras->stations != nullptr) [[unlikely]] {
    if (passage.comes_twice) enter_network(way, passage.arrival, packet->Copy());
    return enter_network(way, passage.arrival, std::move(packet));
  }
  const auto [port, carries] = segment_of(*packet, way.leads_to);
  if (passage.comes_twice)
    ns3::Simulator::ScheduleWithContext(way.to->node_->GetId(), from_now(passage.arrival),
                                        new Arrival(way, packet->Copy(), from, to, port, carries));
  ns3::Simulator::ScheduleWithContext(way.to->node_->GetId(), from_now(passage.arrival),
                                      new Arrival(way, std::move(packet), from, to, port, carries));
}

// Links with parts.

void Device::enter_network(const Way& way, Instant at, ns3::Ptr<ns3::Packet> packet) {
  ns3::Simulator::Schedule(from_now(at), &Device::enters_network, way.link, way.leads_to, packet);
}

void Device::enters_network(Link* link, Link::End leads_to, ns3::Ptr<ns3::Packet> packet) {
  Pipe& pipe = leads_to == Link::End::at_device ? link->down : link->up;
  if (!pipe.works()) return pipe.lost_on_arrival();
  ++link->extras->inside(leads_to == Link::End::at_device);
  link->extras->stations->send(link->extras->member, leads_to, packet);
}

void Device::leaves_network(const Air& air, DeviceId device, Link::End leads_to,
                            ns3::Ptr<ns3::Packet> packet) {
  Link& link = *air.links[static_cast<std::size_t>(device)];
  const bool is_down = leads_to == Link::End::at_device;
  std::uint64_t& inside = link.extras->inside(is_down);
  inside -= std::min<std::uint64_t>(inside, 1);
  const Way way = is_down ? Way{&link, leads_to, &link.down, &*link.device}
                          : Way{&link, leads_to, &link.up, &*link.base};
  const ns3::Ipv4Address from = is_down ? site_address() : address_of(device);
  const ns3::Ipv4Address to = is_down ? address_of(device) : site_address();
  const auto [port, carries] = segment_of(*packet, leads_to);
  ns3::Simulator::ScheduleWithContext(way.to->node_->GetId(), ns3::Time(),
                                      new Arrival(way, packet, from, to, port, carries));
}

void Device::keep(const Way& way, Extras::Kept packet, Instant until) {
  std::vector<Extras::Kept>& kept = way.link->extras->kept;
  if (kept.size() == Extras::kept_max) return way.pipe->lost_on_arrival();
  kept.push_back(std::move(packet));
  if (kept.size() == 1)
    ns3::Simulator::Schedule(from_now(until), &Device::deliver_kept, way.link->base, way.link);
}

void Device::deliver_kept(Link* link) {
  const std::vector<Extras::Kept> packets = std::exchange(link->extras->kept, {});
  const Way down{link, Link::End::at_device, &link->down, &*link->device};
  for (const Extras::Kept& kept : packets) link->base->carry(down, kept.packet, kept.from, kept.to);
}

// Whether the carrier's network lets the packet pass; if it refuses, it may answer with RST.
bool Device::crosses_border(const Way& way, const ns3::Packet& packet, ns3::Ipv4Address from,
                            ns3::Ipv4Address to) {
  using Verdict = link::Border::Verdict;
  std::optional<link::Border>& border = way.link->extras->state.border;
  if (!border) return true;
  ns3::TcpHeader header;
  packet.PeekHeader(header);
  const bool is_up = way.leads_to == Link::End::at_site;
  const std::uint16_t port = is_up ? header.GetSourcePort() : header.GetDestinationPort();
  const Instant now = instant(ns3::Simulator::Now());
  const Verdict verdict = is_up ? border->goes_up(port, now) : border->comes_down(port, now);
  const bool may_be_answered =
      (header.GetFlags() & ns3::TcpHeader::RST) == 0 && (header.GetFlags() & ns3::TcpHeader::ACK);
  if (verdict != Verdict::is_reset || !may_be_answered) return verdict == Verdict::passes;
  ns3::TcpHeader reset;
  reset.SetFlags(ns3::TcpHeader::RST);
  reset.SetSequenceNumber(header.GetAckNumber());
  reset.SetSourcePort(header.GetDestinationPort());
  reset.SetDestinationPort(header.GetSourcePort());
  const auto answer = ns3::Create<ns3::Packet>();
  answer->AddHeader(reset);
  // The border is at the site's end of the link: the way there and back takes the device's packet a
  // round trip, that of the site no time.
  Link& link = *way.link;
  const Way back = is_up ? Way{&link, Link::End::at_device, &link.down, &*link.device}
                         : Way{&link, Link::End::at_site, &link.up, &*link.base};
  ns3::Time delay;
  if (is_up) {
    const Pipe::Passage passage = pass(back, answer->GetSize() + ip_header_bytes);
    if (passage.fate != Pipe::Fate::arrives) return false;
    if (link.extras->stations != nullptr) {
      enter_network(back, passage.arrival, answer);
      return false;
    }
    delay = from_now(passage.arrival + link.up.delay());
  }
  ns3::Simulator::ScheduleWithContext(
      back.to->node_->GetId(), delay,
      new Arrival(back, answer, to, from, port, Arrival::Carries::nothing));
  return false;
}

bool Device::is_of_call(const ns3::Packet& packet, ns3::Ipv4Address from, ns3::Ipv4Address to) {
  ns3::TcpHeader header;
  packet.PeekHeader(header);
  if (at_ == Link::End::at_site && Caller::is_from_service(header)) {
    air_.caller->is_answered(header.GetDestinationPort());
    return true;
  }
  if (at_ != Link::End::at_device || !Caller::is_for_service(header)) return false;
  const auto answer = ns3::Create<ns3::Packet>();
  answer->AddHeader(Caller::answer_of_service(header));
  send(answer, to, from);
  return true;
}

void Device::receive(ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Address from, ns3::Ipv4Address to) {
  if (is_of_call(*packet, from, to)) return;
  if (at_ == Link::End::at_site && !air_.site_has_power) return;
  ns3::Ipv4Header header;
  header.SetSource(from);
  header.SetDestination(to);
  header.SetProtocol(ns3::TcpL4Protocol::PROT_NUMBER);
  header.SetPayloadSize(static_cast<std::uint16_t>(packet->GetSize()));
  tcp_->Receive(packet, header, interface_);
}

void Device::DoDispose() {
  node_ = nullptr;
  tcp_ = nullptr;
  interface_ = nullptr;
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

ns3::Ptr<ns3::Node> make_node(ns3::Ptr<Device> device, ns3::Ipv4Address own, Path path) {
  const ns3::Ptr<ns3::Node> node = ns3::CreateObject<ns3::Node>();
  const auto ip = ns3::CreateObject<ns3::Ipv4L3Protocol>();
  node->AggregateObject(ns3::CreateObject<ns3::TrafficControlLayer>());
  node->AggregateObject(ip);
  const auto tcp = ns3::CreateObject<ns3::TcpL4Protocol>();
  node->AggregateObject(tcp);
  ip->SetRoutingProtocol(ns3::CreateObject<Routing>(device, own));
  node->AddDevice(device);
  const std::uint32_t interface = ip->AddInterface(device);
  ensure(interface == interface_index, "the device is the only interface but the loopback");
  ip->AddAddress(interface, ns3::Ipv4InterfaceAddress(own, ns3::Ipv4Mask::GetOnes()));
  ip->SetUp(interface);
  // Not left to the first event of the simulation: a connection may be opened before it.
  node->Initialize();
  if (path == Path::direct) device->connect_directly(tcp, ip->GetInterface(interface));
  return node;
}

void connect_from(ns3::Node& node, ns3::Ipv4Address own) {
  const auto routing = node.GetObject<ns3::Ipv4L3Protocol>()->GetRoutingProtocol();
  const auto ours = ns3::DynamicCast<Routing>(routing);
  ensure(ours != nullptr, "the node is one of make_node()");
  ours->set_own(own);
}

}  // namespace mq::sim::cell
