// Verbs for tests of the broker: clients that say packets and expect packets, a clock that is
// moved by hand, a store that can crash.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/overloaded.h"
#include "broker/core/broker.h"
#include "broker/store/memory_store.h"
#include "protocol/codec.h"

namespace mq::broker {

using namespace std::chrono_literals;

inline constexpr Qos qos0 = Qos::at_most_once;
inline constexpr Qos qos1 = Qos::at_least_once;
inline constexpr Qos qos2 = Qos::exactly_once;

// The other end of a link.
struct Peer {
  explicit Peer(LinkId name, Version speaks)
      : link(name), version(speaks), reader(Sender::server, speaks) {}

  LinkId link;
  Version version;
  PacketReader reader;
  std::deque<Packet> inbox;
  std::size_t bytes = 0;       // ever sent to it
  std::optional<Rule> closed;  // the broker closed the link because of this
  bool down = false;
  bool listens = true;  // decodes what it gets
  bool is_read = true;  // by the broker
  ConnAck conn_ack;
};

class BrokerTest : public ::testing::Test {
 protected:
  // ---- Time and the broker's life

  Broker& broker() {
    if (!broker_) broker_.emplace(settings, Rng(1), store.recover(), now);
    return *broker_;
  }
  // Ticks whenever the broker wants to, up to and including the end.
  void advance(Duration by) {
    const Instant end = now + by;
    while (broker().deadline() && *broker().deadline() <= end) {
      now = std::max(now, *broker().deadline());
      handle(Tick{});
    }
    now = end;
  }
  void crash_and_restart() {
    broker_.reset();
    store.crash();
    for (auto& [link, peer] : peers_) peer->down = true;
    handle(Tick{});
  }
  void handle(const Input& input) {
    broker().handle(input, now);
    pump();
  }

  // ---- Clients

  Peer& open(Version version = Version::v5) {
    const LinkId link{++last_link_};
    auto made = std::make_unique<Peer>(link, version);
    Peer& peer = *made;
    peers_[link] = std::move(made);
    handle(LinkUp{link, "test"});
    return peer;
  }
  Peer& connect(Connect connect) {
    Peer& peer = open(connect.version);
    say(peer, connect);
    peer.conn_ack = expect<ConnAck>(peer);
    EXPECT_EQ(peer.conn_ack.reason, ReasonCode::success);
    return peer;
  }
  Peer& connect(Version version, const std::string& id, bool clean = true) {
    return connect(hello(version, id, clean));
  }
  // With clean false: a session that stays for an hour (5.0) or for ever.
  static Connect hello(Version version, const std::string& id, bool clean = true) {
    Connect connect{.version = version, .client_id = id, .clean_start = clean};
    if (version == Version::v5 && !clean)
      connect.properties.add(PropertyId::session_expiry_interval, 3600u);
    return connect;
  }
  void say(Peer& peer, const Packet& packet) {
    const Bytes bytes = encode(packet, peer.version);
    handle(BytesIn{peer.link, bytes.span()});
  }
  void say_bytes(Peer& peer, std::vector<int> bytes) {
    std::vector<std::byte> raw;
    for (int b : bytes) raw.push_back(std::byte(b));
    handle(BytesIn{peer.link, raw});
  }
  void cut(Peer& peer) {
    peer.down = true;
    handle(LinkDown{peer.link});
  }
  void publish(Peer& peer, const std::string& topic, const std::string& payload, Qos qos = qos0,
               std::uint16_t id = 0, bool retain = false, Properties properties = {}) {
    say(peer, Publish{.topic = topic,
                      .packet_id = PacketId{id},
                      .qos = qos,
                      .retain = retain,
                      .properties = std::move(properties),
                      .payload = Bytes::copy(payload)});
  }
  SubAck subscribe(Peer& peer, const std::string& filter, Qos qos = qos2,
                   SubscriptionOptions options = {}, std::optional<std::uint32_t> identifier = {}) {
    options.qos = qos;
    Subscribe packet{.packet_id = PacketId{999}, .entries = {{filter, options}}};
    if (identifier) packet.properties.add(PropertyId::subscription_identifier, *identifier);
    say(peer, packet);
    return expect<SubAck>(peer);
  }
  void ack(Peer& peer, const Publish& got) {
    if (got.qos == qos1) say(peer, PubAck{got.packet_id});
    if (got.qos != qos2) return;
    say(peer, PubRec{got.packet_id});
    EXPECT_EQ(expect<PubRel>(peer).packet_id, got.packet_id);
    say(peer, PubComp{got.packet_id});
  }

  // ---- Expectations

  template <class P>
  P expect(Peer& peer) {
    if (peer.inbox.empty()) {
      ADD_FAILURE() << "nothing arrived";
      return {};
    }
    Packet packet = std::move(peer.inbox.front());
    peer.inbox.pop_front();
    if (auto* wanted = std::get_if<P>(&packet)) return *wanted;
    ADD_FAILURE() << "got " << name(kind(packet));
    return {};
  }
  Publish expect_publish(Peer& peer, const std::string& topic, const std::string& payload) {
    const Publish got = expect<Publish>(peer);
    EXPECT_EQ(got.topic, topic);
    EXPECT_EQ(got.payload.text(), payload);
    return got;
  }
  void expect_silence(Peer& peer) {
    EXPECT_TRUE(peer.inbox.empty()) << "got " << name(kind(peer.inbox.front()));
  }
  void expect_open(Peer& peer) { EXPECT_FALSE(peer.closed); }
  void expect_closed(Peer& peer, Rule because) { EXPECT_EQ(peer.closed, because); }
  // 5.0 clients hear why.
  void expect_thrown_out(Peer& peer, Rule because, ReasonCode reason) {
    if (peer.version == Version::v5) {
      EXPECT_EQ(expect<Disconnect>(peer).reason, reason);
    }
    expect_silence(peer);
    expect_closed(peer, because);
  }
  std::size_t notes_of(Note::What what) const {
    return static_cast<std::size_t>(
        std::count_if(notes.begin(), notes.end(), [&](auto& n) { return n.what == what; }));
  }

  Settings settings;
  MemoryStore store{Durability::process};
  Instant now{};
  bool commits = true;  // answers each Persist at once
  bool drains = true;   // the network takes everything at once
  std::vector<Note> notes;
  std::vector<Record> records;  // emitted and kept while `commits` is off
  // Answers each Authenticate at once, if it is set.
  std::function<Authenticated(const Authenticate&)> verifier;
  std::vector<Authenticate> questions;

  // Makes durable what waits.
  void commit() { handle(Persisted{store.commit()}); }

 private:
  void pump() {
    bool again = true;
    while (again) {
      again = false;
      bool persisted = false;
      std::vector<Authenticate> asked;
      std::vector<std::pair<LinkId, std::size_t>> sent;
      while (auto output = broker_->poll())
        std::visit(overloaded{[&](SendBytes& o) {
                                receive(*peers_.at(o.link), o.bytes);
                                sent.emplace_back(o.link, o.bytes.size());
                              },
                              [&](CloseLink& o) { peers_.at(o.link)->closed = o.because; },
                              [&](Persist& o) {
                                if (!commits) records.push_back(o.record);
                                store.append(o.sequence, std::move(o.record));
                                persisted = true;
                              },
                              [&](ReadLink& o) { peers_.at(o.link)->is_read = o.on; },
                              [&](Note& o) { notes.push_back(o); },
                              [&](Authenticate& o) { asked.push_back(std::move(o)); }},
                   *output);
      if (persisted && commits) {
        broker_->handle(Persisted{store.commit()}, now);
        again = true;
      }
      for (const Authenticate& question : asked) {
        questions.push_back(question);
        if (!verifier) continue;
        Authenticated told = verifier(question);
        told.link = question.link;
        broker_->handle(told, now);
        again = true;
      }
      if (!drains) continue;
      for (auto& [link, bytes] : sent) broker_->handle(Drained{link, bytes}, now);
      again |= !sent.empty();
    }
  }
  void receive(Peer& peer, const Bytes& bytes) {
    EXPECT_FALSE(peer.closed) << "bytes after CloseLink";
    peer.bytes += bytes.size();
    if (!peer.listens) return;
    peer.reader.feed(bytes.span());
    for (;;) {
      Decoded decoded = peer.reader.next();
      if (auto* packet = std::get_if<Packet>(&decoded)) {
        peer.inbox.push_back(std::move(*packet));
      } else {
        if (auto* fault = std::get_if<Malformed>(&decoded))
          ADD_FAILURE() << "the broker sent a malformed packet: " << info(fault->rule).name;
        return;
      }
    }
  }

  std::optional<Broker> broker_;
  std::map<LinkId, std::unique_ptr<Peer>> peers_;
  std::uint64_t last_link_ = 0;
};

// For tests of what all versions have in common.
class BrokerVersions : public BrokerTest, public ::testing::WithParamInterface<Version> {
 protected:
  Version v() const { return GetParam(); }
};

inline std::string version_name(const ::testing::TestParamInfo<Version>& version) {
  return version.param == Version::v5 ? "v5" : version.param == Version::v3_1_1 ? "v311" : "v31";
}

}  // namespace mq::broker
