#include "reports/sequence/exchanges.h"

namespace mq::report {
namespace {

using namespace trace;

// The packet id of an acknowledgement, and whether the sender of the PUBLISH sends this kind.
struct Answer {
  PacketId id;
  bool by_publisher;
};
std::optional<Answer> answer_of(const Packet& packet) {
  if (const auto* ack = std::get_if<PubAck>(&packet)) return Answer{ack->packet_id, false};
  if (const auto* rec = std::get_if<PubRec>(&packet)) return Answer{rec->packet_id, false};
  if (const auto* rel = std::get_if<PubRel>(&packet)) return Answer{rel->packet_id, true};
  if (const auto* comp = std::get_if<PubComp>(&packet)) return Answer{comp->packet_id, false};
  return std::nullopt;
}

}  // namespace

std::optional<Exchanges::About> Exchanges::of(const PacketSeen& seen) {
  const End sender = seen.sent ? seen.end : other(seen.end);
  const ClientIndex client = seen.connection.client;
  const auto about = [](const std::optional<Stamp>& message, End from) {
    return message ? std::optional(About{*message, from}) : std::nullopt;
  };
  if (const auto* publish = std::get_if<Publish>(seen.packet)) {
    const std::optional<Stamp> message = stamp_of(publish->payload.text());
    if (publish->packet_id != PacketId::none)
      messages_[{client, sender, publish->packet_id}] = message;
    return about(message, sender);
  }
  const std::optional<Answer> answer = answer_of(*seen.packet);
  if (!answer) return std::nullopt;
  const End from = answer->by_publisher ? sender : other(sender);
  const auto found = messages_.find({client, from, answer->id});
  return found == messages_.end() ? std::nullopt : about(found->second, from);
}

}  // namespace mq::report
