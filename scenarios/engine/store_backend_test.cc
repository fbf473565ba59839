#include "scenarios/engine/store_backend.h"

#include <gtest/gtest.h>

#include "sim/memory/memory_world.h"

namespace mq::scenario {
namespace {

using namespace std::chrono_literals;
using sim::BackendLink;

// Says which of its functions were called.
class NoBroker final : public sim::BrokerBackend {
 public:
  std::optional<Instant> start(Instant) override { return std::nullopt; }
  std::optional<Instant> step(Instant) override { return std::nullopt; }
  BackendLink open(const std::string& peer) override {
    opened.push_back(peer);
    return BackendLink{7};
  }
  std::size_t write(BackendLink, std::span<const std::byte> bytes) override { return bytes.size(); }
  std::size_t read(BackendLink, std::span<std::byte>) override { return 0; }
  void half_close(BackendLink) override {}
  void reset(BackendLink) override {}
  std::vector<Ready> ready() override { return {}; }
  void kill(sim::Crash) override {}

  std::vector<std::string> opened;
};

class Counter final : public trace::Observer {
 public:
  void observe(const trace::Event& event) override {
    if (std::holds_alternative<trace::HttpSeen>(event.what)) ++messages;
  }
  int messages = 0;
};

class StoreBackendTest : public testing::Test {
 protected:
  StoreBackendTest() { store.start(now); }
  BackendLink opens() { return store.open("http"); }
  std::size_t says(BackendLink link, const std::string& text) {
    return store.write(link, std::as_bytes(std::span(text)));
  }
  void step() {
    deadline = store.step(now);
    for (const auto& ready : store.ready()) closed = closed || ready.closed;
  }
  // What it has for the peer, as much as there is.
  std::string hears(BackendLink link, std::size_t most = 1 << 20) {
    std::vector<std::byte> into(most);
    into.resize(store.read(link, into));
    return {reinterpret_cast<const char*>(into.data()), into.size()};
  }
  std::string asked(BackendLink link, const std::string& text) {
    says(link, text);
    step();
    return hears(link);
  }
  static unsigned status(const std::string& answer) {
    return answer.size() < 12 ? 0 : static_cast<unsigned>(std::stoi(answer.substr(9, 3)));
  }
  void after(Duration time) {
    now += time;
    step();
  }

  const std::string put = "PUT /a HTTP/1.1\r\nHost: s\r\nContent-Length: 5\r\n\r\nvalue";
  const std::string get = "GET /a HTTP/1.1\r\nHost: s\r\n\r\n";
  Instant now{};
  std::optional<Instant> deadline;
  bool closed = false;
  sim::MemoryWorld world{1};
  Counter seen;
  Tracer tracer{world, seen};
  NoBroker broker;
  StoreBackend store{
      broker, tracer, StorePlan{.idle_timeout = 75s}, [](const std::string& peer) {
        return peer == "http" ? std::optional(trace::Connection{{}, 1}) : std::nullopt;
      }};
};

TEST_F(StoreBackendTest, LetsEverybodyElseThroughToTheBroker) {
  EXPECT_EQ(store.open("mqtt"), BackendLink{7});
  opens();
  EXPECT_EQ(broker.opened, std::vector<std::string>{"mqtt"});
}

TEST_F(StoreBackendTest, AnswersOverAConnectionThatItKeeps) {
  const BackendLink link = opens();
  EXPECT_EQ(status(asked(link, put)), 201u);
  EXPECT_TRUE(asked(link, get).ends_with("\r\n\r\nvalue"));
  EXPECT_FALSE(closed);
  EXPECT_EQ(seen.messages, 4);
}

TEST_F(StoreBackendTest, ClosesAConnectionThatIsNotToBeKept) {
  const BackendLink link = opens();
  says(link, "GET /a HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n" + get);
  step();
  EXPECT_TRUE(closed);
  EXPECT_EQ(status(hears(link)), 404u);
  EXPECT_EQ(seen.messages, 2) << "what comes after the last request is not answered";
}

TEST_F(StoreBackendTest, AnswersWhatIsNoHttpAndCloses) {
  for (const std::string& text :
       {std::string("\x10\x2a\0\4MQTT\5\2", 10), std::string("GET\r\n\r\n"),
        std::string(transport::http_header_bytes_max + 1, 'G')}) {
    closed = false;
    const BackendLink link = opens();
    says(link, text);
    step();
    EXPECT_TRUE(closed);
    EXPECT_EQ(hears(link).substr(0, 10), "HTTP/1.1 4");
    EXPECT_EQ(asked(link, get), "") << "nothing is heard after it";
  }
}

TEST_F(StoreBackendTest, RefusesAValueThatIsTooLongBeforeItHasCome) {
  const BackendLink link = opens();
  const std::size_t most = transport::HttpLimits{}.body_bytes_max;
  const std::string head = "PUT /a HTTP/1.1\r\nHost: s\r\nContent-Length: ";
  EXPECT_EQ(status(asked(link, head + std::to_string(most) + "\r\n\r\n" + std::string(most, 'x'))),
            201u);
  EXPECT_EQ(status(asked(link, head + std::to_string(most + 1) + "\r\n\r\n")), 413u);
  EXPECT_TRUE(closed);
}

TEST_F(StoreBackendTest, ClosesAConnectionOverWhichNobodyAsks) {
  const BackendLink link = opens();
  after(10s);
  asked(link, get);
  EXPECT_EQ(deadline, Instant(85s));
  after(75s - 1ns);
  EXPECT_FALSE(closed);
  after(1ns);
  EXPECT_TRUE(closed);
  EXPECT_EQ(hears(link), "");
}

TEST_F(StoreBackendTest, TellsWhoSaysHalfOfARequestThatItWaitsNoLonger) {
  const BackendLink link = opens();
  // A byte now and then does not keep it open.
  for (int second = 0; second < 74; ++second) {
    says(link, get.substr(static_cast<std::size_t>(second) % 10, 1));
    after(1s);
  }
  EXPECT_FALSE(closed);
  after(1s);
  EXPECT_TRUE(closed);
  EXPECT_EQ(status(hears(link)), 408u);
}

TEST_F(StoreBackendTest, HoldsNoMoreAnswersThanSomebodyTakes) {
  const BackendLink link = opens();
  const std::string value(512 * 1024, 'x');
  asked(link, "PUT /a HTTP/1.1\r\nHost: s\r\nContent-Length: " + std::to_string(value.size()) +
                  "\r\n\r\n" + value);
  std::string many;
  for (int i = 0; i < 10; ++i) many += get;
  says(link, many);
  step();
  EXPECT_EQ(says(link, get), 0u) << "its further requests wait";
  std::size_t bytes = 0;
  for (std::string heard; !(heard = hears(link, 100'000)).empty();) bytes += heard.size();
  EXPECT_GT(bytes, 10 * value.size());
  EXPECT_LT(bytes, 10 * (value.size() + 400));
  EXPECT_EQ(says(link, get), get.size());
}

TEST_F(StoreBackendTest, AnswersWhoHasSaidThatHeAsksNoMore) {
  const BackendLink link = opens();
  says(link, get);
  store.half_close(link);
  step();
  EXPECT_EQ(status(hears(link)), 404u);
  EXPECT_TRUE(closed);
}

TEST_F(StoreBackendTest, KeepsItsValuesOverACrash) {
  asked(opens(), put);
  store.kill(sim::Crash::machine);
  store.start(now);
  EXPECT_EQ(status(asked(opens(), get)), 200u);
}

}  // namespace
}  // namespace mq::scenario
