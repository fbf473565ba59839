// A broker that an adapter names, in virtual time, and what its clients hear of it, for tests. One
// that is not installed is skipped, with the command that installs it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "cli/broker_of_run.h"
#include "cli/exit_code.h"
#include "scenarios/engine/run.h"
#include "scenarios/language/parse.h"
#include "sim/memory/memory_world.h"

namespace mq::cli {

using namespace std::chrono_literals;

inline std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    constexpr const char* digits = "0123456789abcdef";
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

inline std::string text_field(std::string_view text) {
  return std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 255)} +
         std::string(text);
}
inline std::string packet(unsigned char first, const std::string& body) {
  return std::string{static_cast<char>(first), static_cast<char>(body.size())} + body;
}

struct Connect {
  std::string id;
  int version = 4;
  bool clean = true;
  int keep_alive = 0;
  std::string will;             // topic and payload
  std::string will_properties;  // 5.0
  std::string properties;       // 5.0
  std::optional<std::pair<std::string, std::string>> login;
};

inline std::string to_bytes(const Connect& connect) {
  int flags = connect.clean ? 2 : 0;
  if (!connect.will.empty()) flags |= 4;
  if (connect.login) flags |= 0xc0;
  std::string body = text_field("MQTT") + static_cast<char>(connect.version) +
                     static_cast<char>(flags) + static_cast<char>(connect.keep_alive >> 8) +
                     static_cast<char>(connect.keep_alive & 255);
  const auto properties = [&](const std::string& all) {
    return connect.version == 5 ? static_cast<char>(all.size()) + all : std::string();
  };
  body += properties(connect.properties) + text_field(connect.id);
  if (!connect.will.empty())
    body +=
        properties(connect.will_properties) + text_field(connect.will) + text_field(connect.will);
  if (connect.login) body += text_field(connect.login->first) + text_field(connect.login->second);
  return packet(0x10, body);
}

inline std::string seconds_property(char id, int seconds) {
  return std::string{id, 0, 0, static_cast<char>(seconds >> 8), static_cast<char>(seconds & 255)};
}

// A broker, and what its clients hear, with the instant: "96.000 watcher 3007..", "96.000 x end".
class Stage {
 public:
  explicit Stage(const std::string& broker, const std::string& faults = {}) {
    auto parsed = scenario::parse(
        "version: 1\nname: a\nduration: 1h\nworld: memory\nfleet: { x: { protocol: 3.1.1 } }\n"
        "broker: { external: " +
            broker + " }\n" + faults,
        "test.yaml");
    auto& plan = std::get<scenario::Plan>(parsed);
    log_ = std::filesystem::temp_directory_path().string() + "/mqttlab-" + broker + "-" +
           std::to_string(::getpid()) + ".log";
    broker_ = broker_of_run(plan, broker::Fault{}, log_);
    if (!plan.groups[0].user_name.empty())
      login_ = {plan.groups[0].user_name, plan.groups[0].password};
    start();
  }
  ~Stage() {
    broker_.reset();
    std::filesystem::remove(log_);
  }

  void start() { deadline_ = backend().start(now_); }
  void kill() {
    backend().kill(sim::Crash::process);
    names_.clear();
    deadline_.reset();
  }

  sim::BackendLink connect(Connect connect) {
    if (!connect.login) connect.login = login_;
    const auto link = backend().open("10.0.0.1:" + std::to_string(4000 + names_.size()));
    names_[link] = connect.id;
    send(link, to_bytes(connect));
    return link;
  }
  void send(sim::BackendLink link, const std::string& bytes) {
    backend().write(link, std::as_bytes(std::span(bytes.data(), bytes.size())));
    step();
  }
  void leave(sim::BackendLink link) {  // without a DISCONNECT
    backend().half_close(link);
    step();
  }

  void run_until(Instant end) {
    while (deadline_ && *deadline_ <= end && trouble().empty()) {
      now_ = std::max(now_, *deadline_);
      step();
    }
    now_ = end;
    step();
  }
  void forget() { heard_.clear(); }
  const std::vector<std::string>& heard() const { return heard_; }
  std::string trouble() const { return broker_->trouble(); }
  BrokerOfRun& broker() { return *broker_; }

 private:
  sim::BrokerBackend& backend() { return broker_->backend(); }

  void step() {
    deadline_ = backend().step(now_);
    for (const auto& ready : backend().ready()) {
      std::array<std::byte, 4096> bytes;
      const std::size_t count = backend().read(ready.link, bytes);
      if (count > 0) hear(ready.link, hex({reinterpret_cast<const char*>(bytes.data()), count}));
      if (ready.closed) hear(ready.link, "end");
    }
  }
  void hear(sim::BackendLink link, const std::string& what) {
    char at[32];
    std::snprintf(at, sizeof at, "%.3f ",
                  std::chrono::duration<double>(now_.time_since_epoch()).count());
    heard_.push_back(at + names_[link] + " " + what);
  }

  std::string log_;
  std::unique_ptr<BrokerOfRun> broker_;
  std::optional<std::pair<std::string, std::string>> login_;
  Instant now_{};
  std::optional<Instant> deadline_;
  std::map<sim::BackendLink, std::string> names_;
  std::vector<std::string> heard_;
};

// Null, and the test is skipped, where the broker is not installed.
#define STAGE_OR_SKIP(stage, ...)                                     \
  std::unique_ptr<Stage> stage;                                       \
  try {                                                               \
    stage = std::make_unique<Stage>(__VA_ARGS__);                     \
  } catch (const NoBroker& none) {                                    \
    ASSERT_EQ(none.exit_code, exit_code::unreachable) << none.what(); \
    GTEST_SKIP() << none.what();                                      \
  }                                                                   \
  ASSERT_EQ(stage->trouble(), "")

inline const std::string subscribe_to_will =
    packet(0x82, std::string{0, 1} + text_field("will") + '\0');
inline const std::string will_message = hex(packet(0x30, text_field("will") + "will"));

// ---- Whole scenarios ----------------------------------------------------------------------------

inline constexpr std::string_view scenario_text = R"(
version: 1
name: a fleet on a bad line
duration: 6min
calm: 2min
world: memory
links:
  slow: { rate: 20 kbit/s, delay: 300ms, jitter: 100ms, loss: 2%,
          outages: { between: 2min, length: 10s } }
fleet:
  meters: { count: 5, protocol: 3.1.1, link: slow, clean_start: false, keep_alive: 20s,
            will: { topic: "state/{id}", qos: 1 },
            publish: [ { topic: "a/{id}", qos: 1, every: 10s },
                       { topic: "b/{id}", qos: QOS, every: 15s, payload: 2kB } ] }
  office: { count: 2, protocol: 3.1.1, clean_start: false,
            subscribe: [ { filter: "#", qos: QOS } ] }
faults:
  - { at: 1min, cut: slow, for: 40s, every: 2min }
)";

class Nobody final : public trace::Observer {
 public:
  void observe(const trace::Event& event) override {
    if (std::holds_alternative<trace::Delivered>(event.what)) ++delivered;
  }
  int delivered = 0;
};

inline std::string hash_of_run(const std::string& name, int* delivered) {
  std::string text(scenario_text);
  const std::string qos = name == "rabbitmq" ? "1" : "2";
  for (std::size_t at; (at = text.find("QOS")) != std::string::npos;) text.replace(at, 3, qos);
  auto parsed = scenario::parse(text, "test.yaml");
  auto& plan = std::get<scenario::Plan>(parsed);
  plan.broker.external = name;
  const std::string log = std::filesystem::temp_directory_path().string() + "/mqttlab-hash-" +
                          std::to_string(::getpid()) + ".log";
  auto broker = broker_of_run(plan, broker::Fault{}, log);
  sim::MemoryWorld world(plan.seed);
  Nobody observer;
  const auto end = scenario::run(plan, world, broker->backend(), observer);
  EXPECT_EQ(broker->trouble(), "");
  *delivered = observer.delivered;
  broker.reset();
  std::filesystem::remove(log);
  return end.hash;
}

}  // namespace mq::cli
