// Two client cores and the broker core, joined by links in memory. The fuzzer chooses what happens:
// publishes, subscriptions, portions of bytes, links that break at one end or at both, slow stores,
// crashes of the broker and of clients, time. Then a calm, and a ledger of what was promised:
// QoS 1 and 2 answered and delivered, QoS 2 once, in order, nothing made up. Neither core ever
// catches the other one breaking a rule.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ensure.h"
#include "base/overloaded.h"
#include "base/testing/choices.h"
#include "broker/core/broker.h"
#include "broker/store/memory_store.h"
#include "client/core/client.h"
#include "client/core/client_store.h"

namespace mq::client {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t parties = 2;
constexpr std::size_t operations_max = 400;
constexpr const char* topics[] = {"a", "b/c"};
constexpr const char* filters[] = {"a", "b/c", "#"};

// What one client was promised, and what came of it.
struct Order {
  std::size_t topic;
  Qos qos;
  // By receiver: the QoS at which it was subscribed for sure when the message was ordered.
  std::optional<Qos> owed[parties];
  bool acknowledged = false;
  bool was_lost = false;  // its publisher crashed, perhaps before it was stored
  int came[parties] = {};
  bool came_at_qos2[parties] = {};  // a copy at QoS 0 waits for no store, and may be made again
  // To a process that crashed before it could store that: it may come again.
  bool may_come_again[parties] = {};
};

struct Party {
  Settings settings;
  std::optional<Client> client;
  ClientStore store;
  bool wants_link = false;
  std::size_t link = 0;  // position + 1; 0: none
  // Filters that were granted, and not touched since; at the lowest QoS that may count.
  std::map<std::string, Qos> granted;
  std::map<Handle, std::pair<std::string, Qos>> asked;
  std::vector<std::uint64_t> got_unstored;  // messages since the last commit
};

struct Link {
  std::size_t party;
  std::string up, down;
  bool client_has = true, broker_has = true;          // LinkDown is still to come there
  bool client_closed = false, broker_closed = false;  // has ordered it
};

class World {
 public:
  explicit World(Choices& choices) {
    settings_.limits.links_per_second = 0;
    settings_.limits.links_per_address = 0;
    settings_.limits.hold = 0ms;
    broker_.emplace(settings_, Rng(1));
    const std::uint8_t versions = choices.byte();
    for (std::size_t who = 0; who < parties; ++who) {
      parties_[who].settings =
          settings(who, (versions >> who & 1) != 0 ? Version::v5 : Version::v3_1_1);
      start(who, {});
    }
  }

  void step(Choices& choices) {
    const std::uint8_t what = choices.byte();
    const std::size_t who = what & 1;
    switch ((what >> 1) % 16) {
      case 0:
      case 1:
      case 2:
        return publish(who, choices.byte());
      case 3:
        return subscribe(who, choices.byte());
      case 4:
        return unsubscribe(who, choices.byte());
      case 5:
        return carry_up(parties_[who].link, choices.byte());
      case 6:
        return carry_down(parties_[who].link, choices.byte());
      case 7:
      case 8:
        return exchange();
      case 9:
        return cut(parties_[who].link, true, (what & 0x20) != 0);
      case 10:
        return end_ghosts();
      case 11:
        return pass(std::chrono::milliseconds(choices.byte() * 50));
      case 12:
        return commit_broker();
      case 13:
        return commit_client(who);
      case 14:
        return crash_broker();
      default:
        return crash_client(who);
    }
  }

  // Links work, stores work, time passes: all that is owed has to arrive.
  void calm() {
    for (int round = 0; round < 400 && !settled(); ++round) {
      end_ghosts();
      commit_broker();
      for (std::size_t who = 0; who < parties; ++who) commit_client(who);
      for (int i = 0; i < 20; ++i) exchange();
      if (!settled()) pass(500ms);
    }
    ensure(settled(), "the calm brings everything home");
    judge();
  }

 private:
  static Settings settings(std::size_t who, Version version) {
    Settings made{.version = version,
                  .client_id = std::string(1, static_cast<char>('x' + who)),
                  .clean_start = false,
                  .session_expiry = 0xFFFFFFFF,
                  .keep_alive = 30s};
    made.reconnect.first = 100ms;
    made.reconnect.max = 2s;
    made.limits.receive_maximum = 3;
    made.limits.inflight_messages = 3;
    return made;
  }

  void start(std::size_t who, const Recovered& recovered) {
    Party& party = parties_[who];
    party.client.emplace(party.settings, Rng(2 + who), recovered);
    party.wants_link = false;
    give(who, Start{});
  }

  // ---- What the cores want

  void give(std::size_t who, const Input& input) {
    Party& party = parties_[who];
    party.client->handle(input, now_);
    std::size_t sent = 0;
    while (auto output = party.client->poll())
      std::visit(overloaded{[&](OpenLink&) { party.wants_link = true; },
                            [&](SendBytes& order) {
                              sent += order.bytes.size();
                              Link* link = at(party.link);
                              if (link != nullptr && link->broker_has)
                                link->up += order.bytes.text();
                            },
                            [&](CloseLink& order) { on_close(party, order.because); },
                            [&](Persist& order) { party.store.append(order); },
                            [&](Message& news) { on_message(who, news.publish); },
                            [&](Completed& news) { on_completed(news); },
                            [&](Subscribed& news) { on_subscribed(party, news); },
                            [&](Connected& news) {
                              if (!news.conn_ack.session_present) party.granted.clear();
                            },
                            [](auto&) {}},
                 *output);
    if (sent > 0 && party.link != 0) give(who, Drained{sent});
    if (party.wants_link && party.link == 0) open(who);
  }

  void open(std::size_t who) {
    Party& party = parties_[who];
    party.wants_link = false;
    links_.push_back({.party = who, .up = {}, .down = {}});
    party.link = links_.size();
    give_broker(broker::LinkUp{broker::LinkId{links_.size()}, "somewhere"});
    give(who, LinkUp{});
  }

  void on_close(Party& party, Rule because) {
    ensure(because == Rule::none || because == Rule::silence_closes_link,
           "the broker keeps the rules");
    if (Link* link = at(party.link)) link->client_closed = true;
  }

  void give_broker(const broker::Input& input) {
    broker_->handle(input, now_);
    std::vector<broker::Drained> drained;
    while (auto output = broker_->poll())
      std::visit(overloaded{[&](broker::SendBytes& order) {
                              Link& link = *at(static_cast<std::size_t>(order.link));
                              if (link.client_has) link.down += order.bytes.text();
                              drained.push_back({order.link, order.bytes.size()});
                            },
                            [&](broker::CloseLink& order) {
                              at(static_cast<std::size_t>(order.link))->broker_closed = true;
                              ensure(order.because == Rule::none ||
                                         order.because == Rule::silence_closes_link ||
                                         order.because == Rule::connect_arrives_in_time ||
                                         order.because == Rule::one_link_per_session,
                                     "the client keeps the rules");
                            },
                            [&](broker::Persist& order) {
                              store_.append(order.sequence, std::move(order.record));
                            },
                            [](broker::Note& note) {
                              ensure(note.what != broker::Note::What::message_dropped,
                                     "no limit is in the way");
                            },
                            [](auto&) {}},
                 *output);
    for (const broker::Drained& gone : drained)
      if (at(static_cast<std::size_t>(gone.link))->broker_has) give_broker(gone);
  }

  // ---- What the world does

  Link* at(std::size_t link) { return link == 0 ? nullptr : &links_[link - 1]; }

  void carry_up(std::size_t which, std::size_t count) {
    Link* link = at(which);
    if (link == nullptr || !link->broker_has) return;
    const std::string some = link->up.substr(0, count);
    link->up.erase(0, count);
    if (!some.empty() && !link->broker_closed)
      give_broker(broker::BytesIn{broker::LinkId{which}, std::as_bytes(std::span(some))});
    link = at(which);
    if (link->broker_closed || (link->client_closed && link->up.empty())) end_at_broker(which);
  }
  void carry_down(std::size_t which, std::size_t count) {
    Link* link = at(which);
    if (link == nullptr || !link->client_has) return;
    const std::string some = link->down.substr(0, count);
    link->down.erase(0, count);
    if (!some.empty() && !link->client_closed)
      give(link->party, BytesIn{std::as_bytes(std::span(some))});
    link = at(which);
    if (link->client_closed || (!link->broker_has && link->down.empty())) end_at_client(which);
  }
  void end_at_broker(std::size_t which) {
    Link& link = *at(which);
    if (!std::exchange(link.broker_has, false)) return;
    link.up.clear();
    give_broker(broker::LinkDown{broker::LinkId{which}});
  }
  void end_at_client(std::size_t which) {
    Link& link = *at(which);
    if (!std::exchange(link.client_has, false)) return;
    link.down.clear();
    const std::size_t who = link.party;
    if (parties_[who].link == which) parties_[who].link = 0;
    give(who, LinkDown{});
  }
  void exchange() {
    for (Party& party : parties_) {
      const std::size_t which = party.link;
      carry_up(which, SIZE_MAX);
      if (at(which) != nullptr && at(which)->client_has) carry_down(which, SIZE_MAX);
    }
  }
  // One end may hear of it much later: the broker then has two links of one client.
  void cut(std::size_t which, bool at_client, bool at_broker) {
    if (at(which) == nullptr) return;
    if (at_broker) end_at_broker(which);
    if (at_client) end_at_client(which);
  }
  void end_ghosts() {
    for (std::size_t which = 1; which <= links_.size(); ++which)
      if (!at(which)->client_has) end_at_broker(which);
  }
  void pass(Duration time) {
    const Instant until = now_ + time;
    for (int i = 0; i < 100; ++i) {
      std::optional<Instant> next = broker_->deadline();
      for (Party& party : parties_)
        if (const auto due = party.client->deadline()) next = next ? std::min(*next, *due) : due;
      if (!next || *next > until) break;
      now_ = std::max(now_, *next);
      tick();
    }
    now_ = until;
    tick();
  }
  void tick() {
    give_broker(broker::Tick{});
    for (std::size_t who = 0; who < parties; ++who) give(who, Tick{});
  }
  void commit_broker() { give_broker(broker::Persisted{store_.commit()}); }

  void commit_client(std::size_t who) {
    parties_[who].got_unstored.clear();
    give(who, Persisted{parties_[who].store.commit()});
  }

  void crash_broker() {
    store_.crash();
    const broker::Recovered recovered = store_.recover();
    broker_.emplace(settings_, Rng(++lives_), recovered, now_);
    for (Link& link : links_) link.broker_has = false;
    for (std::size_t which = 1; which <= links_.size(); ++which)
      if (at(which)->client_has) end_at_client(which);
  }
  void crash_client(std::size_t who) {
    Party& party = parties_[who];
    if (Link* link = at(std::exchange(party.link, 0))) {
      link->client_has = false;
      link->client_closed = true;
      link->down.clear();
    }
    for (auto& [number, order] : orders_)
      if (number % parties == who && !order.acknowledged) order.was_lost = true;
    for (const std::uint64_t number : std::exchange(party.got_unstored, {}))
      orders_.at(number).may_come_again[who] = true;
    party.asked.clear();
    party.store.crash();
    start(who, party.store.recover());
  }

  // ---- What the applications do

  void publish(std::size_t who, std::uint8_t how) {
    const std::size_t topic = how & 1;
    const Qos qos{static_cast<std::uint8_t>((how >> 1) % 3)};
    const std::uint64_t number = ++published_ * parties + who;
    Order& order = orders_[number];
    order.topic = topic;
    order.qos = qos;
    for (std::size_t to = 0; to < parties; ++to)
      for (const auto& [filter, granted] : parties_[to].granted)
        if (filter == "#" || filter == topics[topic])
          order.owed[to] = std::max(order.owed[to].value_or(granted), granted);
    give(who,
         PublishOrder{Handle{number}, Publish{.topic = topics[topic],
                                              .qos = qos,
                                              .payload = Bytes::copy(std::to_string(number))}});
  }
  void subscribe(std::size_t who, std::uint8_t how) {
    const std::string filter = filters[how % std::size(filters)];
    const Qos qos{static_cast<std::uint8_t>((how >> 2) % 3)};
    Party& party = parties_[who];
    const Handle handle{++asked_};
    party.asked[handle] = {filter, qos};
    // Until the answer either may count.
    if (const auto has = party.granted.find(filter); has != party.granted.end())
      has->second = std::min(has->second, qos);
    // Also for what is on its way to the broker.
    for (auto& [number, order] : orders_)
      if (order.owed[who] && (filter == "#" || filter == topics[order.topic]))
        order.owed[who] = std::min(*order.owed[who], qos);
    give(who, SubscribeOrder{handle, {{filter, {.qos = qos}}}, {}});
  }
  void unsubscribe(std::size_t who, std::uint8_t how) {
    const std::string filter = filters[how % std::size(filters)];
    Party& party = parties_[who];
    party.granted.erase(filter);
    std::erase_if(party.asked, [&](const auto& one) { return one.second.first == filter; });
    // What is on its way may be lost with the subscription that called for it.
    for (auto& [number, order] : orders_)
      if (filter == "#" || filter == topics[order.topic]) order.owed[who].reset();
    give(who, UnsubscribeOrder{Handle{++asked_}, {filter}});
  }
  void on_subscribed(Party& party, const Subscribed& news) {
    const auto asked = party.asked.find(news.handle);
    if (asked == party.asked.end()) return;
    const auto [filter, qos] = asked->second;
    party.asked.erase(asked);
    if (news.reasons.size() != 1 || failed(news.reasons[0])) return;
    for (const auto& [handle, other] : party.asked)
      if (other.first == filter) return;  // a later one is under way
    party.granted[filter] = qos;
  }

  // ---- The ledger

  void on_message(std::size_t who, const Publish& message) {
    std::uint64_t number = 0;
    for (const char c : message.payload.text())
      number = number * 10 + static_cast<std::uint64_t>(c - '0');
    const auto found = orders_.find(number);
    ensure(found != orders_.end(), "only what was published is delivered");
    Order& order = found->second;
    ensure(message.topic == topics[order.topic] && message.qos <= order.qos, "and as it was");
    parties_[who].got_unstored.push_back(number);
    if (message.qos == Qos::exactly_once && std::exchange(order.came_at_qos2[who], true))
      ensure(std::exchange(order.may_come_again[who], false), "QoS 2 comes once");
    if (order.came[who]++ > 0) return;
    // First deliveries of one publisher, topic and QoS come in the order of publishing; but what
    // was sent before there was a subscription may be sent again after it.
    if (!order.owed[who]) return;
    std::uint64_t& last = latest_[{who, number % parties, order.topic, order.qos, message.qos}];
    ensure(last < number, "in the order of publishing");
    last = number;
  }
  void on_completed(const Completed& news) {
    using enum Completed::Outcome;
    const auto found = orders_.find(static_cast<std::uint64_t>(news.handle));
    if (found == orders_.end() || news.outcome == received || news.outcome == session_lost) return;
    if (news.outcome == acknowledged) found->second.acknowledged = true;
    if (found->second.qos == Qos::at_most_once) return;
    ensure(news.outcome == acknowledged || news.outcome == queue_full, "an order is carried out");
    if (news.outcome == queue_full) found->second.was_lost = true;
  }

  bool settled() const {
    for (const Party& party : parties_)
      if (!party.client->connected() || party.client->queued_messages() > 0 ||
          !links_[party.link - 1].up.empty() || !links_[party.link - 1].down.empty())
        return false;
    return broker_->census().queued_messages == 0;
  }

  void judge() const {
    for (const auto& [number, order] : orders_) {
      if (order.qos == Qos::at_most_once) continue;
      ensure(order.acknowledged || order.was_lost, "every order is answered");
      if (!order.acknowledged) continue;
      for (std::size_t who = 0; who < parties; ++who)
        if (order.owed[who] && *order.owed[who] != Qos::at_most_once)
          ensure(order.came[who] > 0, "what was acknowledged is delivered");
    }
  }

  broker::Settings settings_;
  broker::MemoryStore store_{broker::Durability::power};
  std::optional<broker::Broker> broker_;
  Party parties_[parties];
  std::deque<Link> links_;
  Instant now_{};
  std::uint64_t published_ = 0, asked_ = 0, lives_ = 100;
  std::map<std::uint64_t, Order> orders_;
  using Stream = std::tuple<std::size_t, std::uint64_t, std::size_t, Qos, Qos>;
  std::map<Stream, std::uint64_t> latest_;
};

}  // namespace
}  // namespace mq::client

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mq::Choices choices({data, size});
  mq::client::World world(choices);
  for (std::size_t i = 0; i < mq::client::operations_max && !choices.empty(); ++i)
    world.step(choices);
  world.calm();
  return 0;
}
