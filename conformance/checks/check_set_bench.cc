// What judging costs: one event of a QoS 1 message's way from a sensor to a dashboard.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "conformance/checks/check_set.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

class Way {
 public:
  explicit Way(std::uint32_t sensors) : checks_(run(sensors)), sensors_(sensors) {
    for (std::uint32_t i = 0; i <= sensors; ++i) connect(ClientIndex{i});
    both(dashboard(), trace::End::client,
         Subscribe{PacketId{1}, {}, {{"fleet/+/temp", {.qos = Qos::at_least_once}}}});
    both(dashboard(), trace::End::broker, SubAck{PacketId{1}, {}, {ReasonCode::granted_qos_1}});
    for (std::uint32_t i = 0; i < sensors; ++i)
      topics_.push_back("fleet/sensor-" + std::to_string(i) + "/temp");
  }

  void one_message() {
    const ClientIndex sensor{next_};
    const trace::Stamp stamp{trace::Stamp::Origin::publish, sensor, round_};
    now_ += 1ms;
    say(trace::Attempted{sensor, stamp, topics_[next_], Qos::at_least_once, false, 16});
    auto& publish = std::get<Publish>(publish_);
    publish.topic = topics_[next_];
    publish.payload = Bytes::copy(to_text(stamp));
    both(sensor, trace::End::client, publish_);
    both(sensor, trace::End::broker, answer_);
    say(trace::Acknowledged{sensor, stamp, {}});
    both(dashboard(), trace::End::broker, publish_);
    both(dashboard(), trace::End::client, answer_);
    say(trace::Delivered{{dashboard(), 1}, &publish});
    if (++next_ == sensors_) {
      next_ = 0;
      ++round_;
    }
  }
  std::int64_t events() const { return events_; }

 private:
  static trace::RunInfo run(std::uint32_t sensors) {
    trace::RunInfo run;
    for (std::uint32_t i = 0; i < sensors; ++i)
      run.clients.push_back({.id = "sensor-" + std::to_string(i), .group = "sensors"});
    run.clients.push_back({.id = "dashboard", .group = "dashboard"});
    return run;
  }
  ClientIndex dashboard() const { return ClientIndex{sensors_}; }
  void say(trace::What what) {
    checks_.observe({now_, std::move(what)});
    ++events_;
  }
  void both(ClientIndex client, trace::End from, const Packet& packet) {
    const auto to = from == trace::End::client ? trace::End::broker : trace::End::client;
    say(trace::PacketSeen{{client, 1}, from, true, Version::v5, &packet, {}});
    say(trace::PacketSeen{{client, 1}, to, false, Version::v5, &packet, {}});
  }
  void connect(ClientIndex client) {
    say(trace::LinkOpening{{client, 1}});
    both(client, trace::End::client, Connect{});
    both(client, trace::End::broker, ConnAck{});
  }

  CheckSet checks_;
  std::uint32_t sensors_;
  std::vector<std::string> topics_;
  Packet publish_ = Publish{.topic = {},
                            .packet_id = PacketId{1},
                            .qos = Qos::at_least_once,
                            .properties = {},
                            .payload = {}};
  Packet answer_ = PubAck{PacketId{1}, {}, {}};
  std::uint32_t next_ = 0;
  std::uint64_t round_ = 1;
  Instant now_{};
  std::int64_t events_ = 0;
};

void judging(benchmark::State& state) {
  Way way(static_cast<std::uint32_t>(state.range(0)));
  const std::int64_t before = way.events();
  for (auto _ : state) way.one_message();
  state.SetItemsProcessed(way.events() - before);  // events
}
BENCHMARK(judging)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace mq::checks
