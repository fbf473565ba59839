// A fleet of plain ns-3 sockets on the links and cells of the ns-3 world, for benchmarks: what the
// same bytes cost without a World, without MQTT and without anybody who judges.
#pragma once

#include <ns3/inet-socket-address.h>
#include <ns3/packet.h>
#include <ns3/simulator.h>
#include <ns3/socket.h>
#include <ns3/tcp-l4-protocol.h>
#include <ns3/tcp-socket-base.h>
#include <ns3/uinteger.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "sim/ns3/cell_device.h"
#include "sim/world.h"

namespace mq::sim {

// Every device sends a message a minute and gets an answer to each.
struct BareLoad {
  std::size_t devices;
  std::size_t message_bytes;
  std::size_t answer_bytes;
  LinkModel link;
  std::size_t devices_per_cell = 32;
};

// The instants of the devices' messages are spread over the minute.
inline Duration phase(std::size_t device, std::size_t devices) {
  return Duration((60'000'000'000 / static_cast<Duration::rep>(devices)) *
                  static_cast<Duration::rep>(device));
}

// Plain ns-3 sockets on the cells' nodes, with the attributes of the `linux` preset.
template <cell::Path path>
class BareFleet {
 public:
  explicit BareFleet(const BareLoad& load)
      : load_(load), message_(load.message_bytes), answer_(load.answer_bytes) {
    const Rng rng(1);
    for (std::size_t i = 0; i < load.devices; ++i) {
      if (i % load.devices_per_cell == 0) add_cell();
      const Rng own = rng.child("device-" + std::to_string(i));
      const LinkModel& model = load.link;
      auto link = std::make_unique<cell::Link>(cell::Link{
          Pipe(model.up, own.child("up")), Pipe(model.down, own.child("down")), nullptr, base_});
      link->device = ns3::CreateObject<cell::Device>(air_, cell::Link::End::at_device);
      const DeviceId id{static_cast<std::uint32_t>(i)};
      const auto node = cell::make_node(link->device, cell::address_of(id), path);
      air_.links.push_back(std::move(link));
      ns3::Simulator::Schedule(ns3::NanoSeconds(phase(i, load.devices).count()),
                               &BareFleet::connect, this, node);
    }
  }
  ~BareFleet() { ns3::Simulator::Destroy(); }

  void run_a_minute() {
    ns3::Simulator::Stop(ns3::Seconds(60));
    ns3::Simulator::Run();
  }
  std::size_t answered() const { return answered_; }

 private:
  static ns3::Ptr<ns3::Socket> make_socket(ns3::Ptr<ns3::Node> node) {
    const auto socket = node->GetObject<ns3::TcpL4Protocol>()->CreateSocket();
    socket->SetAttribute("SegmentSize", ns3::UintegerValue(1448));
    socket->SetAttribute("DelAckCount", ns3::UintegerValue(1));
    socket->SetAttribute("MinRto", ns3::TimeValue(ns3::MilliSeconds(200)));
    socket->SetAttribute("ClockGranularity", ns3::TimeValue(ns3::MilliSeconds(200)));
    socket->SetAttribute("DataRetries", ns3::UintegerValue(22));
    return socket;
  }
  void add_cell() {
    base_ = ns3::CreateObject<cell::Device>(air_, cell::Link::End::at_site);
    const auto node = cell::make_node(base_, cell::site_address(), path);
    const auto listener = make_socket(node);
    listener->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), 1883));
    listener->Listen();
    listener->SetAcceptCallback(
        ns3::MakeNullCallback<bool, ns3::Ptr<ns3::Socket>, const ns3::Address&>(),
        ns3::MakeCallback(&BareFleet::accepted, this));
    sockets_.push_back(listener);
  }
  void accepted(ns3::Ptr<ns3::Socket> socket, const ns3::Address&) {
    sockets_.push_back(socket);
    socket->SetRecvCallback(ns3::MakeCallback(&BareFleet::answer, this));
  }
  void answer(ns3::Ptr<ns3::Socket> socket) {
    std::array<std::uint8_t, 512> buffer;
    while (socket->Recv(buffer.data(), buffer.size(), 0) > 0) {
    }
    socket->Send(answer_.data(), static_cast<std::uint32_t>(answer_.size()), 0);
  }
  void connect(ns3::Ptr<ns3::Node> node) {
    const auto socket = make_socket(node);
    sockets_.push_back(socket);
    socket->SetRecvCallback(ns3::MakeCallback(&BareFleet::answered_to, this));
    socket->Connect(ns3::InetSocketAddress(cell::site_address(), 1883));
    send(socket);
  }
  void send(ns3::Ptr<ns3::Socket> socket) {
    socket->Send(message_.data(), static_cast<std::uint32_t>(message_.size()), 0);
    ns3::Simulator::Schedule(ns3::Seconds(60), &BareFleet::send, this, socket);
  }
  void answered_to(ns3::Ptr<ns3::Socket> socket) {
    std::array<std::uint8_t, 512> buffer;
    int count = 0;
    while ((count = socket->Recv(buffer.data(), buffer.size(), 0)) > 0)
      answered_ += static_cast<std::size_t>(count);
  }

  BareLoad load_;
  cell::Air air_;
  ns3::Ptr<cell::Device> base_;
  std::vector<ns3::Ptr<ns3::Socket>> sockets_;
  std::size_t answered_ = 0;
  std::vector<std::uint8_t> message_;
  std::vector<std::uint8_t> answer_;
};

}  // namespace mq::sim
