// What an acknowledgement is worth: the real broker on a real disk, killed with SIGKILL at random
// moments under load, again and again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>

#include "base/testing/sanitized.h"
#include "broker/endurance/publisher.h"
#include "broker/endurance/subscriber.h"
#include "broker/endurance/testing/broker_process.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;

#ifdef MQ_MANY_KILLS
constexpr int kills = 200;
#else
constexpr int kills = 20;
#endif

struct Tally {
  std::uint64_t acknowledged = 0, redelivered = 0, lost = 0, duplicated = 0, out_of_order = 0,
                lost_sessions = 0, stale_retained = 0, refused = 0;
};

// On a real disk: what lies in memory needs no sync.
struct Folder {
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "mqttlab-kill-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

class Load {
 public:
  // After `silence` what is still owed counts as lost.
  Load(BrokerProcess& broker, std::uint64_t seed, std::chrono::milliseconds silence)
      : broker_(broker), chance_(seed), silence_(silence) {
    for (int at = 0; at < 4; ++at)
      publishers_.push_back(std::make_unique<Publisher>(
          Publisher::Options{.name = "p" + std::to_string(at),
                             .qos = at % 2 == 0 ? Qos::at_least_once : Qos::exactly_once,
                             .retains_every = 9}));
    for (Qos qos : {Qos::at_least_once, Qos::exactly_once}) {
      const std::string name = "s" + std::to_string(static_cast<int>(qos));
      online_.push_back(std::make_unique<Subscriber>(name + "-online", qos));
      offline_.push_back(std::make_unique<Subscriber>(name + "-offline", qos));
    }
  }

  // One life of the broker: who was away takes what it is owed, then all work until the end comes.
  void live_and_die() {
    ASSERT_TRUE(broker_.start()) << broker_.output();
    check_retained();
    ASSERT_NO_FATAL_FAILURE(take_what_is_owed(offline_));
    for (auto& subscriber : offline_) subscriber->disconnect();
    begin();
    serve(all_, std::chrono::milliseconds(20 + chance_() % 150), [] { return false; });
    broker_.kill();
  }

  // The last life: everything that is owed arrives.
  void settle(std::chrono::milliseconds patience = 20s) {
    ASSERT_TRUE(broker_.start()) << broker_.output();
    check_retained();
    for (auto& publisher : publishers_) publisher->pause();
    begin();
    serve(all_, patience, [&] {
      return std::none_of(publishers_.begin(), publishers_.end(),
                          [](const auto& p) { return p->has_open(); });
    });
    ASSERT_NO_FATAL_FAILURE(take_what_is_owed(online_));
    ASSERT_NO_FATAL_FAILURE(take_what_is_owed(offline_));
  }

  Tally count() const {
    Tally tally;
    tally.stale_retained = stale_retained_;
    for (const auto& p : publishers_) {
      tally.acknowledged += p->acknowledged_count();
      tally.refused += p->refused();
      tally.lost_sessions += p->lost_sessions();
      for (const auto* subscribers : {&online_, &offline_})
        for (const auto& s : *subscribers)
          for (std::uint64_t number = 1; number <= p->published(); ++number)
            if (p->acknowledged(number) && !s->received(p->options().name, number)) ++tally.lost;
    }
    for (const auto* subscribers : {&online_, &offline_})
      for (const auto& s : *subscribers) {
        tally.lost_sessions += s->lost_sessions();
        tally.out_of_order += s->out_of_order();
      }
    // To QoS 1 subscribers everything may come again; to the others what was published so.
    for (const auto* subscribers : {&online_, &offline_}) {
      tally.redelivered += (*subscribers)[0]->repeated();
      tally.duplicated += (*subscribers)[1]->repeated_exactly_once();
      tally.redelivered +=
          (*subscribers)[1]->repeated() - (*subscribers)[1]->repeated_exactly_once();
    }
    return tally;
  }

 private:
  void begin() {
    all_.clear();
    for (auto& s : online_) all_.push_back(s.get());
    for (auto& p : publishers_) all_.push_back(p.get());
    // Nobody is a new subscriber after the first publisher has begun.
    for (auto& s : online_) s->connect(broker_.port());
    serve(all_, 10s, [&] {
      return std::all_of(online_.begin(), online_.end(),
                         [](const auto& s) { return s->is_welcome() && s->is_subscribed(); });
    });
    for (auto& p : publishers_) p->connect(broker_.port());
  }

  // Until nothing has come for a while and everything acknowledged is there.
  void take_what_is_owed(std::vector<std::unique_ptr<Subscriber>>& subscribers) {
    std::vector<WireClient*> clients;
    for (auto& s : subscribers) {
      if (!s->is_open()) s->connect(broker_.port());
      clients.push_back(s.get());
    }
    const bool are_let_in = serve(clients, 20s, [&] {
      return std::all_of(subscribers.begin(), subscribers.end(),
                         [](const auto& s) { return s->is_welcome() && s->is_subscribed(); });
    });
    ASSERT_TRUE(are_let_in) << "the broker takes no subscriber: " << broker_.output();
    std::uint64_t count = 0;
    bool is_complete = false;
    auto quiet_since = std::chrono::steady_clock::now();
    serve(clients, 60s, [&] {
      std::uint64_t now = 0;
      for (auto& s : subscribers) now += s->count();
      if (now != count) {
        count = now;
        quiet_since = std::chrono::steady_clock::now();
        return false;
      }
      const auto quiet = std::chrono::steady_clock::now() - quiet_since;
      if (quiet > 15ms) is_complete = is_complete || has_all(subscribers);
      return (is_complete && quiet > 15ms) || quiet > silence_;
    });
  }

  bool has_all(const std::vector<std::unique_ptr<Subscriber>>& subscribers) const {
    for (const auto& s : subscribers)
      for (const auto& p : publishers_)
        for (std::uint64_t number = p->published(); number > 0 && number + 4000 > p->published();
             --number)
          if (p->acknowledged(number) && !s->received(p->options().name, number)) return false;
    return true;
  }

  void check_retained() {
    Subscriber fresh("fresh", Qos::at_most_once, "state/#", Subscriber::Stays::no);
    fresh.connect(broker_.port());
    std::vector<WireClient*> one{&fresh};
    serve(one, 500ms, [&] {
      return fresh.is_subscribed() &&
             std::all_of(publishers_.begin(), publishers_.end(), [&](const auto& p) {
               return fresh.last(p->options().name) >= p->retained_at_least();
             });
    });
    for (const auto& p : publishers_)
      if (fresh.last(p->options().name) < p->retained_at_least()) ++stale_retained_;
  }

  BrokerProcess& broker_;
  std::mt19937_64 chance_;
  std::chrono::milliseconds silence_;
  std::vector<std::unique_ptr<Publisher>> publishers_;
  std::vector<std::unique_ptr<Subscriber>> online_, offline_;  // QoS 1, QoS 2
  std::vector<WireClient*> all_;
  std::uint64_t stale_retained_ = 0;
};

void print(const char* who, const Tally& tally, int lives) {
  std::printf(
      "%s, %d kills: acknowledged %zu, lost %zu, redelivered at QoS 1 %zu, duplicated at QoS 2 "
      "%zu, out of order %zu, sessions lost %zu, stale retained %zu, refused %zu\n",
      who, lives, static_cast<std::size_t>(tally.acknowledged),
      static_cast<std::size_t>(tally.lost), static_cast<std::size_t>(tally.redelivered),
      static_cast<std::size_t>(tally.duplicated), static_cast<std::size_t>(tally.out_of_order),
      static_cast<std::size_t>(tally.lost_sessions), static_cast<std::size_t>(tally.stale_retained),
      static_cast<std::size_t>(tally.refused));
}

class Kill : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Durabilities, Kill, ::testing::Values("power", "process"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(Kill, LosesNothingThatWasAcknowledged) {
  Folder folder;
  BrokerProcess broker(BrokerProcess::Which::ours, folder.path,
                       {"--store", folder.path / "store.db", "--durability", GetParam()});
  const std::uint64_t seed = std::random_device{}();
  std::printf("seed %zu\n", static_cast<std::size_t>(seed));
  Load load(broker, seed, 20s);
  for (int life = 0; life < kills; ++life)
    ASSERT_NO_FATAL_FAILURE(load.live_and_die()) << "life " << life;
  ASSERT_NO_FATAL_FAILURE(load.settle());
  const Tally tally = load.count();
  print((std::string("ours, ") + GetParam()).c_str(), tally, kills);
  EXPECT_GT(tally.acknowledged, (is_sanitized ? 5u : 20u) * kills);  // the load was one
  EXPECT_EQ(tally.lost, 0u);
  EXPECT_EQ(tally.duplicated, 0u);
  EXPECT_EQ(tally.out_of_order, 0u);
  EXPECT_EQ(tally.lost_sessions, 0u);
  EXPECT_EQ(tally.stale_retained, 0u);
  EXPECT_EQ(tally.refused, 0u);
}

// The same eyes see a broker that keeps nothing.
TEST(KillWithoutAStore, IsSeenToLose) {
  Folder folder;
  BrokerProcess broker(BrokerProcess::Which::ours, folder.path);
  Load load(broker, 1, 500ms);
  ASSERT_NO_FATAL_FAILURE(load.live_and_die());
  ASSERT_NO_FATAL_FAILURE(load.settle(1s));
  const Tally tally = load.count();
  EXPECT_GT(tally.lost, 0u);
  EXPECT_GT(tally.lost_sessions, 0u);
  EXPECT_GT(tally.stale_retained, 0u);
}

// The comparison, reported and not judged: with its own persistence, as Debian sets it up.
TEST(KillMosquitto, IsReported) {
  Folder folder;
  BrokerProcess broker(BrokerProcess::Which::mosquitto, folder.path);
  Load load(broker, 1, 500ms);
  constexpr int lives = 2;
  for (int life = 0; life < lives; ++life)
    ASSERT_NO_FATAL_FAILURE(load.live_and_die()) << "life " << life;
  ASSERT_NO_FATAL_FAILURE(load.settle(1s));
  print("mosquitto, persistence true", load.count(), lives);
}

}  // namespace
}  // namespace mq::broker
