#include "sim/trace/batch.h"

#include "base/overloaded.h"

namespace mq::trace {
namespace {

std::size_t bytes_of(const Event& event) {
  return std::visit(overloaded{[](const PacketSeen& seen) { return seen.wire.size(); },
                               [](const MalformedSeen& seen) { return seen.wire.size(); },
                               [](const Attempted& attempted) { return attempted.topic.size(); },
                               [](const NotSent& not_sent) { return not_sent.reason.size(); },
                               [](const BrokerSaid& said) { return said.text.size(); },
                               [](const ValueTaken& taken) { return taken.path.size(); },
                               [](const ValueRead& read) { return read.path.size(); },
                               [](const HttpSeen& seen) { return seen.wire.size(); },
                               [](const HttpFailed& failed) { return failed.reason.size(); },
                               [](const auto&) { return std::size_t{0}; }},
                    event.what);
}

}  // namespace

Batch::Batch(BatchObserver& next) : next_(next), packets_(events_max) {
  events_.reserve(events_max);
  bytes_.reserve(bytes_max);  // what is kept stays where it is
}

void Batch::observe(const Event& event) {
  const std::size_t bytes = bytes_of(event);
  if (bytes_.size() + bytes > bytes_max) flush();
  if (bytes > bytes_max) return next_.observe_all({&event, 1});
  keep(event);
  if (events_.size() == events_max) flush();
}

void Batch::flush() {
  if (events_.empty()) return;
  next_.observe_all(events_);
  events_.clear();
  bytes_.clear();
}

void Batch::keep(const Event& event) {
  Packet& packet = packets_[events_.size()];
  events_.push_back(event);
  std::visit(overloaded{[&](PacketSeen& seen) {
                          packet = *seen.packet;
                          seen.packet = &packet;
                          seen.wire = keep(seen.wire);
                        },
                        [&](MalformedSeen& seen) { seen.wire = keep(seen.wire); },
                        [&](Attempted& attempted) { attempted.topic = keep(attempted.topic); },
                        [&](NotSent& not_sent) { not_sent.reason = keep(not_sent.reason); },
                        [&](BrokerSaid& said) { said.text = keep(said.text); },
                        [&](ValueTaken& taken) { taken.path = keep(taken.path); },
                        [&](ValueRead& read) { read.path = keep(read.path); },
                        [&](HttpSeen& seen) { seen.wire = keep(seen.wire); },
                        [&](HttpFailed& failed) { failed.reason = keep(failed.reason); },
                        [&](Delivered& delivered) {
                          packet = *delivered.publish;
                          delivered.publish = &std::get<Publish>(packet);
                        },
                        [](auto&) {}},
             events_.back().what);
}

std::span<const std::byte> Batch::keep(std::span<const std::byte> bytes) {
  const std::size_t place = bytes_.size();
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return std::span<const std::byte>(bytes_).subspan(place, bytes.size());
}

std::string_view Batch::keep(std::string_view text) {
  const auto bytes = keep(std::as_bytes(std::span(text.data(), text.size())));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<ClientIndex> client_of(const Event& event) {
  return std::visit(
      [](const auto& what) -> std::optional<ClientIndex> {
        if constexpr (requires { what.connection; }) return what.connection.client;
        if constexpr (requires { what.client; }) return what.client;
        return std::nullopt;
      },
      event.what);
}

}  // namespace mq::trace
