#include "broker/endurance/publisher.h"

#include <utility>

#include "base/overloaded.h"

namespace mq::broker {
namespace {

constexpr std::uint64_t ids = 65'000;

}  // namespace

Publisher::Publisher(Options options)
    : WireClient(options.name, true), options_(std::move(options)) {}

PacketId Publisher::id_of(std::size_t index) const {
  return PacketId{static_cast<std::uint16_t>((first_open_ + index) % ids + 1)};
}

std::optional<std::size_t> Publisher::index_of(PacketId id) const {
  const std::uint64_t first = first_open_ % ids + 1;
  const std::size_t index = (static_cast<std::uint64_t>(id) + ids - first) % ids;
  if (index >= open_.size() || !open_[index]) return std::nullopt;
  return index;
}

void Publisher::go_on() {
  is_paused_ = false;
  if (is_welcome()) fill();
}

// In the order in which they were sent first (v5 MQTT-4.6.0-1).
void Publisher::welcomed(bool session_present) {
  for (std::size_t index = 0; index < open_.size(); ++index) {
    if (!open_[index]) continue;
    if (open_[index]->received && session_present)
      say(PubRel{id_of(index), ReasonCode::success, {}});
    else if (open_[index]->received)
      settle(id_of(index));
    else
      send(*open_[index], id_of(index), session_present);
  }
  fill();
}

void Publisher::fill() {
  while (!is_paused_ && open_.size() < options_.window) {
    const std::uint64_t turn = options_.retains_every + 1;
    const bool retained = turn > 1 && (first_open_ + open_.size()) % turn == turn - 1;
    open_.push_back(Open{retained ? last_ : ++last_, retained});
    send(*open_.back(), id_of(open_.size() - 1), false);
  }
}

void Publisher::send(const Open& open, PacketId id, bool dup) {
  std::string text = options_.name + " " + std::to_string(open.number) + " ";
  if (text.size() < options_.payload_bytes) text.resize(options_.payload_bytes, '.');
  say(Publish{.topic = (open.retained ? "state/" : "load/") + options_.name,
              .packet_id = id,
              .qos = options_.qos,
              .dup = dup,
              .retain = open.retained,
              .properties = {},
              .payload = Bytes::copy(text)});
}

void Publisher::took(const Open& open, ReasonCode reason) {
  if (failed(reason)) {
    ++refused_;
    return;
  }
  if (open.retained) {
    retained_acknowledged_ = std::max(retained_acknowledged_, open.number);
    return;
  }
  if (acknowledged_.size() <= open.number) acknowledged_.resize(open.number + 1024);
  if (!acknowledged_[open.number]) ++acknowledged_count_;
  acknowledged_[open.number] = true;
}

void Publisher::settle(PacketId id) {
  const auto index = index_of(id);
  if (!index) return;
  open_[*index].reset();
  while (!open_.empty() && !open_.front()) {
    open_.pop_front();
    ++first_open_;
  }
  fill();
}

void Publisher::heard(Packet& packet) {
  std::visit(overloaded{[this](const PubAck& ack) {
                          const auto index = index_of(ack.packet_id);
                          if (!index) return;
                          took(*open_[*index], ack.reason);
                          settle(ack.packet_id);
                        },
                        [this](const PubRec& received) {
                          const auto index = index_of(received.packet_id);
                          if (!index) return;
                          took(*open_[*index], received.reason);
                          if (failed(received.reason)) return settle(received.packet_id);
                          open_[*index]->received = true;
                          say(PubRel{received.packet_id, ReasonCode::success, {}});
                        },
                        [this](const PubComp& complete) { settle(complete.packet_id); },
                        [](const auto&) {}},
             packet);
}

}  // namespace mq::broker
