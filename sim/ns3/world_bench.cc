// What a message costs in the ns-3 world: a fleet on LTE-like links, every device sends 100 bytes a
// minute and gets 4 bytes back. Beside it the same fleet as bare ns-3 sockets on the same links,
// without a World: the difference is the price of the interface.
//
// One iteration is a virtual minute, so a message per device. `bytes_per_device` is what the heap
// has grown by when all are connected and have exchanged some messages.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/ensure.h"
#include "sim/ns3/ns3_world.h"
#include "sim/ns3/testing/bare_fleet.h"

namespace mq::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t message_bytes = 100;
constexpr std::size_t answer_bytes = 4;
constexpr std::size_t devices_per_cell = 32;

LinkModel lte() {
  return {.up = {.bits_per_second = 5e6, .delay = 30ms, .jitter = 20ms, .loss = 0.001},
          .down = {.bits_per_second = 10e6, .delay = 30ms, .jitter = 20ms, .loss = 0.001}};
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

template <cell::Path path>
struct BareLteFleet : BareFleet<path> {
  explicit BareLteFleet(std::size_t devices)
      : BareFleet<path>({devices, message_bytes, answer_bytes, lte(), devices_per_cell}) {}
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
BENCHMARK(message<BareLteFleet<cell::Path::direct>>)
    ->Name("bare_ns3_direct")
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10000);
BENCHMARK(message<BareLteFleet<cell::Path::whole_stack>>)
    ->Name("bare_ns3")
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10000);

}  // namespace
}  // namespace mq::sim
