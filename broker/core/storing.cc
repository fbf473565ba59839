// Back-pressure of the store: while more than `unstored_bytes` waits to become durable, a packet
// that would add to it is put aside undone, its link is read no further, and its sender waits.
// Nothing is lost or refused by it. Acknowledgements and what needs no record go on, and a store
// that fails is another matter: then publishers hear so at once.
#include <utility>

#include "broker/core/core.h"

namespace mq::broker {

std::size_t bytes_of(const Record& record) {
  return std::visit(
      [](const auto& kept) {
        std::size_t sum = sizeof(Record);
        if constexpr (requires { kept.client_id; }) sum += kept.client_id.size();
        if constexpr (requires { kept.filter; }) sum += kept.filter.size();
        if constexpr (requires { kept.entry; }) sum += kept.entry.filter.size();
        if constexpr (requires { kept.will; })
          sum += bytes_of(kept.will.topic, kept.will.payload, kept.will.properties);
        if constexpr (requires { kept.message->topic; })
          sum += bytes_of(kept.message->topic, kept.message->payload, kept.message->properties);
        return sum;
      },
      record);
}

void StoreBacklog::add(std::uint64_t sequence, std::size_t bytes) {
  bytes_ += bytes;
  parts_.push_back({sequence, bytes});
}

void StoreBacklog::persisted(std::uint64_t upto) {
  for (; !parts_.empty() && parts_.front().upto <= upto; parts_.pop_front())
    bytes_ -= parts_.front().bytes;
}

std::uint64_t Broker::Core::persist(Record record) {
  const std::size_t bytes = bytes_of(record);
  const std::uint64_t sequence = outbox_.persist(std::move(record));
  unstored_.add(sequence, bytes);
  return sequence;
}

bool Broker::Core::must_wait_for_store(const Link& link, const Packet& packet) const {
  const bool is_behind = unstored_.bytes() >= limits_.unstored_bytes && unstored_.bytes() > 0;
  if (!is_behind || link.phase != Phase::connected) return false;
  if (const auto* publish = std::get_if<Publish>(&packet))
    return store_takes_records_ && (publish->qos != Qos::at_most_once || publish->retain);
  return link.session->recorded &&
         (std::holds_alternative<Subscribe>(packet) || std::holds_alternative<Unsubscribe>(packet));
}

void Broker::Core::put_aside(Link& link, Packet packet) {
  link.put_aside = std::make_unique<Packet>(std::move(packet));
  awaiting_store_.push_back(link.id);
  outbox_.read(link.id, false);
}

void Broker::Core::resume(Link& link) {
  const auto packet = std::exchange(link.put_aside, nullptr);
  hear(link, *packet);
  if (link.phase != Phase::connected) return;
  if (!link.hold || link.hold->reading) outbox_.read(link.id, true);
  read(link);  // what had arrived before the link was no longer read
}

// The first in line first, until the store is behind again; or everybody once, as those behind one
// who still has to wait may not have to.
void Broker::Core::serve_awaiting_store(Whom whom) {
  for (std::size_t left = awaiting_store_.size(); left > 0; --left) {
    const LinkId id = awaiting_store_.front();
    Link* const link = find(id);
    const bool is_there = link != nullptr && link->put_aside && link->phase == Phase::connected;
    const bool waits = is_there && must_wait_for_store(*link, *link->put_aside);
    if (waits && whom == Whom::until_one_waits) return;
    awaiting_store_.pop_front();
    if (waits)
      awaiting_store_.push_back(id);
    else if (is_there)
      resume(*link);
  }
}

}  // namespace mq::broker
