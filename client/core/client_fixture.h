// One client core and a hand-made broker at the other end of its link, for the tests of this
// folder: the test speaks for the broker, one packet at a time, and sees what the client answers.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/overloaded.h"
#include "client/core/client.h"

namespace mq::client {

using namespace std::chrono_literals;

class ClientFixture : public testing::TestWithParam<Version> {
 protected:
  Settings settings{.client_id = "tester"};
  Instant now{};
  std::optional<Client> client;

  // What the client did since the last `forget()`.
  std::vector<Packet> sent;
  std::vector<Output> news;  // everything but SendBytes, CloseLink, OpenLink and Persist
  std::vector<Record> records;
  int links_ordered = 0;
  std::optional<Rule> closed_because;
  std::uint64_t persists = 0;
  std::size_t bytes_sent = 0;
  bool store_answers = true;
  bool network_drains = true;

  void forget() {
    sent.clear();
    news.clear();
    records.clear();
    links_ordered = 0;
    closed_because.reset();
  }

  void create(const Recovered& recovered = {}) {
    client.emplace(settings, Rng(7), recovered);
    persists = 0;
    cut_reader();
    forget();
  }
  // Another client of the same settings, connected; nothing is left of the one before.
  void fresh_connection() {
    client.reset();
    connect();
    sent.clear();
  }

  void give(const Input& input) {
    client->handle(input, now);
    std::size_t drained = 0;
    bool persisted = false;
    while (auto output = client->poll()) {
      std::visit(overloaded{[&](OpenLink&) { ++links_ordered; },
                            [&](SendBytes& bytes) {
                              drained += bytes.bytes.size();
                              take(bytes.bytes);
                            },
                            [&](CloseLink& close) { closed_because = close.because; },
                            [&](Persist& persist) {
                              EXPECT_EQ(persist.sequence, ++persists);
                              records.push_back(std::move(persist.record));
                              persisted = true;
                            },
                            [&](auto& other) { news.push_back(std::move(other)); }},
                 *output);
    }
    bytes_sent += drained;
    if (network_drains && drained > 0) give(Drained{drained});
    if (store_answers && persisted) give(Persisted{persists});
  }

  void start() {
    if (!client) create();
    give(Start{});
    give(LinkUp{});
  }
  void connect(ConnAck conn_ack = {}) {
    if (!client) {
      start();
    } else {
      if (links_ordered == 0) give(Start{});
      if (links_ordered == 0) wait_for_link();
      give(LinkUp{});
    }
    hear(std::move(conn_ack));
    ASSERT_TRUE(client->connected());
  }
  // Lets the time pass up to the next OpenLink.
  void wait_for_link() {
    for (int ticks = 0; links_ordered == 0 && ticks < 100; ++ticks) {
      ASSERT_TRUE(client->deadline().has_value());
      now = std::max(now, *client->deadline());
      give(Tick{});
    }
  }
  void cut() {
    give(LinkDown{});
    links_ordered = 0;
    cut_reader();
  }
  void cut_reader() { received_.reset(); }
  // The link breaks, and the next one is accepted with this CONNACK.
  void reconnect(ConnAck conn_ack) {
    cut();
    forget();
    wait_for_link();
    give(LinkUp{});
    sent.clear();
    hear(std::move(conn_ack));
  }

  void hear(const Packet& packet) {
    const Bytes bytes = encode(packet, settings.version);
    give(BytesIn{bytes.span()});
  }
  void hear_bytes(std::initializer_list<int> values) {
    std::vector<std::byte> bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    give(BytesIn{bytes});
  }
  void tick_at(Instant when) {
    now = when;
    give(Tick{});
  }

  Handle publish(std::string topic, Qos qos, std::string_view payload = "x",
                 Properties properties = {}) {
    const Handle handle{++handles_};
    give(PublishOrder{handle, Publish{.topic = std::move(topic),
                                      .qos = qos,
                                      .properties = std::move(properties),
                                      .payload = Bytes::copy(payload)}});
    return handle;
  }
  Handle subscribe(std::string filter, Qos qos = Qos::exactly_once) {
    const Handle handle{++handles_};
    give(SubscribeOrder{handle, {{std::move(filter), {.qos = qos}}}, {}});
    return handle;
  }

  // All packets of one kind that the client sent since forget(), in order.
  template <class Kind>
  std::vector<Kind> sent_of() const {
    std::vector<Kind> found;
    for (const Packet& packet : sent)
      if (const auto* one = std::get_if<Kind>(&packet)) found.push_back(*one);
    return found;
  }
  template <class What>
  std::vector<What> news_of() const {
    std::vector<What> found;
    for (const Output& output : news)
      if (const auto* one = std::get_if<What>(&output)) found.push_back(*one);
    return found;
  }
  // The last outcome told of this order.
  std::optional<Completed> outcome_of(Handle handle) const {
    std::optional<Completed> last;
    for (const Completed& completed : news_of<Completed>())
      if (completed.handle == handle) last = completed;
    return last;
  }
  // The QoS 1 and 2 messages that the client sent since forget(), as "payload:id" with "!" for DUP.
  std::vector<std::string> publishes() const {
    std::vector<std::string> found;
    for (const Publish& one : sent_of<Publish>())
      found.push_back(std::string(one.payload.text()) + ":" +
                      std::to_string(static_cast<int>(one.packet_id)) + (one.dup ? "!" : ""));
    return found;
  }

  bool five() const { return settings.version == Version::v5; }

 private:
  void take(const Bytes& bytes) {
    if (!received_) received_.emplace(Sender::client, settings.version);
    received_->feed(bytes.span());
    for (;;) {
      Decoded decoded = received_->next();
      if (std::holds_alternative<NeedMore>(decoded)) return;
      if (const auto* malformed = std::get_if<Malformed>(&decoded)) {
        ADD_FAILURE() << "the client sent something malformed: " << info(malformed->rule).name;
        return;
      }
      sent.push_back(std::move(std::get<Packet>(decoded)));
    }
  }

  std::optional<PacketReader> received_;
  std::uint64_t handles_ = 0;
};

}  // namespace mq::client
