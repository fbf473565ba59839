// Operations of three links chosen by the fuzzer: bytes that may be anything, packets that are
// mostly right, time, cuts, slow readers, a store that lags, crashes.
#include <cstdint>
#include <vector>

#include "base/ensure.h"
#include "base/overloaded.h"
#include "base/testing/choices.h"
#include "broker/core/broker.h"
#include "broker/store/memory_store.h"
#include "protocol/codec.h"

namespace mq::broker {
namespace {

constexpr std::size_t links = 3;

class World {
 public:
  World() {
    settings_.limits.queued_messages = 5;
    settings_.limits.inflight_messages = 2;
    settings_.limits.backlog_bytes = 500;
    settings_.limits.retained_messages = 4;
    settings_.limits.subscriptions_per_session = 4;
    start();
  }
  void step(Choices& choices) {
    const std::uint8_t what = choices.byte();
    const std::size_t who = what % links;
    switch (what / 16) {
      case 0:
        return cut(who);
      case 1:
        now_ += std::chrono::milliseconds(choices.byte() * 100);
        return handle(Tick{});
      case 2:
        return handle(Persisted{store_.commit()});
      case 3:
        return handle(Drained{link_[who], choices.byte() * std::size_t{16}});
      case 4:
        return crash();
      case 5:
        return say(who, encode(packet(choices), version(who)).span());
      case 6:
        return say(who, choices.bytes(choices.byte()));
      default:
        return say(who, encode(packet(choices), version(who)).span());
    }
  }

 private:
  static Version version(std::size_t who) { return who == 0 ? Version::v5 : Version::v3_1_1; }

  void start() {
    broker_.emplace(settings_, Rng(1), store_.recover(), now_);
    for (std::size_t i = 0; i < links; ++i) up(i);
  }
  void up(std::size_t who) {
    link_[who] = LinkId{++last_link_};
    handle(LinkUp{link_[who], {}});
    say(who, encode(Connect{.version = version(who),
                            .client_id = std::string(1, static_cast<char>('a' + who % 2)),
                            .clean_start = false},
                    version(who))
                 .span());
  }
  void cut(std::size_t who) {
    handle(LinkDown{link_[who]});
    up(who);
  }
  void crash() {
    broker_.reset();
    store_.crash();
    start();
  }
  void say(std::size_t who, std::span<const std::byte> bytes) {
    handle(BytesIn{link_[who], bytes});
  }
  void handle(const Input& input) {
    broker_->handle(input, now_);
    while (auto output = broker_->poll())
      if (auto* persist = std::get_if<Persist>(&*output))
        store_.append(persist->sequence, std::move(persist->record));
    const auto census = broker_->census();
    ensure(census.links <= links, "a link is counted once");
    ensure(census.queued_messages < 10'000, "queues are bounded");
    ensure(census.queued_messages > 0 || census.queued_bytes == 0, "nothing has no bytes");
  }
  static Packet packet(Choices& choices) {
    static const char* topics[] = {"a", "a/b", "a/+", "#", "$share/g/a", "$x", "", "+/b"};
    const std::uint8_t b = choices.byte();
    const PacketId id{static_cast<std::uint16_t>(b & 7)};
    const Qos qos{static_cast<std::uint8_t>((b >> 3) % 3)};
    const std::string topic = topics[choices.byte() & 7];
    switch (choices.byte() % 8) {
      case 0:
        return Subscribe{.packet_id = id, .entries = {{topic, {.qos = qos}}}};
      case 1:
        return Unsubscribe{.packet_id = id, .filters = {topic}};
      case 2:
        return PubAck{id};
      case 3:
        return PubRec{id};
      case 4:
        return PubRel{id};
      case 5:
        return PubComp{id};
      case 6:
        return b < 16 ? Packet(Disconnect{}) : Packet(PingReq{});
      default:
        return Publish{.topic = topic,
                       .packet_id = qos == Qos::at_most_once ? PacketId::none : id,
                       .qos = qos,
                       .retain = (b & 64) != 0,
                       .payload = Bytes::copy(std::string(b, 'x'))};
    }
  }

  Settings settings_;
  MemoryStore store_{Durability::process};
  std::optional<Broker> broker_;
  Instant now_{};
  std::uint64_t last_link_ = 0;
  LinkId link_[links] = {};
};

}  // namespace
}  // namespace mq::broker

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mq::Choices choices({data, size});
  mq::broker::World world;
  while (!choices.empty()) world.step(choices);
  return 0;
}
