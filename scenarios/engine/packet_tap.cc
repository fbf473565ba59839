#include "scenarios/engine/packet_tap.h"

#include <variant>

namespace mq::scenario {

PacketTap::PacketTap(Tracer& tracer, trace::Connection connection, trace::End end)
    : tracer_(tracer), connection_(connection), end_(end) {}

void PacketTap::sent(std::span<const std::byte> bytes) {
  hear(end_ == trace::End::client ? Sender::client : Sender::server, true, bytes);
}

void PacketTap::received(std::span<const std::byte> bytes) {
  hear(end_ == trace::End::client ? Sender::server : Sender::client, false, bytes);
}

void PacketTap::hear(Sender from, bool sent, std::span<const std::byte> bytes) {
  const bool client = from == Sender::client;
  bool& malformed = client ? client_is_malformed_ : server_is_malformed_;
  if (malformed) return;
  PacketReader& reader = client ? from_client_ : from_server_;
  reader.feed(bytes);
  while (true) {
    const Decoded decoded = reader.next();
    if (const auto* packet = std::get_if<Packet>(&decoded)) {
      if (const auto* connect = std::get_if<Connect>(packet))
        from_server_.use_version(connect->version);
      if (hear_ && sent) hear_(*packet, sent);
      tracer_.record(
          trace::PacketSeen{connection_, end_, sent, reader.version(), packet, reader.wire()});
      if (hear_ && !sent) hear_(*packet, sent);
    } else if (const auto* fault = std::get_if<Malformed>(&decoded)) {
      malformed = true;
      tracer_.record(
          trace::MalformedSeen{connection_, end_, *fault, sent, reader.version(), reader.wire()});
      return;
    } else {
      return;
    }
  }
}

}  // namespace mq::scenario
