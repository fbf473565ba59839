// Verbs for the catalogue of faults.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/mutants/passing.h"
#include "protocol/rule.h"

namespace mq::conformance {

using Hook = std::function<void(Passing&)>;

// `edit(packet, passing)` for each packet of this kind; what it changes is what goes on.
template <class P, class Edit>
Hook each(Edit edit) {
  return [edit](Passing& passing) mutable {
    P* packet = passing.as<P>();
    if (packet == nullptr) return;
    const P before = *packet;
    edit(*packet, passing);
    if (!passing.is_settled() && !(*packet == before)) passing.replace(Packet(*packet));
  };
}

template <class P, class Edit>
Behaviour hears(Edit edit) {
  return {.heard = each<P>(std::move(edit))};
}
template <class P, class Edit>
Behaviour sends(Edit edit) {
  return {.sent = each<P>(std::move(edit))};
}
template <class P>
Behaviour never_sends() {
  return sends<P>([](P&, Passing& passing) { passing.drop(); });
}
template <class P>
Behaviour never_hears() {
  return hears<P>([](P&, Passing& passing) { passing.drop(); });
}
template <class P>
Behaviour sends_another_id() {
  return sends<P>([](P& packet, Passing&) {
    packet.packet_id = static_cast<PacketId>(static_cast<unsigned>(packet.packet_id) % 65535 + 1);
  });
}
template <class P>
Behaviour sends_reason(ReasonCode reason) {
  return sends<P>([reason](P& packet, Passing&) { packet.reason = reason; });
}
inline constexpr std::size_t much_text = 600;  // bytes, more than the limit of any case
template <class P>
Behaviour sends_reason_string() {
  return sends<P>([](P& packet, Passing& passing) {
    if (passing.peer.version == Version::v5 &&
        packet.properties.text(PropertyId::reason_string) == nullptr)
      packet.properties.add(PropertyId::reason_string, std::string(much_text, 'r'));
  });
}
template <class P>
Behaviour sends_user_property() {
  return sends<P>([](P& packet, Passing& passing) {
    if (passing.peer.version == Version::v5)
      packet.properties.add_user("mutant", std::string(much_text, 'u'));
  });
}

// The bytes of what is sent, of this kind.
Behaviour sends_bytes(Kind kind, std::function<void(Frame&, const Passing&)> edit);

Behaviour both(Behaviour one, Behaviour other);

// Packets that break one of these rules (none named: any) are taken as though nothing were wrong: a
// CONNECT lets the client in, others are passed over. Of these kinds only, if some are named.
Behaviour overlooks(std::vector<Rule> rules, std::vector<Kind> kinds = {});

// `is_bad(connect)` is refused.
Behaviour refuses_connect(std::function<bool(const Connect&)> is_bad);

Properties without(const Properties& properties, PropertyId id);
Properties with(const Properties& properties, PropertyId id, PropertyValue value);
bool has(const Properties& properties, PropertyId id);

Kind kind_of(const Frame& wire);
Connect plain_connect(Version version);
bool is_v5(const Passing& passing);

}  // namespace mq::conformance
