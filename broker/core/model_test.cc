// Random operations of several clients, checked against a model that is slow and obvious: who must
// get which message, in which order, how often, over lost links and crashes of the broker.
#include <algorithm>
#include <list>
#include <set>

#include "base/rng.h"
#include "broker/core/broker_fixture.h"
#include "protocol/topic.h"

namespace mq::broker {
namespace {

struct Owed {
  std::string topic;
  std::string payload;
  Qos qos;
  bool retain;
};

// A client that keeps the rules, and all that it must still receive.
struct Client {
  std::string id;
  Version version;
  Peer* peer = nullptr;
  bool persistent = false;
  bool session = false;
  std::map<std::string, Qos> filters;
  std::deque<Owed> owed_at_most_once;          // to arrive before the next operation
  std::deque<Owed> owed;                       // QoS 1 and 2, in order
  std::map<PacketId, std::string> seen;        // payloads of QoS 1 and 2 that are not acknowledged
  std::set<PacketId> received;                 // QoS 2: PUBREC said, PUBREL not heard
  std::vector<Packet> answers;                 // not said yet
  std::map<std::uint16_t, Packet> unfinished;  // QoS 2 of its own, to be said again after a cut
  std::uint16_t last_id = 0;

  void forget_session() {
    session = false;
    filters.clear();
    owed.clear();
    seen.clear();
    received.clear();
    unfinished.clear();
    forget_link();
  }
  void forget_link() {
    peer = nullptr;
    owed_at_most_once.clear();
    answers.clear();
  }
};

class Model : public BrokerTest {
 protected:
  void run(std::uint64_t seed, int steps) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    rng = Rng(seed);
    settings.limits.inflight_messages = 4;
    for (int i = 0; i < 6; ++i)
      clients.push_back({.id = std::string(1, static_cast<char>('a' + i)),
                         .version = i % 2 == 0 ? Version::v5 : Version::v3_1_1});
    for (step = 0; step < steps && !HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      one_step();
      settle();
    }
    finish();
  }

 private:
  template <class T>
  const T& any(const std::vector<T>& from) {
    return from[rng.below(from.size())];
  }
  bool chance(int percent) { return rng.below(100) < static_cast<std::uint64_t>(percent); }

  void one_step() {
    Client& client = clients[rng.below(clients.size())];
    const auto dice = rng.below(100);
    if (dice < 1) return crash();
    if (client.peer == nullptr) return connect_client(client, chance(80));
    if (dice < 8) return lose(client);
    if (dice < 11) return leave(client);
    if (dice < 13) return connect_client(client, chance(80));  // takes its own link over
    if (dice < 28) return subscribe_client(client);
    if (dice < 34) return unsubscribe_client(client);
    if (dice < 60) return answer_some(client);
    publish_from(client);
  }

  void connect_client(Client& client, bool persistent) {
    Connect said = hello(client.version, client.id, !persistent);
    const bool had = client.session && (client.peer == nullptr || client.persistent);
    if (!persistent || !had) client.forget_session();
    client.forget_link();
    client.persistent = persistent;
    client.session = true;
    Peer& peer = open(client.version);
    client.peer = &peer;
    say(peer, said);
    const auto ack = expect<ConnAck>(peer);
    ASSERT_EQ(ack.session_present, persistent && had);
    for (auto& [id, packet] : client.unfinished) {
      if (auto* publish = std::get_if<Publish>(&packet)) publish->dup = true;
      say(peer, packet);
    }
  }
  void gone(Client& client) {
    client.forget_link();
    if (!client.persistent) client.forget_session();
  }
  // With bytes under way that never arrive, sometimes.
  void lose(Client& client) {
    Peer& peer = *client.peer;
    gone(client);
    cut(peer);
  }
  void leave(Client& client) {
    Peer& peer = *client.peer;
    say(peer, Disconnect{});
    gone(client);
    cut(peer);
  }
  void crash() {
    crash_and_restart();
    for (Client& client : clients) {
      client.forget_link();
      if (!client.persistent) client.forget_session();
    }
  }

  void subscribe_client(Client& client) {
    const std::string filter = any(filters);
    const Qos qos{static_cast<std::uint8_t>(rng.below(3))};
    const bool is_new = client.filters.insert_or_assign(filter, qos).second;
    SubscriptionOptions options{.qos = qos};
    if (client.version == Version::v5 && chance(30))
      options.retain_handling =
          chance(50) ? RetainHandling::send_if_new : RetainHandling::do_not_send;
    say(*client.peer, Subscribe{.packet_id = PacketId{9999}, .entries = {{filter, options}}});
    if (options.retain_handling == RetainHandling::do_not_send ||
        (options.retain_handling == RetainHandling::send_if_new && !is_new))
      return;
    for (const auto& [topic, message] : retained)
      if (matches(filter, topic))
        owe(client, {topic, message.payload, std::min(qos, message.qos), true});
  }
  void unsubscribe_client(Client& client) {
    const std::string filter = any(filters);
    client.filters.erase(filter);
    say(*client.peer, Unsubscribe{.packet_id = PacketId{9998}, .filters = {filter}});
  }

  void publish_from(Client& client) {
    const Qos qos{static_cast<std::uint8_t>(rng.below(3))};
    const bool retain = chance(20);
    const bool clears = retain && chance(30);
    const std::string topic = any(topics);
    const std::string payload = clears ? "" : "m" + std::to_string(step);
    if (qos != qos0) ++client.last_id;
    Publish packet{.topic = topic,
                   .packet_id = PacketId{qos == qos0 ? std::uint16_t{0} : client.last_id},
                   .qos = qos,
                   .retain = retain,
                   .payload = Bytes::copy(payload)};
    if (qos == qos2) client.unfinished[client.last_id] = packet;
    for (Client& other : clients) {
      std::optional<Qos> granted;
      for (const auto& [filter, at] : other.filters)
        if (matches(filter, topic)) granted = std::max(granted.value_or(qos0), at);
      if (granted) owe(other, {topic, payload, std::min(*granted, qos), false});
    }
    if (clears) retained.erase(topic);
    if (retain && !clears) retained[topic] = {topic, payload, qos, true};
    say(*client.peer, packet);
    // The link may be lost before the answers are read.
    if (chance(5)) {
      client.owed_at_most_once.clear();
      Peer& peer = *client.peer;
      peer.inbox.clear();
      lose(client);
    }
  }
  static void owe(Client& client, Owed owed) {
    if (owed.qos != qos0)
      client.owed.push_back(std::move(owed));
    else if (client.peer != nullptr)
      client.owed_at_most_once.push_back(std::move(owed));
  }

  void answer_some(Client& client) {
    const std::size_t count = rng.below(client.answers.size() + 1);
    for (std::size_t i = 0; i < count; ++i) {
      const Packet answer = client.answers.front();
      client.answers.erase(client.answers.begin());
      if (auto* ack = std::get_if<PubAck>(&answer)) client.seen.erase(ack->packet_id);
      say(*client.peer, answer);
      read(client);
    }
  }

  // Everything that has arrived is read, and nothing of QoS 0 may be missing then.
  void settle() {
    for (Client& client : clients) {
      if (client.peer == nullptr) continue;
      read(client);
      EXPECT_TRUE(client.owed_at_most_once.empty())
          << client.id << " did not get " << client.owed_at_most_once.front().payload;
      EXPECT_FALSE(client.peer->closed) << client.id;
    }
  }
  void read(Client& client) {
    while (!client.peer->inbox.empty()) {
      Packet packet = std::move(client.peer->inbox.front());
      client.peer->inbox.pop_front();
      if (auto* publish = std::get_if<Publish>(&packet)) {
        hear(client, *publish);
      } else if (auto* rel = std::get_if<PubRel>(&packet)) {
        client.received.erase(rel->packet_id);
        client.seen.erase(rel->packet_id);
        client.answers.push_back(PubComp{rel->packet_id});
      } else if (auto* rec = std::get_if<PubRec>(&packet)) {
        const PubRel release{rec->packet_id};
        client.unfinished[static_cast<std::uint16_t>(rec->packet_id)] = release;
        say(*client.peer, release);
      } else if (auto* comp = std::get_if<PubComp>(&packet)) {
        client.unfinished.erase(static_cast<std::uint16_t>(comp->packet_id));
      }
    }
  }
  void hear(Client& client, const Publish& got) {
    auto& queue = got.qos == qos0 ? client.owed_at_most_once : client.owed;
    const auto seen = client.seen.find(got.packet_id);
    const bool again = got.qos != qos0 && seen != client.seen.end();
    if (again) {
      EXPECT_TRUE(got.dup) << client.id;
      EXPECT_EQ(got.payload.text(), seen->second) << client.id;
    } else {
      ASSERT_FALSE(queue.empty()) << client.id << " got " << got.payload.text();
      EXPECT_EQ(got.payload.text(), queue.front().payload) << client.id;
      EXPECT_EQ(got.topic, queue.front().topic);
      EXPECT_EQ(got.qos, queue.front().qos);
      EXPECT_EQ(got.retain, queue.front().retain);
      queue.pop_front();
      if (got.qos != qos0) client.seen[got.packet_id] = std::string(got.payload.text());
    }
    if (got.qos == qos1) client.answers.push_back(PubAck{got.packet_id});
    if (got.qos == qos2) {
      client.received.insert(got.packet_id);
      client.answers.push_back(PubRec{got.packet_id});
    }
  }

  // Calm: everybody comes back and answers until nothing is left.
  void finish() {
    for (Client& client : clients)
      if (client.session && client.peer == nullptr) connect_client(client, true);
    for (int round = 0; round < 1000 && !HasFailure(); ++round)
      for (Client& client : clients) {
        if (client.peer == nullptr) continue;
        read(client);
        while (!client.answers.empty()) answer_some(client);
      }
    for (const Client& client : clients)
      EXPECT_TRUE(client.owed.empty()) << client.id << " waits for " << client.owed.front().payload;
    EXPECT_EQ(broker().census().queued_messages, 0u);
    EXPECT_EQ(broker().census().queued_bytes, 0u);
    EXPECT_EQ(broker().census().retained, retained.size());
    EXPECT_EQ(store.messages(), retained.size());
  }

  const std::vector<std::string> topics{"t/1", "t/2", "t/1/x", "u", "$own/1", "/"};
  const std::vector<std::string> filters{"t/1", "t/+", "t/#", "#", "+/1", "u", "$own/#", "/", "+"};
  Rng rng{0};
  int step = 0;
  std::vector<Client> clients;
  std::map<std::string, Owed> retained;
};

class ModelSeeds : public Model, public ::testing::WithParamInterface<std::uint64_t> {};

TEST_P(ModelSeeds, EverybodyGetsWhatTheModelSays) { run(GetParam(), 400); }

INSTANTIATE_TEST_SUITE_P(Seeds, ModelSeeds, ::testing::Range<std::uint64_t>(1, 61));

}  // namespace
}  // namespace mq::broker
