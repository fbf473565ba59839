// What a message costs in the ns-3 world: a fleet on LTE-like links, every device sends 100 bytes a
// minute and gets 4 bytes back. Beside it the same fleet as bare ns-3 sockets on the same links,
// without a World: the difference is the price of the interface.
//
// One iteration is a virtual minute, so a message per device. `bytes_per_device` is what the heap
// has grown by when all are connected and have exchanged some messages.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <ns3/inet-socket-address.h>
#include <ns3/packet.h>
#include <ns3/simulator.h>
#include <ns3/socket.h>
#include <ns3/tcp-l4-protocol.h>
#include <ns3/tcp-socket-base.h>
#include <ns3/uinteger.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/ensure.h"
#include "sim/ns3/cell_device.h"
#include "sim/ns3/ns3_world.h"

namespace mq::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t message_bytes = 100;
constexpr std::size_t answer_bytes = 4;
constexpr std::uint16_t port = 1883;
constexpr std::size_t devices_per_cell = 32;

LinkModel lte() {
  return {.up = {.bits_per_second = 5e6, .delay = 30ms, .jitter = 20ms, .loss = 0.001},
          .down = {.bits_per_second = 10e6, .delay = 30ms, .jitter = 20ms, .loss = 0.001}};
}

// Spread over the minute, the same in both fleets.
Duration phase(std::size_t device, std::size_t devices) {
  return Duration((60'000'000'000 / static_cast<Duration::rep>(devices)) *
                  static_cast<Duration::rep>(device));
}

std::size_t heap_bytes() { return mallinfo2().uordblks; }

class WorldFleet {
 public:
  explicit WorldFleet(std::size_t devices) : devices_(devices) {
    world_.accept_with([this](std::unique_ptr<Socket> socket, const std::string&, DeviceId) {
      Socket* const raw = socket.get();
      accepted_.push_back(std::move(socket));
      raw->listen_to({.connected = {},
                      .readable =
                          [this, raw] {
                            std::array<std::byte, 512> buffer;
                            while (raw->read(buffer) > 0) {
                            }
                            raw->write(std::span(answer_));
                          },
                      .writable = {},
                      .failed = {}});
    });
    for (std::size_t i = 0; i < devices; ++i) {
      const DeviceId device = world_.add_device("device-" + std::to_string(i), lte());
      world_.call_at(Instant(phase(i, devices)), [this, device] { connect(device); });
    }
  }

  void run_a_minute() { world_.run_until(world_.now() + 60s); }
  std::size_t answered() const { return answered_; }

 private:
  void connect(DeviceId device) {
    std::unique_ptr<Socket> socket = world_.connect(device);
    Socket* const raw = socket.get();
    clients_.push_back(std::move(socket));
    raw->listen_to({.connected = {},
                    .readable =
                        [this, raw] {
                          std::array<std::byte, 512> buffer;
                          while (const std::size_t count = raw->read(buffer)) answered_ += count;
                        },
                    .writable = {},
                    .failed = {}});
    send(raw);
  }
  void send(Socket* socket) {
    socket->write(std::span(message_));
    world_.call_at(world_.now() + 60s, [this, socket] { send(socket); });
  }

  std::size_t devices_;
  Ns3World world_{1, {.devices_per_cell = devices_per_cell}};
  std::vector<std::unique_ptr<Socket>> clients_, accepted_;
  std::size_t answered_ = 0;
  std::array<std::byte, message_bytes> message_{};
  std::array<std::byte, answer_bytes> answer_{};
};

// Plain ns-3 sockets on the cells' nodes, with the attributes of the `linux` preset.
template <cell::Path path>
class BareFleet {
 public:
  explicit BareFleet(std::size_t devices) : devices_(devices) {
    const Rng rng(1);
    for (std::size_t i = 0; i < devices; ++i) {
      if (i % devices_per_cell == 0) add_cell();
      const Rng own = rng.child("device-" + std::to_string(i));
      const LinkModel model = lte();
      auto link = std::make_unique<cell::Link>(cell::Link{
          Pipe(model.up, own.child("up")), Pipe(model.down, own.child("down")), nullptr, base_});
      link->device = ns3::CreateObject<cell::Device>(air_, link.get());
      const DeviceId id{static_cast<std::uint32_t>(i)};
      const auto node = cell::make_node(link->device, cell::address_of(id), path);
      air_.links.push_back(std::move(link));
      ns3::Simulator::Schedule(ns3::NanoSeconds(phase(i, devices).count()), &BareFleet::connect,
                               this, node);
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
    base_ = ns3::CreateObject<cell::Device>(air_, nullptr);
    const auto node = cell::make_node(base_, cell::site_address(), path);
    const auto listener = make_socket(node);
    listener->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), port));
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
    socket->Send(answer_.data(), answer_bytes, 0);
  }
  void connect(ns3::Ptr<ns3::Node> node) {
    const auto socket = make_socket(node);
    sockets_.push_back(socket);
    socket->SetRecvCallback(ns3::MakeCallback(&BareFleet::answered_to, this));
    socket->Connect(ns3::InetSocketAddress(cell::site_address(), port));
    send(socket);
  }
  void send(ns3::Ptr<ns3::Socket> socket) {
    socket->Send(message_.data(), message_bytes, 0);
    ns3::Simulator::Schedule(ns3::Seconds(60), &BareFleet::send, this, socket);
  }
  void answered_to(ns3::Ptr<ns3::Socket> socket) {
    std::array<std::uint8_t, 512> buffer;
    int count = 0;
    while ((count = socket->Recv(buffer.data(), buffer.size(), 0)) > 0)
      answered_ += static_cast<std::size_t>(count);
  }

  std::size_t devices_;
  cell::Air air_;
  ns3::Ptr<cell::Device> base_;
  std::vector<ns3::Ptr<ns3::Socket>> sockets_;
  std::size_t answered_ = 0;
  std::array<std::uint8_t, message_bytes> message_{};
  std::array<std::uint8_t, answer_bytes> answer_{};
};

template <class Fleet>
void message(benchmark::State& state) {
  const auto devices = static_cast<std::size_t>(state.range(0));
  const std::size_t heap_before = heap_bytes();
  Fleet fleet(devices);
  for (int i = 0; i < 3; ++i) fleet.run_a_minute();
  const std::size_t heap_after = heap_bytes();
  const std::size_t answered_before = fleet.answered();
  for (auto _ : state) fleet.run_a_minute();
  const auto messages = static_cast<std::int64_t>(devices) * state.iterations();
  const auto answers =
      static_cast<std::int64_t>((fleet.answered() - answered_before) / answer_bytes);
  // A few are under way when a minute ends, or wait for a repetition.
  ensure(answers >= messages * 95 / 100, "messages are answered");
  state.SetItemsProcessed(messages);
  state.counters["bytes_per_device"] =
      static_cast<double>(heap_after - heap_before) / static_cast<double>(devices);
}

BENCHMARK(message<WorldFleet>)->Name("world")->Arg(100)->Arg(1000)->Arg(10000);
BENCHMARK(message<BareFleet<cell::Path::direct>>)
    ->Name("bare_ns3_direct")
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10000);
BENCHMARK(message<BareFleet<cell::Path::whole_stack>>)
    ->Name("bare_ns3")
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10000);

}  // namespace
}  // namespace mq::sim
