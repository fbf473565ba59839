#include "conformance/mutants/passing.h"

namespace mq::conformance {
namespace {

// Of a CONNECT that is no legal one, as far as it tells.
Version version_of(const Frame& connect) {
  constexpr std::size_t level_at = 8;  // behind two bytes of header and "MQTT"
  if (connect.size() <= level_at) return Version::v5;
  return connect[level_at] == std::byte{4} ? Version::v3_1_1 : Version::v5;
}

bool is_conn_ack(const Frame& wire) {
  return Kind{static_cast<std::uint8_t>(wire.at(0) >> 4)} == Kind::conn_ack;
}

}  // namespace

Passing::Passing(Peer& on, Backstage& in, Frame bytes, Sender from)
    : peer(on), backstage(in), wire(std::move(bytes)) {
  const bool is_first = from == Sender::client && !peer.connect;
  if (is_first && Kind{static_cast<std::uint8_t>(wire.at(0) >> 4)} == Kind::connect)
    peer.version = version_of(wire);
  Decoded decoded = decode(wire, peer.version, from);
  // To a client of no known version a server answers in the form of 3.1.1.
  if (std::holds_alternative<Malformed>(decoded) && from == Sender::server && is_conn_ack(wire))
    decoded = decode(wire, Version::v3_1_1, from);
  if (const auto* fault = std::get_if<Malformed>(&decoded)) breaks = *fault;
  if (auto* legal = std::get_if<Packet>(&decoded)) packet = std::move(*legal);
  if (const auto* connect = as<Connect>(); connect != nullptr && is_first)
    peer.version = connect->version;
}

Frame Passing::onward() const {
  Frame all;
  const auto append = [&](const Frame& one) { all.insert(all.end(), one.begin(), one.end()); };
  for (const Frame& one : before_) append(one);
  append(settled_ ? instead_ : wire);
  for (const Frame& one : behind_) append(one);
  return all;
}

void Passing::answer(const Packet& by) {
  const Frame bytes = encoded(by);
  back_.insert(back_.end(), bytes.begin(), bytes.end());
}

Frame Passing::encoded(const Packet& of) const {
  Frame bytes;
  encode(of, peer.version, bytes);
  return bytes;
}

}  // namespace mq::conformance
