// What one message costs inside the core: bytes in, orders out, nothing else. Each benchmark counts
// deliveries as items, so that `items_per_second` is deliveries a second.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "base/overloaded.h"
#include "broker/core/broker.h"
#include "protocol/codec.h"

namespace mq::broker {
namespace {

class Bench {
 public:
  explicit Bench(Version version) : version_(version) {
    Settings settings;
    settings.limits.receive_maximum = 0xFFFF;
    settings.keeps_records = false;
    broker_ = std::make_unique<Broker>(settings, Rng(1));
  }

  LinkId connect(const std::string& id) {
    const LinkId link{++last_link_};
    broker_->handle(LinkUp{link, "bench"}, now_);
    say(link, encode(Connect{.version = version_, .client_id = id}, version_));
    return link;
  }
  void subscribe(LinkId link, const std::string& filter, Qos qos) {
    say(link,
        encode(Subscribe{.packet_id = PacketId{1}, .entries = {{filter, {.qos = qos}}}}, version_));
  }
  void say(LinkId link, const Bytes& bytes) {
    broker_->handle(BytesIn{link, bytes.span()}, now_);
    drain();
  }
  // Publishes and lets everybody acknowledge until nothing is owed.
  void publish(LinkId from, const Bytes& packet, Qos qos) {
    say(from, packet);
    if (qos == Qos::at_most_once) return;
    if (qos == Qos::exactly_once) answer(from, {0x62, 2, 0, 1});  // PUBREL
    while (!owed_.empty()) {
      std::vector<Owed> now = std::move(owed_);
      owed_.clear();
      for (const Owed& owed : now)
        answer(owed.link, {owed.kind, 2, static_cast<std::uint8_t>(owed.id >> 8),
                           static_cast<std::uint8_t>(owed.id)});
    }
  }

  std::size_t deliveries = 0;

 private:
  struct Owed {
    LinkId link;
    std::uint8_t kind;
    std::uint16_t id;
  };

  void answer(LinkId link, std::initializer_list<std::uint8_t> bytes) {
    broker_->handle(BytesIn{link, std::as_bytes(std::span(bytes.begin(), bytes.size()))}, now_);
    drain();
  }
  // As a client would, but without decoding more than the benchmark needs.
  void drain() {
    while (auto output = broker_->poll()) {
      auto* send = std::get_if<SendBytes>(&*output);
      if (send == nullptr) continue;
      drained_ += send->bytes.size();
      look(*send);
      broker_->handle(Drained{send->link, send->bytes.size()}, now_);
    }
  }
  void look(const SendBytes& send) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(send.bytes.data()[i]); };
    const int kind = at(0) >> 4;
    if (kind == 3) {
      ++deliveries;
      const int qos = at(0) >> 1 & 3;
      if (qos == 0) return;
      const std::size_t fixed = at(1) < 0x80 ? 2 : 3;
      const std::size_t topic = static_cast<std::size_t>(at(fixed) << 8 | at(fixed + 1));
      const std::size_t id = fixed + 2 + topic;
      owed_.push_back({send.link, static_cast<std::uint8_t>(qos == 1 ? 0x40 : 0x50),
                       static_cast<std::uint16_t>(at(id) << 8 | at(id + 1))});
    } else if (kind == 6) {
      owed_.push_back({send.link, 0x70, static_cast<std::uint16_t>(at(2) << 8 | at(3))});
    }
  }

  Version version_;
  std::unique_ptr<Broker> broker_;
  Instant now_{};
  std::uint64_t last_link_ = 0;
  std::vector<Owed> owed_;
  std::size_t drained_ = 0;
};

Bytes packet(const std::string& topic, Qos qos, std::size_t payload, Version version) {
  return encode(Publish{.topic = topic,
                        .packet_id = qos == Qos::at_most_once ? PacketId::none : PacketId{1},
                        .qos = qos,
                        .payload = Bytes::copy(std::string(payload, 'x'))},
                version);
}

void fan_in(benchmark::State& state) {
  const Qos qos{static_cast<std::uint8_t>(state.range(0))};
  Bench bench(Version::v3_1_1);
  const LinkId sink = bench.connect("sink");
  bench.subscribe(sink, "fleet/#", qos);
  std::vector<LinkId> sources;
  std::vector<Bytes> packets;
  for (int i = 0; i < 100; ++i) {
    sources.push_back(bench.connect("source" + std::to_string(i)));
    packets.push_back(packet("fleet/" + std::to_string(i) + "/temp", qos, 64, Version::v3_1_1));
  }
  bench.deliveries = 0;
  std::size_t i = 0;
  for (auto _ : state) {
    bench.publish(sources[i], packets[i], qos);
    i = (i + 1) % sources.size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(bench.deliveries));
}
BENCHMARK(fan_in)->Arg(0)->Arg(1)->Arg(2);

void fan_out(benchmark::State& state) {
  const Qos qos{static_cast<std::uint8_t>(state.range(0))};
  Bench bench(Version::v3_1_1);
  for (int i = 0; i < 1000; ++i)
    bench.subscribe(bench.connect("sink" + std::to_string(i)), "news", qos);
  const LinkId source = bench.connect("source");
  const Bytes news = packet("news", qos, static_cast<std::size_t>(state.range(1)), Version::v3_1_1);
  bench.deliveries = 0;
  for (auto _ : state) bench.publish(source, news, qos);
  state.SetItemsProcessed(static_cast<std::int64_t>(bench.deliveries));
}
BENCHMARK(fan_out)->Args({0, 64})->Args({1, 64})->Args({2, 64})->Args({0, 65536});

// 10,000 filters with wildcards, 10,000 topics; each topic matches one of them. With a second
// argument, a subscription changes before every message, so that nothing is remembered.
void matching(benchmark::State& state) {
  Bench bench(Version::v3_1_1);
  std::vector<LinkId> sinks;
  for (int i = 0; i < 100; ++i) sinks.push_back(bench.connect("sink" + std::to_string(i)));
  std::vector<Bytes> packets;
  for (int i = 0; i < 10'000; ++i) {
    const std::string place = "site" + std::to_string(i / 100) + "/line" + std::to_string(i % 100);
    bench.subscribe(sinks[static_cast<std::size_t>(i % 100)], place + "/+/state",
                    Qos::at_most_once);
    packets.push_back(packet(place + "/m1/state", Qos::at_most_once, 64, Version::v3_1_1));
  }
  const LinkId source = bench.connect("source");
  const bool changing = state.range(0) != 0;
  bench.deliveries = 0;
  std::size_t i = 0;
  for (auto _ : state) {
    if (changing) bench.subscribe(sinks[0], "some/+", Qos::at_most_once);
    bench.publish(source, packets[i], Qos::at_most_once);
    i = (i + 37) % packets.size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(bench.deliveries));
}
BENCHMARK(matching)->Arg(0)->Arg(1);

void connect_and_leave(benchmark::State& state) {
  Bench bench(Version::v5);
  const Bytes bye = encode(Disconnect{}, Version::v5);
  for (auto _ : state) bench.say(bench.connect("client"), bye);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(connect_and_leave)->Iterations(20'000);

}  // namespace
}  // namespace mq::broker
