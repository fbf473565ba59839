// The client core against the broker core: two clients, one broker, links that deliver in random
// portions and break at random with the loss of what they carried, stores that are slow, a broker
// and a publisher that crash. After the storm a calm; then everything that was owed must be there:
// QoS 1 at least once, QoS 2 exactly once, in order. And neither may ever catch the other breaking
// a rule of the standard.
//
// One run is one seed: MQ_SEED=17 client_two_party_test repeats it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/overloaded.h"
#include "broker/core/broker.h"
#include "broker/store/memory_store.h"
#include "client/core/client.h"
#include "client/core/client_store.h"

namespace mq::client {
namespace {

using namespace std::chrono_literals;

struct Chaos {
  bool broker_crashes = false;
  bool publisher_crashes = false;
  Version publisher = Version::v5;
  Version subscriber = Version::v5;
};

struct Party {
  Settings settings;
  std::optional<Client> client;
  ClientStore store;
  std::uint64_t persists = 0;
  std::uint64_t persisted = 0;
  bool wants_link = false;
  std::optional<std::size_t> link;
};

struct Link {
  broker::LinkId id;
  Party* party;
  std::string up, down;                           // on the way
  bool client_knows = true, broker_knows = true;  // LinkDown is still to come there
  bool cut = false, client_closed = false, broker_closed = false;
};

class World {
 public:
  World(std::uint64_t seed, Chaos chaos) : rng_(seed), chaos_(chaos) {
    publisher_.settings = settings("publisher", chaos.publisher);
    subscriber_.settings = settings("subscriber", chaos.subscriber);
    broker_.emplace(broker::Settings{}, rng_.child("broker"));
    create(publisher_);
    create(subscriber_);
  }

  void run() {
    while (!subscribed_ && steps_ < 10'000) step(false);
    ASSERT_TRUE(subscribed_);
    for (int storm = 0; storm < 1500 && !testing::Test::HasFailure(); ++storm) step(true);
    for (int calm = 0; calm < 200'000 && !settled(); ++calm) step(false);
    check();
  }

 private:
  static Settings settings(std::string id, Version version) {
    Settings made{.version = version,
                  .client_id = std::move(id),
                  .clean_start = false,
                  .session_expiry = 0xFFFFFFFF,
                  .keep_alive = 30s};
    made.reconnect.first = 100ms;
    made.reconnect.max = 5s;
    made.limits.receive_maximum = 7;
    made.limits.inflight_messages = 5;
    return made;
  }

  void create(Party& party) {
    party.client.emplace(party.settings, rng_.child(party.settings.client_id),
                         party.store.recover());
    party.persists = party.persisted = 0;
    party.wants_link = false;
    give(party, Start{});
  }

  void give(Party& party, const Input& input) {
    party.client->handle(input, now_);
    while (auto output = party.client->poll())
      std::visit(overloaded{[&](OpenLink&) { party.wants_link = true; },
                            [&](SendBytes& order) { on_sent(party, order.bytes); },
                            [&](CloseLink& order) { on_close(party, order.because); },
                            [&](Persist& order) {
                              party.persists = order.sequence;
                              party.store.append(order);
                            },
                            [&](Subscribed&) { subscribed_ = true; },
                            [&](Connected& news) {
                              if (&party == &subscriber_ && !news.conn_ack.session_present)
                                give_later_.push_back(subscription());
                            },
                            [&](Message& news) { on_message(news.publish); },
                            [&](Completed& news) { on_completed(news); }, [&](auto&) {}},
                 *output);
    while (!give_later_.empty()) {
      const Input next = give_later_.front();
      give_later_.pop_front();
      give(party, next);
    }
  }

  static SubscribeOrder subscription() {
    return SubscribeOrder{Handle{1}, {{"t/#", {.qos = Qos::exactly_once}}}, {}};
  }

  void on_sent(Party& party, const Bytes& bytes) {
    ASSERT_TRUE(party.link.has_value());
    Link& link = links_[*party.link];
    if (!link.cut && link.broker_knows) link.up += bytes.text();
    sent_.emplace_back(&party, bytes.size());
  }

  // A silent link is the world's fault; anything else is a rule that the broker broke.
  void on_close(Party& party, Rule because) {
    EXPECT_TRUE(because == Rule::none || because == Rule::silence_closes_link)
        << "the client caught the broker: " << info(because).name;
    if (!party.link) {
      party.wants_link = false;
      give_later_.push_back(LinkDown{});
      return;
    }
    links_[*party.link].client_closed = true;
  }

  void give_broker(const broker::Input& input) {
    broker_->handle(input, now_);
    while (auto output = broker_->poll())
      std::visit(overloaded{[&](broker::SendBytes& order) {
                              Link& link = link_of(order.link);
                              if (!link.cut && link.client_knows) link.down += order.bytes.text();
                              broker_sent_.emplace_back(order.link, order.bytes.size());
                            },
                            [&](broker::CloseLink& order) {
                              link_of(order.link).broker_closed = true;
                              EXPECT_TRUE(order.because == Rule::none ||
                                          order.because == Rule::silence_closes_link ||
                                          order.because == Rule::connect_arrives_in_time ||
                                          order.because == Rule::one_link_per_session)
                                  << "the broker caught the client: " << info(order.because).name;
                            },
                            [&](broker::ReadLink&) {}, [&](broker::Authenticate&) {},
                            [&](broker::Persist& order) {
                              store_.append(order.sequence, std::move(order.record));
                              broker_persists_ = order.sequence;
                            },
                            [&](broker::Note& note) {
                              EXPECT_NE(note.what, broker::Note::What::message_dropped);
                            }},
                 *output);
  }

  Link& link_of(broker::LinkId id) { return links_[static_cast<std::size_t>(id) - 1]; }

  // What happens next is chance. In the calm the links work, and time passes only when nothing
  // else is left to do.
  void step(bool storm) {
    ++steps_;
    tell_drained();
    std::vector<std::function<void()>> can;
    for (Party* party : {&publisher_, &subscriber_}) {
      if (party->wants_link) can.emplace_back([=, this] { open(*party, storm); });
      if (party->persisted < party->persists) can.emplace_back([=, this] { persist(*party); });
    }
    if (broker_persisted_ < broker_persists_)
      can.emplace_back([this] {
        broker_persisted_ = store_.commit();
        give_broker(broker::Persisted{broker_persisted_});
      });
    for (std::size_t i = 0; i < links_.size(); ++i) add_link_actions(i, storm, can);
    if (storm && rng_.below(3) == 0) can.emplace_back([this] { publish(); });
    if (can.empty() || (storm && rng_.below(20) == 0)) return pass_time();
    if (storm && chaos_.broker_crashes && rng_.below(150) == 0) return crash_broker();
    if (storm && chaos_.publisher_crashes && rng_.below(150) == 0) return crash_publisher();
    can[rng_.below(can.size())]();
  }

  void add_link_actions(std::size_t i, bool storm, std::vector<std::function<void()>>& can) {
    const Link& link = links_[i];
    if (!link.client_knows && !link.broker_knows) return;
    if (link.broker_knows && !link.up.empty()) can.emplace_back([=, this] { deliver_up(i); });
    if (link.client_knows && !link.down.empty()) can.emplace_back([=, this] { deliver_down(i); });
    const bool ends_at_client =
        link.cut || link.client_closed || (link.broker_closed && link.down.empty());
    const bool ends_at_broker =
        link.cut || link.broker_closed || (link.client_closed && link.up.empty());
    if (link.client_knows && ends_at_client) can.emplace_back([=, this] { end_at_client(i); });
    if (link.broker_knows && ends_at_broker) can.emplace_back([=, this] { end_at_broker(i); });
    if (storm && !link.cut && rng_.below(25) == 0)
      can.emplace_back([=, this] {
        links_[i].cut = true;
        links_[i].up.clear();
        links_[i].down.clear();
      });
  }

  void open(Party& party, bool storm) {
    party.wants_link = false;
    if (storm && rng_.below(4) == 0) return give(party, LinkDown{});
    party.link = links_.size();
    links_.push_back({broker::LinkId{links_.size() + 1}, &party});
    give_broker(broker::LinkUp{links_.back().id, "somewhere"});
    give(party, LinkUp{});
  }

  void persist(Party& party) {
    party.store.commit();
    party.persisted = party.persists;
    give(party, Persisted{party.persisted});
  }

  std::string take_some(std::string& bytes) {
    const std::size_t count = 1 + rng_.below(bytes.size());
    std::string taken = bytes.substr(0, count);
    bytes.erase(0, count);
    return taken;
  }
  void deliver_up(std::size_t i) {
    const std::string some = take_some(links_[i].up);
    if (!links_[i].broker_closed)
      give_broker(broker::BytesIn{links_[i].id, std::as_bytes(std::span(some))});
  }
  void deliver_down(std::size_t i) {
    const std::string some = take_some(links_[i].down);
    if (!links_[i].client_closed) give(*links_[i].party, BytesIn{std::as_bytes(std::span(some))});
  }
  void end_at_client(std::size_t i) {
    links_[i].client_knows = false;
    links_[i].down.clear();
    links_[i].client_closed = true;
    links_[i].party->link.reset();
    give(*links_[i].party, LinkDown{});
  }
  void end_at_broker(std::size_t i) {
    links_[i].broker_knows = false;
    links_[i].up.clear();
    links_[i].broker_closed = true;
    give_broker(broker::LinkDown{links_[i].id});
  }

  void tell_drained() {
    for (const auto& [party, bytes] : std::exchange(sent_, {}))
      if (party->link) give(*party, Drained{bytes});
    for (const auto& [id, bytes] : std::exchange(broker_sent_, {}))
      if (link_of(id).broker_knows) give_broker(broker::Drained{id, bytes});
  }

  void pass_time() {
    std::optional<Instant> next = broker_->deadline();
    for (Party* party : {&publisher_, &subscriber_})
      if (const auto due = party->client->deadline()) next = next ? std::min(*next, *due) : due;
    if (next) now_ = std::max(now_, *next);
    give_broker(broker::Tick{});
    for (Party* party : {&publisher_, &subscriber_}) give(*party, Tick{});
  }

  void crash_broker() {
    store_.crash();
    for (Link& link : links_) {
      if (link.broker_knows && !link.cut) {
        link.cut = true;
        link.up.clear();
        link.down.clear();
      }
      link.broker_knows = false;
    }
    broker_sent_.clear();
    broker_persists_ = broker_persisted_ = 0;
    const broker::Recovered recovered = store_.recover();
    broker_.emplace(broker::Settings{}, rng_.child("broker again"), recovered, now_);
  }

  // What was ordered and is not durable is lost with the process; it was promised to nobody.
  void crash_publisher() {
    publisher_.store.crash();
    sent_.clear();
    if (publisher_.link) {
      Link& link = links_[*publisher_.link];
      link.client_knows = false;
      link.client_closed = true;
      link.down.clear();
      publisher_.link.reset();
    }
    std::set<int> durable;
    for (const Record& record : publisher_.store.recover().records)
      if (const auto* save = std::get_if<SavePublish>(&record))
        durable.insert(number_of(save->message));
    for (auto& [handle, order] : orders_)
      if (!order.done && order.qos != Qos::at_most_once && !durable.contains(order.number))
        order.lost = true;
    for (auto& [handle, order] : orders_) order.answer_lost = order.answer_lost || !order.done;
    create(publisher_);
  }

  struct Order {
    int number;
    Qos qos;
    bool done = false;
    bool lost = false;         // with the publisher's process: may come, need not
    bool answer_lost = false;  // a later process cannot know who asked
  };

  void publish() {
    const Qos qos = rng_.below(2) == 0 ? Qos::at_least_once : Qos::exactly_once;
    const Handle handle{static_cast<std::uint64_t>(++published_)};
    orders_[handle] = {.number = published_, .qos = qos};
    give(publisher_,
         PublishOrder{handle, Publish{.topic = qos == Qos::at_least_once ? "t/1" : "t/2",
                                      .qos = qos,
                                      // The number stays in the topic's property-free payload.
                                      .payload = Bytes::copy(std::to_string(published_))}});
  }

  // A message whose PUBREC came is kept without its payload: its number is not needed then.
  static int number_of(const Publish& message) {
    return message.payload.empty() ? 0 : std::atoi(std::string(message.payload.text()).c_str());
  }

  void on_message(const Publish& message) {
    delivered_[message.topic].push_back(number_of(message));
  }

  void on_completed(const Completed& news) {
    using enum Completed::Outcome;
    if (news.outcome == received || news.outcome == session_lost) return;
    Order& order = orders_.at(news.handle);
    EXPECT_EQ(news.outcome, acknowledged) << "message " << order.number;
    EXPECT_FALSE(order.done) << "told twice, message " << order.number;
    order.done = true;
  }

  bool settled() const {
    return publisher_.client->queued_messages() == 0 && broker_->census().queued_messages == 0 &&
           publisher_.client->connected() && subscriber_.client->connected() &&
           std::all_of(links_.begin(), links_.end(),
                       [](const Link& link) { return link.up.empty() && link.down.empty(); });
  }

  void check() {
    EXPECT_TRUE(settled()) << "the calm did not bring everything home: "
                           << publisher_.client->queued_messages() << " with the publisher, "
                           << broker_->census().queued_messages << " with the broker";
    std::map<int, int> times;
    for (const auto& [topic, numbers] : delivered_)
      for (const int number : numbers) ++times[number];
    for (const auto& [handle, order] : orders_) {
      const int came = times[order.number];
      EXPECT_TRUE(order.done || order.answer_lost) << "no answer for message " << order.number;
      EXPECT_TRUE(came >= 1 || (order.lost && !order.done))
          << "lost: message " << order.number << " of QoS " << static_cast<int>(order.qos);
      EXPECT_TRUE(came <= 1 || order.qos != Qos::exactly_once)
          << "doubled: message " << order.number;
    }
    EXPECT_TRUE(std::is_sorted(delivered_["t/2"].begin(), delivered_["t/2"].end()));
    std::vector<int> first_times;
    std::set<int> seen;
    for (const int number : delivered_["t/1"])
      if (seen.insert(number).second) first_times.push_back(number);
    EXPECT_TRUE(std::is_sorted(first_times.begin(), first_times.end()));
    EXPECT_GT(published_, 50) << "a run that tries nothing shows nothing";
    EXPECT_GT(links_.size(), 4u);
  }

  Rng rng_;
  const Chaos chaos_;
  Instant now_{};
  Party publisher_, subscriber_;
  broker::MemoryStore store_{broker::Durability::power};
  std::optional<broker::Broker> broker_;
  std::uint64_t broker_persists_ = 0, broker_persisted_ = 0;
  std::deque<Link> links_;
  std::deque<Input> give_later_;
  std::vector<std::pair<Party*, std::size_t>> sent_;
  std::vector<std::pair<broker::LinkId, std::size_t>> broker_sent_;
  std::map<Handle, Order> orders_;
  std::map<std::string, std::vector<int>> delivered_;
  bool subscribed_ = false;
  int published_ = 0;
  int steps_ = 0;
};

class TwoParties : public testing::TestWithParam<Version> {
 protected:
  static void run(int seeds, Chaos chaos) {
    const char* one = std::getenv("MQ_SEED");
    const std::uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
    const std::uint64_t last = one != nullptr ? first : static_cast<std::uint64_t>(seeds);
    for (std::uint64_t seed = first; seed <= last && !HasFailure(); ++seed) {
      SCOPED_TRACE("MQ_SEED=" + std::to_string(seed));
      World(seed, chaos).run();
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, TwoParties,
                         testing::Values(Version::v3_1, Version::v3_1_1, Version::v5),
                         [](const testing::TestParamInfo<Version>& version) {
                           return "v" + std::to_string(static_cast<int>(version.param));
                         });

TEST_P(TwoParties, KeepTheirPromisesOverBrokenLinks) {
  run(60, {.publisher = GetParam(), .subscriber = GetParam()});
}
TEST_P(TwoParties, KeepThemWhenTheBrokerCrashes) {
  run(60, {.broker_crashes = true, .publisher = GetParam(), .subscriber = GetParam()});
}
TEST_P(TwoParties, KeepThemWhenThePublisherCrashes) {
  run(60, {.publisher_crashes = true, .publisher = GetParam(), .subscriber = GetParam()});
}
TEST_P(TwoParties, KeepThemBetweenVersions) {
  run(40, {.broker_crashes = true, .publisher = GetParam(), .subscriber = Version::v5});
  run(40, {.broker_crashes = true, .publisher = Version::v5, .subscriber = GetParam()});
}

}  // namespace
}  // namespace mq::client
