#include "reports/testing/demo_run.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "protocol/codec.h"
#include "reports/collect/collector.h"
#include "reports/journey/journey.h"
#include "reports/ndjson/event_writer.h"
#include "reports/sequence/sequence.h"
#include "reports/text/escape.h"

namespace mq::report::testing {
namespace {

using namespace trace;
using namespace std::chrono_literals;

constexpr Duration publish_every = 30s;

}  // namespace

std::vector<std::string> hostile_texts() {
  return {
      "<img src=x onerror=alert(1)>",
      "</script><script>alert(2)</script>",
      "\"><svg onload=alert(3)>",
      "' onmouseover='alert(4)",
      "<!--<script>",
      "]]><evil/>",
      "&lt;b&gt;&amp;",
      "=cmd|' /C calc'!A0",
      "\x1b]0;owned\x07\x1b[31m",
      std::string("nul\0here", 8),
      "\xE2\x80\xAEkcab\xE2\x80\xA8line\xE2\x80\xA9",
      "\xFF\xC0\x80\xED\xA0\x80",
      "| a | [x](javascript:alert(5)) `c` **b** @everyone https://evil.example www.evil.example",
      "javascript:alert(6)",
      "line\nbreak\r\n## heading",
      "{{constructor.constructor('alert(7)')()}}",
      std::string(65'000, 'A'),
  };
}

DemoRun::DemoRun(const DemoOptions& options) : options_(options), rng_(options.seed) {
  dashboard_ = static_cast<std::uint32_t>(options_.sensors);
  const Instant calm(options_.duration);
  for (Instant at(10min); at + 45s < calm; at += 4min) tunnels_.emplace_back(at, at + 45s);
  describe();
  add(Instant{}, BrokerUp{});
  for (const auto& [from, until] : tunnels_) {
    add(from, FaultBegan{0});
    add(until, FaultEnded{0});
  }
  const Instant crash(options_.duration / 3);
  add(crash, FaultBegan{1});
  add(crash, BrokerDown{});
  add(crash + 5s, BrokerUp{});
  add(crash + 5s, FaultEnded{1});
  live(dashboard_);
  for (std::uint32_t client = 0; client < dashboard_; ++client) live(client);
  add(calm, CalmBegan{});
  std::stable_sort(events_.begin(), events_.end(),
                   [](const Event& a, const Event& b) { return a.at < b.at; });
  while (!events_.empty() && events_.back().at > calm + options_.calm) events_.pop_back();
  add(calm + options_.calm, RunEnded{true});
}

void DemoRun::describe() {
  const std::vector<std::string>& attacks = attacks_;
  const auto text = [&](std::string plain, std::size_t attack) {
    return options_.hostile ? attacks[attack % attacks.size()] : plain;
  };
  run_.scenario = text("a commuter train with tunnels", 1);
  run_.description = text(
      "Fifty sensors on a train lose the network in every tunnel; the broker crashes once. Nothing "
      "that was acknowledged may be lost.",
      0);
  run_.seed = options_.seed;
  run_.world = "ns3";
  run_.broker = text("ours", 2);
  run_.duration = options_.duration;
  run_.calm = options_.calm;
  for (std::size_t i = 0; i <= options_.sensors; ++i) {
    ClientInfo client;
    const bool dashboard = i == options_.sensors;
    client.id = text(dashboard ? "dashboard" : "sensors-" + std::to_string(i + 1), i);
    client.group = text(dashboard ? "dashboard" : "sensors", 3);
    client.link = text(dashboard ? "wired" : "train", 4);
    client.version = i % 2 == 0 ? Version::v5 : Version::v3_1_1;
    client.clean_start = false;
    client.session_expiry = 3600;
    client.keep_alive = 60s;
    if (!dashboard)
      client.will = WillInfo{"fleet/" + client.id + "/state", Qos::at_least_once, false, 10s};
    if (dashboard) client.subscriptions.push_back({"fleet/+/temp", {.qos = Qos::exactly_once}});
    run_.clients.push_back(std::move(client));
  }
  FaultInfo cut{text("cut", 5), text("train", 6), {}};
  for (std::uint32_t i = 0; i < dashboard_; ++i) cut.clients.push_back(i);
  run_.faults = {cut, {"crash", "broker", {}}};
  run_.expectations.push_back(
      {.id = "qos1", .argument = "at-least-once", .as_written = text("qos1: at-least-once", 7)});
}

std::string_view DemoRun::keep(std::string text) { return texts_.emplace_back(std::move(text)); }

void DemoRun::add(Instant at, What what) { events_.push_back({at, what}); }

Duration DemoRun::delay() {
  const double ms = 25 * std::exp(1.1 * (rng_.unit() + rng_.unit() + rng_.unit() - 1.2));
  return Duration(static_cast<std::int64_t>(ms * 1e6));
}

void DemoRun::send(Connection connection, End from, const Packet& packet, Instant at,
                   Duration travels, bool arrives) {
  const Version version = run_.clients[static_cast<std::size_t>(connection.client)].version;
  const Packet& kept = packets_.emplace_back(packet);
  auto& wire = wires_.emplace_back();
  encode(kept, version, wire);
  const End to = from == End::client ? End::broker : End::client;
  add(at, PacketSeen{connection, from, true, version, &kept, wire});
  if (arrives) add(at + travels, PacketSeen{connection, to, false, version, &kept, wire});
}

void DemoRun::connect(std::uint32_t client, std::uint32_t number, Instant at, bool resumed) {
  const Connection connection{ClientIndex{client}, number};
  const Duration one_way = delay();
  add(at, LinkOpening{connection});
  add(at + one_way, LinkOpened{connection, End::broker});
  add(at + 2 * one_way, LinkOpened{connection, End::client});
  const ClientInfo& info = run_.clients[client];
  Connect hello{.version = info.version,
                .client_id = well_formed(info.id),
                .clean_start = false,
                .keep_alive = 60};
  std::erase(hello.client_id, '\0');
  send(connection, End::client, hello, at + 2 * one_way, one_way);
  send(connection, End::broker, ConnAck{.session_present = resumed}, at + 3 * one_way, one_way);
  if (client != dashboard_ || resumed) return;
  Subscribe subscribe{.packet_id = PacketId{1}};
  subscribe.entries.push_back({"fleet/+/temp", {.qos = Qos::exactly_once}});
  send(connection, End::client, subscribe, at + 4 * one_way, one_way);
  SubAck granted{.packet_id = PacketId{1}, .reasons = {ReasonCode::granted_qos_2}};
  send(connection, End::broker, granted, at + 5 * one_way, one_way);
}

void DemoRun::publish(std::uint32_t client, std::uint32_t number, std::uint64_t message,
                      Instant at) {
  const Qos qos = static_cast<Qos>(client % 3);
  const Stamp stamp{Stamp::Origin::publish, ClientIndex{client}, message};
  const std::vector<std::string>& attacks = attacks_;
  std::string topic = options_.hostile ? "fleet/" + attacks[message % attacks.size()] + "/temp"
                                       : "fleet/" + run_.clients[client].id + "/temp";
  topic = well_formed(topic);
  std::erase_if(topic, [](char c) { return c == '\0' || c == '+' || c == '#'; });
  ++attempted_[client % 3];
  add(at, Attempted{ClientIndex{client}, stamp, keep(topic), qos, false, 64});
  const bool in_tunnel = std::any_of(tunnels_.begin(), tunnels_.end(), [&](const auto& tunnel) {
    return at >= tunnel.first && at < tunnel.second;
  });
  if (in_tunnel && qos == Qos::at_most_once)
    return add(at, NotSent{ClientIndex{client}, stamp, "not connected"});
  Instant sent = at;
  for (const auto& [from, until] : tunnels_)
    if (at >= from && at < until) sent = until + 3s + delay();
  if (sent != at) ++number;
  const Connection up{ClientIndex{client}, number};
  const PacketId id{
      static_cast<std::uint16_t>(qos == Qos::at_most_once ? 0 : message % 60'000 + 1)};
  Publish message_packet{.topic = topic, .packet_id = id, .qos = qos};
  message_packet.payload = Bytes::copy(to_text(stamp) + std::string(50, '.'));
  const Duration there = delay();
  const bool crash_window =
      sent >= Instant(options_.duration / 3) && sent < Instant(options_.duration / 3) + 35s;
  const bool vanishes = options_.broken && qos == Qos::at_least_once && crash_window;
  if (vanishes && lost_at_ == Instant{}) {
    lost_ = stamp;
    lost_at_ = at;
    send(up, End::client, message_packet, sent - 100ms, there, false);
    message_packet.dup = true;
  }
  send(up, End::client, message_packet, sent, there);
  Instant taken = sent + there;
  if (qos == Qos::at_least_once) send(up, End::broker, PubAck{.packet_id = id}, taken, there);
  if (qos == Qos::exactly_once) {
    send(up, End::broker, PubRec{.packet_id = id}, taken, there);
    send(up, End::client, PubRel{.packet_id = id}, taken + there, there);
    send(up, End::broker, PubComp{.packet_id = id}, taken + 2 * there, there);
  }
  if (qos != Qos::at_most_once)
    add(taken + (qos == Qos::exactly_once ? 3 : 1) * there,
        Acknowledged{ClientIndex{client}, stamp, ReasonCode::success});
  if (vanishes) return;
  const Connection down{ClientIndex{dashboard_}, 1};
  if (qos != Qos::at_most_once)
    message_packet.packet_id =
        PacketId{static_cast<std::uint16_t>(dashboard_packet_id_++ % 65'535 + 1)};
  message_packet.dup = false;
  send(down, End::broker, message_packet, taken, 2ms);
  const auto* delivered = std::get_if<Publish>(&packets_.back());
  add(taken + 2ms, Delivered{down, delivered});
  if (qos == Qos::at_least_once)
    send(down, End::client, PubAck{.packet_id = message_packet.packet_id}, taken + 2ms, 2ms);
}

void DemoRun::live(std::uint32_t client) {
  const Instant start(Duration(static_cast<std::int64_t>(rng_.below(30)) * 1s));
  std::uint32_t number = 1;
  connect(client, number, start, false);
  const Instant end(options_.duration);
  if (client == dashboard_) return;
  std::size_t tunnel = 0;
  std::uint64_t message = 0;
  for (Instant at = start + Duration(static_cast<std::int64_t>(rng_.unit() * 30e9)) + 2s; at < end;
       at += publish_every) {
    while (tunnel < tunnels_.size() && tunnels_[tunnel].second <= at) {
      const auto& [from, until] = tunnels_[tunnel++];
      const Connection old{ClientIndex{client}, number};
      add(from + 20s, LinkClosed{old, End::client, CloseCause::timed_out, true});
      add(from + 25s, LinkOpening{{ClientIndex{client}, ++number}});
      const Instant back = until + 1s + delay() * 10;
      add(from + 40s,
          LinkClosed{{ClientIndex{client}, number}, End::client, CloseCause::timed_out, false});
      connect(client, ++number, back, rng_.below(10) != 0);
      add(back + 10ms, LinkClosed{old, End::broker, CloseCause::reset, false});
    }
    publish(client, number, ++message, at);
  }
}

void DemoRun::play(Observer& observer) const {
  for (const Event& event : events_) observer.observe(event);
}

void DemoRun::fill_findings(Results& r) const {
  const std::vector<std::string>& attacks = attacks_;
  const auto text = [&](std::string plain, std::size_t attack) {
    return options_.hostile ? attacks[attack % attacks.size()] : plain;
  };
  const auto finding = [&](std::string id, std::string promise, checks::Verdict verdict,
                           std::string limit, std::string measured, std::uint64_t tried,
                           std::vector<std::string> clauses, bool expected) {
    checks::Finding f{.id = id,
                      .promise = text(promise, r.findings.size()),
                      .verdict = verdict,
                      .limit = limit,
                      .measured = measured,
                      .tried = tried};
    f.expected = expected;
    f.clauses = clauses;
    r.findings.push_back(f);
  };
  using checks::Verdict;
  finding("qos0", "A message of QoS 0 arrives at most once", Verdict::held, "0 twice",
          "0 of 3,910 twice", 3910, {"v3.1.1/MQTT-4.3.1-1", "v5/MQTT-4.3.1-1"}, false);
  finding("qos1", "A message of QoS 1 arrives at least once",
          options_.broken ? Verdict::broken : Verdict::held, "0 lost",
          options_.broken ? "3 of 4,080 lost" : "0 of 4,080 lost", 4080,
          {"v3.1.1/MQTT-4.3.2-1", "v5/MQTT-4.3.2-1"}, true);
  finding("qos2", "A message of QoS 2 arrives exactly once", Verdict::held, "0 lost, 0 twice",
          "0 of 4,032 lost, 0 twice", 4032, {"v5/MQTT-4.3.3-1"}, true);
  finding("latency-p99", "99 % of the messages arrive within 90 s", Verdict::held, "below 90 s",
          "p99 47.2 s", 12010, {}, true);
  finding("session", "A session is there when its client comes back before its expiry",
          Verdict::held, "0 missing", "0 of 1,350 missing", 1350, {"v5/MQTT-3.1.2-5"}, false);
  finding("order", "Messages of one publisher keep their order", Verdict::held, "0 reordered",
          "0 of 12,010", 12010, {"v5/MQTT-4.6.0-6"}, false);
  finding("will", "The will of a lost client is published after its delay", Verdict::not_tried,
          "0 missing", "no client was away for longer than its will's delay", 0,
          {"v5/MQTT-3.1.2-8"}, false);
  if (!options_.broken) return;
  r.findings[1].broken = 3;
  for (int i = 0; i < 3; ++i) {
    checks::Evidence e;
    e.at = Instant(options_.duration + options_.calm);
    e.text = text(
        "Message 81 of sensors-2 to fleet/sensors-2/temp was acknowledged with PUBACK at "
        "0:40:02.310 and never reached dashboard.",
        static_cast<std::size_t>(i) + 8);
    e.clients = {lost_.publisher, ClientIndex{dashboard_}};
    e.message = lost_;
    e.from = lost_at_ - 1s;
    e.until = lost_at_ + 60s;
    r.findings[1].evidence.push_back(e);
  }
}

void DemoRun::fill_configuration(Results& r) const {
  r.configuration.scenario_file = "scenarios/commuter-train.yaml";
  r.configuration.tcp_preset = "linux";
  r.configuration.tcp = {{"congestion control", "CUBIC", "Linux default since 2.6.19"},
                         {"segment size", "1,448 bytes", "1,500 byte MTU with timestamps"},
                         {"initial window", "10 segments", "RFC 6928"},
                         {"minimum RTO", "200 ms", "net/ipv4: TCP_RTO_MIN"},
                         {"retransmissions", "22", "about 924 s, as tcp_retries2 = 15 gives"},
                         {"delayed ack", "every segment", "closest to the published figures"}};
  r.configuration.links = {
      {"train",
       "lte-metro-nyc",
       options_.sensors,
       {{"rate down", "5.3 Mbit/s", "NYU-METS data set, 7 train, median"},
        {"rate up", "0.83 Mbit/s", "mahimahi traces, AT&T LTE driving"},
        {"delay", "42 ms one way", "UCC LTE data set, n = 663"},
        {"loss", "0", "assumption: RLC repeats below IP"}}},
      {"wired",
       "",
       1,
       {{"delay", "1 ms one way", "assumption"}, {"rate", "100 Mbit/s", "assumption"}}}};
  r.configuration.versions = {
      {"mqttlab", "0.1.0", ""}, {"ns-3", "3.37", ""}, {"compiler", "g++ 12.2.0", ""}};
  CostRow sensors;
  sensors.group = "sensors";
  sensors.clients = options_.sensors;
  sensors.bytes_up = 9'120'331;
  sensors.bytes_down = 8'730'120;
  sensors.bytes_most = 402'511;
  sensors.reconnects = 61;
  sensors.reconnects_most = 4;
  sensors.radio_on = 9h;
  sensors.radio_on_most = 11min;
  sensors.microjoules = 19'400'000'000;
  sensors.microjoules_most = 401'000'000;
  r.costs = {{sensors}, true, {61, 1200ms, 9s, 12s}, {}};
  r.traffic = {{"train", 48'212, 45'987, 9'120'331, 8'730'120, 611, 402},
               {"wired", 30'100, 31'042, 4'100'233, 6'930'112, 0, 0}};
}

void DemoRun::follow(Results& results) const {
  const std::string path = std::filesystem::temp_directory_path() /
                           ("demo_events_" + std::to_string(::getpid()) + ".ndjson");
  OutputFile file(path);
  EventWriter writer(file, run_);
  play(writer);
  file.close();
  std::ifstream first(path, std::ios::binary);
  results.sequences = draw_sequences(first, results.findings);
  std::ifstream second(path, std::ios::binary);
  results.journeys = follow_journeys(second, results);
  std::filesystem::remove(path);
}

Results DemoRun::results() const {
  Results r;
  r.run = run_;
  r.verdict = options_.broken ? checks::Verdict::broken : checks::Verdict::held;
  r.exit_code = options_.broken ? 1 : 0;
  r.hash = "7c1f0b52e88d3a96";
  r.program_version = "0.1.0";
  r.command = "./mqttlab run scenarios/commuter-train.yaml --seed 1";
  r.reached = Instant(options_.duration + options_.calm);
  r.complete = true;
  fill_findings(r);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto qos = static_cast<Qos>(i);
    const std::uint64_t refused = i == 0 ? attempted_[0] / 6 : 0;
    const std::uint64_t lost = i == 1 && options_.broken ? 3 : 0;
    const std::uint64_t sent = attempted_[i] - refused;
    r.ledger.published.push_back({qos, attempted_[i], refused, 0, i == 0 ? 0 : sent, 0});
    r.ledger.deliveries.push_back({run_.clients[dashboard_].group, qos, sent, sent - lost, lost});
  }
  r.sometimes = {
      {"a PUBREL was lost and sent again",
       "A PUBREL did not arrive, and its sender repeated it on a later connection.", 4, true},
      {"a session was resumed",
       "A CONNACK with session present 1 reached a client that had been away.", 1215, false},
      {"a session expired",
       "A client came back after its session's expiry and was told session present 0.", 0, false},
      {"the broker restarted with messages in flight",
       "The broker crashed while a QoS 1 or 2 exchange was incomplete, and came back.", 1, false}};
  Collector collector(run_);
  play(collector);
  r.series = collector.finish(r.reached, r.findings);
  fill_configuration(r);
  follow(r);
  r.trace = {true, true, false, ""};
  r.not_reproducible = {4.2, "2026-11-22T17:31:46Z"};
  return r;
}

}  // namespace mq::report::testing
