// A whole session of a client, chosen by the fuzzer: what its application wants, what a broker that
// may be hostile says, time, broken links, a store that lags.
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/ensure.h"
#include "base/testing/choices.h"
#include "client/core/client.h"

namespace mq::client {
namespace {

class World {
 public:
  explicit World(Version version) : client_(settings(version), Rng(1)), version_(version) {
    give(Start{});
  }

  void step(Choices& choices) {
    const std::uint8_t what = choices.byte();
    switch (what / 16) {
      case 0:
        return link_ordered_ ? give(LinkDown{}) : give(Tick{});
      case 1:
        now_ += std::chrono::milliseconds(choices.byte() * 100);
        return give(Tick{});
      case 2:
        return give(Persisted{persists_});
      case 3:
        return give(Drained{choices.byte() * std::size_t{16}});
      case 4:
        return give(BytesIn{choices.bytes(choices.byte())});
      case 5:
        return give(SubscribeOrder{Handle{what}, {{"a/+", {.qos = Qos(what % 3)}}}, {}});
      case 6:
        return give(UnsubscribeOrder{Handle{what}, {"a/+"}});
      case 7:
      case 8:
      case 9:
        return publish(choices);
      default:
        return say(choices);
    }
  }

 private:
  static Settings settings(Version version) {
    Settings made{.version = version, .client_id = "fuzz", .clean_start = false};
    made.session_expiry = 60;
    made.limits.queued_messages = 4;
    made.limits.inflight_messages = 3;
    made.limits.receive_maximum = 3;
    made.limits.topic_alias_maximum = 2;
    made.limits.topic_aliases = 2;
    made.limits.backlog_bytes = 1000;
    made.limits.packet_bytes = 4096;
    return made;
  }
  void publish(Choices& choices) {
    static const char* topics[] = {"a", "long/topic", "other/topic", "#"};
    const std::uint8_t b = choices.byte();
    give(PublishOrder{Handle{b}, Publish{.topic = topics[b & 3],
                                         .qos = Qos((b >> 2) % 3),
                                         .retain = (b & 64) != 0,
                                         .payload = Bytes::copy(std::string(b, 'x'))}});
  }
  // A packet that is mostly right.
  void say(Choices& choices) {
    const std::uint8_t b = choices.byte();
    const PacketId id{static_cast<std::uint16_t>(b & 7)};
    Packet packet = PingResp{};
    switch (choices.byte() % 9) {
      case 0:
        packet = ConnAck{.session_present = (b & 1) != 0, .reason = ReasonCode::success};
        if ((b & 2) != 0)
          std::get<ConnAck>(packet).properties.add(PropertyId::topic_alias_maximum, 1u + b % 3);
        break;
      case 1:
        packet = PubAck{id};
        break;
      case 2:
        packet = PubRec{id};
        break;
      case 3:
        packet = PubRel{id};
        break;
      case 4:
        packet = PubComp{id};
        break;
      case 5:
        packet = SubAck{.packet_id = id, .properties = {}, .reasons = {ReasonCode::success}};
        break;
      case 6:
        packet = Disconnect{};
        break;
      default: {
        const Qos qos{static_cast<std::uint8_t>((b >> 3) % 3)};
        packet = Publish{.topic = (b & 128) != 0 ? "" : "a/b",
                         .packet_id = qos == Qos::at_most_once ? PacketId::none : id,
                         .qos = qos};
        if ((b & 64) != 0)
          std::get<Publish>(packet).properties.add(PropertyId::topic_alias, 1u + b % 3);
      }
    }
    give(BytesIn{encode(packet, version_).span()});
  }
  void give(const Input& input) {
    if (std::holds_alternative<BytesIn>(input) && !link_ordered_) return;
    if (std::holds_alternative<LinkDown>(input)) link_ordered_ = false;
    client_.handle(input, now_);
    bool up = false;
    while (auto output = client_.poll()) {
      if (std::holds_alternative<OpenLink>(*output)) up = link_ordered_ = true;
      if (auto* persist = std::get_if<Persist>(&*output))
        ensure(persist->sequence == ++persists_, "records come in sequence");
    }
    ensure(client_.queued_messages() <= 10, "queues are bounded");
    if (up) give(LinkUp{});
  }

  Client client_;
  Version version_;
  Instant now_{};
  bool link_ordered_ = false;
  std::uint64_t persists_ = 0;
};

}  // namespace
}  // namespace mq::client

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mq::Choices choices({data, size});
  mq::client::World world((choices.byte() & 1) != 0 ? mq::Version::v5 : mq::Version::v3_1_1);
  while (!choices.empty()) world.step(choices);
  return 0;
}
