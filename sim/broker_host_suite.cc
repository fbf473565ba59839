// The host of a broker, on every world: built once per world like world_suite.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "sim/broker_host.h"
#include "sim/world_suite.h"

namespace mq::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

Instant at(Duration since_start) { return Instant(since_start); }
std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A broker that notes what it is told and does what the test says.
class FakeBroker final : public BrokerBackend {
 public:
  struct Link {
    std::string peer, received, outgoing;
    bool ended = false, was_reset = false;  // by the peer
    bool closes = false, resets = false;    // by the broker
    bool has_news = false;
  };

  std::optional<Instant> start(Instant now) override {
    ensure(!running, "started once");
    running = true;
    starts.push_back(now);
    return deadline;
  }
  std::optional<Instant> step(Instant now) override {
    ensure(running, "only a running broker works");
    steps.push_back(now);
    for (auto& [id, link] : links)
      if (on_step) on_step(id, link);
    if (deadline && *deadline <= now) deadline.reset();
    return deadline;
  }
  BackendLink open(const std::string& peer) override {
    ensure(running, "only a running broker is connected to");
    const BackendLink id{++last};
    links[id].peer = peer;
    return id;
  }
  std::size_t write(BackendLink id, std::span<const std::byte> bytes) override {
    const std::size_t taken = std::min(bytes.size(), appetite);
    appetite -= taken;
    links.at(id).received += text(bytes.first(taken));
    return taken;
  }
  std::size_t read(BackendLink id, std::span<std::byte> into) override {
    std::string& outgoing = links.at(id).outgoing;
    const std::size_t count = std::min(into.size(), outgoing.size());
    std::copy_n(reinterpret_cast<const std::byte*>(outgoing.data()), count, into.begin());
    outgoing.erase(0, count);
    return count;
  }
  void half_close(BackendLink id) override {
    EXPECT_FALSE(std::exchange(links.at(id).ended, true)) << "told twice";
  }
  void reset(BackendLink id) override {
    EXPECT_FALSE(std::exchange(links.at(id).was_reset, true)) << "told twice";
  }
  std::vector<Ready> ready() override {
    std::vector<Ready> all;
    for (auto& [id, link] : links)
      if (std::exchange(link.has_news, false))
        all.push_back({id, !link.outgoing.empty(), link.closes, link.resets});
    return all;
  }
  Duration took() override { return std::exchange(busy, Duration{}); }
  void kill(Crash) override {
    running = false;
    links.clear();
  }

  Link& only_link() {
    ensure(links.size() == 1, "one link");
    return links.begin()->second;
  }

  std::function<void(BackendLink, Link&)> on_step;
  std::optional<Instant> deadline;
  std::size_t appetite = std::numeric_limits<std::size_t>::max();
  Duration busy{};  // with what it was given last
  bool running = false;
  std::map<BackendLink, Link> links;
  std::vector<Instant> starts, steps;

 private:
  std::uint64_t last = 0;
};

void echo(BackendLink, FakeBroker::Link& link) {
  if (link.received.empty()) return;
  link.outgoing += std::exchange(link.received, {});
  link.has_news = true;
}

struct Client {
  std::unique_ptr<Socket> socket;
  std::string received;
  bool reads = true;
  bool at_end = false;
  std::optional<CloseCause> failure;

  explicit Client(std::unique_ptr<Socket> opened) : socket(std::move(opened)) {
    socket->listen_to({.connected = {},
                       .readable = [this] { read(); },
                       .writable = [this] { flush(); },
                       .failed = [this](CloseCause cause) { failure = cause; }});
  }
  void send(std::string_view bytes) {
    unsent += bytes;
    flush();
  }
  void flush() { unsent.erase(0, socket->write(std::as_bytes(std::span(unsent)))); }
  void read() {
    if (!reads) return;
    std::byte buffer[1000];
    while (const std::size_t count = socket->read(buffer))
      received += text(std::span(buffer).first(count));
    at_end = socket->at_end();
  }
  std::string unsent;
};

class BrokerHostSuite : public testing::Test {
 protected:
  BrokerHostSuite() {
    const LinkDirection direction{.delay = 50ms};
    device = world->add_device("sensor-1", {.up = direction, .down = direction});
    other_device = world->add_device("sensor-2", {.up = direction, .down = direction});
    broker.on_step = echo;
    world->call_at(at(0s), [this] { host->start(); });
  }
  Client& open(DeviceId from) {
    clients.push_back(std::make_unique<Client>(world->connect(from)));
    return *clients.back();
  }
  ~BrokerHostSuite() override {
    clients.clear();
    host.reset();
  }

  std::unique_ptr<World> world = make_world(1);
  FakeBroker broker;
  std::unique_ptr<BrokerHost> host = std::make_unique<BrokerHost>(*world, broker);
  DeviceId device{}, other_device{};
  std::vector<std::unique_ptr<Client>> clients;
};

TEST_F(BrokerHostSuite, BytesGoToTheBrokerAndItsAnswerComesBack) {
  Client& client = open(device);
  client.send("hello");
  world->run_until(at(1s));
  EXPECT_EQ(client.received, "hello");
  EXPECT_EQ(broker.only_link().peer, client.socket->device_address());
  EXPECT_EQ(host->links(), 1u);
}

TEST_F(BrokerHostSuite, TheBrokerWorksOncePerInstantHoweverManySpeak) {
  Client& one = open(device);
  Client& two = open(other_device);
  world->call_at(at(1s), [&] {
    one.send("a");
    two.send("b");
  });
  world->run_until(at(999ms));
  broker.steps.clear();
  world->run_until(at(2s));
  EXPECT_EQ(broker.steps.size(), 1u);
  EXPECT_EQ(one.received + two.received, "ab");
}

TEST_F(BrokerHostSuite, ABrokerThatDoesNotTakeBytesStopsThePeerAndGetsAllOfThemLater) {
  broker.on_step = nullptr;
  broker.appetite = 1000;
  Client& client = open(device);
  const std::string sent(600'000, 'x');
  client.send(sent);
  client.send("end");
  world->run_until(at(60s));
  EXPECT_EQ(broker.only_link().received.size(), 1000u);
  EXPECT_FALSE(client.unsent.empty());
  broker.appetite = std::numeric_limits<std::size_t>::max();
  broker.deadline = at(61s);
  open(other_device);  // something that makes the broker work
  world->run_until(at(120s));
  EXPECT_TRUE(client.unsent.empty());
  EXPECT_EQ(broker.links.begin()->second.received, sent + "end");
}

TEST_F(BrokerHostSuite, APeerThatDoesNotReadLeavesTheBytesWithTheBroker) {
  Client& client = open(device);
  client.reads = false;
  const std::string much(2'000'000, 'y');
  broker.on_step = [&](BackendLink, FakeBroker::Link& link) {
    if (std::exchange(link.received, {}).empty()) return;
    link.outgoing = much;
    link.has_news = true;
  };
  client.send("go");
  world->run_until(at(60s));
  EXPECT_GT(broker.only_link().outgoing.size(), much.size() / 2);
  client.reads = true;
  world->call_at(at(60s), [&] { client.read(); });
  world->run_until(at(120s));
  EXPECT_TRUE(client.received == much);
  EXPECT_TRUE(broker.only_link().outgoing.empty());
}

TEST_F(BrokerHostSuite, TheEndOfThePeerComesAfterItsLastByte) {
  broker.on_step = nullptr;
  Client& client = open(device);
  client.send("last");
  client.socket->shutdown_write();
  world->run_until(at(5s));
  EXPECT_EQ(broker.only_link().received, "last");
  EXPECT_TRUE(broker.only_link().ended);
  EXPECT_FALSE(broker.only_link().was_reset);
  EXPECT_EQ(host->links(), 1u) << "the other direction is still open";
}

TEST_F(BrokerHostSuite, TheEndOfThePeerWaitsForBytesThatTheBrokerDoesNotTakeYet) {
  broker.on_step = nullptr;
  broker.appetite = 3;
  Client& client = open(device);
  client.send("abcdef");
  client.socket->shutdown_write();
  world->run_until(at(5s));
  EXPECT_EQ(broker.only_link().received, "abc");
  EXPECT_FALSE(broker.only_link().ended);
  broker.appetite = 100;
  open(other_device);
  world->run_until(at(10s));
  EXPECT_EQ(broker.links.begin()->second.received, "abcdef");
  EXPECT_TRUE(broker.links.begin()->second.ended);
}

TEST_F(BrokerHostSuite, AResetByThePeerIsTold) {
  Client& client = open(device);
  client.send("x");
  world->call_at(at(1s), [&] { client.socket->reset(); });
  world->run_until(at(5s));
  EXPECT_TRUE(broker.only_link().was_reset);
  EXPECT_EQ(host->links(), 0u);
}

TEST_F(BrokerHostSuite, AConnectionThatTcpGivesUpIsAResetForTheBroker) {
  open(device);
  world->run_until(at(1s));
  world->set_link(device, false, false);
  broker.only_link().outgoing = "anybody?";
  broker.only_link().has_news = true;
  open(other_device);
  world->run_until(at(2000s));
  EXPECT_TRUE(broker.links.begin()->second.was_reset);
}

TEST_F(BrokerHostSuite, ABrokerThatClosesStillSendsWhatItWrote) {
  Client& client = open(device);
  client.reads = false;
  const std::string much(1'000'000, 'z');
  broker.on_step = [&](BackendLink, FakeBroker::Link& link) {
    if (std::exchange(link.received, {}).empty()) return;
    link.outgoing = much;
    link.closes = true;
    link.has_news = true;
  };
  client.send("go");
  world->run_until(at(30s));
  EXPECT_EQ(host->links(), 1u);
  client.reads = true;
  world->call_at(at(30s), [&] { client.read(); });
  world->run_until(at(60s));
  EXPECT_TRUE(client.received == much);
  EXPECT_TRUE(client.at_end);
  EXPECT_FALSE(client.failure);
  EXPECT_EQ(host->links(), 0u);
}

TEST_F(BrokerHostSuite, ABrokerThatResetsIsSeenAsReset) {
  Client& client = open(device);
  broker.on_step = [&](BackendLink, FakeBroker::Link& link) {
    if (std::exchange(link.received, {}).empty()) return;
    link.resets = true;
    link.has_news = true;
  };
  client.send("go");
  world->run_until(at(5s));
  EXPECT_EQ(client.failure, CloseCause::reset);
  EXPECT_EQ(host->links(), 0u);
}

TEST_F(BrokerHostSuite, TheBrokerWorksAtItsDeadline) {
  broker.deadline = at(10s);
  world->run_until(at(20s));
  EXPECT_THAT(broker.steps, ElementsAre(at(10s)));
}

TEST_F(BrokerHostSuite, AnEarlierDeadlineReplacesALaterOne) {
  broker.deadline = at(100s);
  Client& client = open(device);
  world->call_at(at(10s), [&] {
    broker.deadline = at(12s);
    client.send("x");
  });
  world->run_until(at(11s));
  broker.steps.clear();
  world->run_until(at(50s));
  EXPECT_THAT(broker.steps, ElementsAre(at(12s)));
}

TEST_F(BrokerHostSuite, AKilledBrokerIsGoneAtOnceAndRefusesUntilItStartsAgain) {
  Client& before = open(device);
  before.send("x");
  broker.deadline = at(20s);
  world->call_at(at(10s), [&] { host->kill(Crash::process); });
  world->call_at(at(11s), [&] { open(other_device); });
  world->run_until(at(30s));
  EXPECT_FALSE(broker.running);
  EXPECT_TRUE(before.at_end || before.failure);
  EXPECT_EQ(clients.at(1)->failure, CloseCause::refused);
  EXPECT_EQ(host->links(), 0u);
  EXPECT_LT(broker.steps.back(), at(10s));
  world->call_at(at(40s), [&] {
    host->start();
    open(device).send("again");
  });
  world->run_until(at(50s));
  EXPECT_THAT(broker.starts, ElementsAre(at(0s), at(40s)));
  EXPECT_EQ(clients.at(2)->received, "again");
}

TEST_F(BrokerHostSuite, OfABrokerWhoseMachineLosesItsPowerNobodyHearsUntilItIsBack) {
  Client& before = open(device);
  before.send("x");
  world->call_at(at(9s), [&] { host->pause(); });
  world->call_at(at(9500ms), [&] { open(other_device); });  // its system has taken it
  world->call_at(at(10s), [&] { host->kill(Crash::machine); });
  world->call_at(at(11s), [&] { open(other_device).send("anew"); });
  world->run_until(at(14s));
  EXPECT_FALSE(broker.running);
  EXPECT_EQ(host->links(), 0u);
  world->call_at(at(15s), [&] { host->start(); });
  world->call_at(at(30s), [&] { before.send("are you there?"); });
  world->run_until(at(29s));
  for (const auto& client : clients) EXPECT_FALSE(client->at_end || client->failure);
  EXPECT_EQ(clients.at(2)->received, "anew") << "when it connects again";
  world->run_until(at(40s));
  EXPECT_EQ(before.failure, CloseCause::reset);
}

TEST_F(BrokerHostSuite, ABrokerThatStandsStillTakesAllThatCameMeanwhileWhenItGoesOn) {
  Client& client = open(device);
  client.send("a");
  world->run_until(at(1s));
  const std::size_t steps = broker.steps.size();
  host->pause();
  broker.deadline = at(3s);
  world->call_at(at(2s), [&] { client.send("b"); });
  world->call_at(at(4s), [&] { open(other_device).send("c"); });
  world->call_at(at(5s), [&] { client.socket.reset(); });
  world->run_until(at(9s));
  EXPECT_EQ(broker.steps.size(), steps) << "it does not work";
  EXPECT_EQ(host->links(), 1u);
  EXPECT_EQ(client.received, "a");
  EXPECT_FALSE(clients[1]->failure) << "its system takes connections";
  std::vector<std::string> heard;
  broker.on_step = [&](BackendLink, FakeBroker::Link& link) {
    if (!link.received.empty()) heard.push_back(std::exchange(link.received, {}));
  };
  world->call_at(at(10s), [&] { host->resume(); });
  world->run_until(at(11s));
  EXPECT_THAT(heard, ElementsAre("b", "c"));
  EXPECT_EQ(broker.steps.at(steps), at(10s));
}

TEST_F(BrokerHostSuite, AConnectionThatIsResetBeforeTheBrokerHearsOfItIsTold) {
  host->pause();
  Client& client = open(device);
  client.send("x");
  world->call_at(at(1s), [&] { client.socket->reset(); });
  world->call_at(at(5s), [&] { host->resume(); });
  world->run_until(at(9s));
  EXPECT_TRUE(broker.only_link().was_reset);
  EXPECT_EQ(host->links(), 0u);
}

TEST_F(BrokerHostSuite, ABrokerMayBeKilledWhileItStandsStill) {
  Client& client = open(device);
  world->run_until(at(1s));
  host->pause();
  world->call_at(at(2s), [&] { client.send("lost"); });
  world->call_at(at(3s), [&] { host->kill(Crash::process); });
  world->call_at(at(4s), [&] { host->resume(); });
  world->call_at(at(5s), [&] { host->start(); });
  world->call_at(at(6s), [&] { open(other_device).send("anew"); });
  world->run_until(at(8s));
  EXPECT_EQ(clients[1]->received, "anew");
}

// Two packets at nearly the same time: the second one waits for its turn.
TEST_F(BrokerHostSuite, ABrokerWhoseWorkTakesTimeAnswersLaterAndHearsOfNothingMeanwhile) {
  Client& one = open(device);
  Client& two = open(other_device);
  world->run_until(at(1s));
  broker.on_step = [&](BackendLink id, FakeBroker::Link& link) {
    if (!link.received.empty()) broker.busy = 2s;
    echo(id, link);
  };
  broker.steps.clear();
  world->call_at(at(1s), [&] { one.send("a"); });
  world->call_at(at(1500ms), [&] { two.send("b"); });
  world->run_until(at(3040ms));
  EXPECT_EQ(one.received, "");
  EXPECT_EQ(broker.steps.size(), 1U);
  world->run_until(at(3150ms));
  EXPECT_EQ(one.received, "a");
  world->run_until(at(5040ms));
  EXPECT_EQ(two.received, "");
  world->run_until(at(5150ms));
  EXPECT_EQ(two.received, "b");
}

TEST_F(BrokerHostSuite, ABrokerThatStandsStillWhileItIsBusyAnswersWhenItGoesOn) {
  Client& client = open(device);
  world->run_until(at(1s));
  broker.on_step = [&](BackendLink id, FakeBroker::Link& link) {
    if (!link.received.empty()) broker.busy = 1s;
    echo(id, link);
  };
  client.send("a");
  world->call_at(at(1500ms), [&] { host->pause(); });
  world->call_at(at(5s), [&] { host->resume(); });
  world->run_until(at(5s));
  EXPECT_EQ(client.received, "");
  world->run_until(at(5100ms));
  EXPECT_EQ(client.received, "a");
}

TEST_F(BrokerHostSuite, ABrokerMayBeKilledWhileItIsBusy) {
  Client& client = open(device);
  world->run_until(at(1s));
  broker.on_step = [&](BackendLink id, FakeBroker::Link& link) {
    if (!link.received.empty()) broker.busy = 1s;
    echo(id, link);
  };
  client.send("lost");
  world->call_at(at(1500ms), [&] { host->kill(Crash::process); });
  world->call_at(at(1600ms), [&] { host->start(); });
  world->call_at(at(2s), [&] { open(other_device).send("anew"); });
  world->run_until(at(5s));
  EXPECT_EQ(clients[0]->received, "");
  EXPECT_EQ(clients[1]->received, "anew");
}

TEST_F(BrokerHostSuite, NobodyIsAcceptedBeforeTheStart) {
  host.reset();
  host = std::make_unique<BrokerHost>(*world, broker);
  world->call_at(at(0s), [this] { host->kill(Crash::process); });
  world->call_at(at(1s), [this] { open(device); });
  world->run_until(at(2s));
  EXPECT_EQ(clients.at(0)->failure, CloseCause::refused);
}

}  // namespace
}  // namespace mq::sim
