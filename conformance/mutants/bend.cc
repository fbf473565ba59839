#include "conformance/mutants/bend.h"

#include <algorithm>

namespace mq::conformance {

Kind kind_of(const Frame& wire) { return Kind{static_cast<std::uint8_t>(wire.at(0) >> 4)}; }

bool is_v5(const Passing& passing) { return passing.peer.version == Version::v5; }

Connect plain_connect(Version version) {
  Connect connect;
  connect.version = version;
  connect.client_id = "mutant";
  connect.user_name = "lab";
  connect.password = Bytes::copy("secret");
  return connect;
}

Properties without(const Properties& properties, PropertyId id) {
  Properties left;
  for (const Property& one : properties.all())
    if (one.id != id) left.add(one.id, one.value);
  return left;
}

Properties with(const Properties& properties, PropertyId id, PropertyValue value) {
  Properties all = without(properties, id);
  all.add(id, std::move(value));
  return all;
}

bool has(const Properties& properties, PropertyId id) {
  const auto& all = properties.all();
  return std::any_of(all.begin(), all.end(), [&](const Property& one) { return one.id == id; });
}

Behaviour sends_bytes(Kind kind, std::function<void(Frame&, const Passing&)> edit) {
  return {.sent = [kind, edit](Passing& passing) {
    if (kind_of(passing.wire) != kind) return;
    Frame bytes = passing.wire;
    edit(bytes, passing);
    if (bytes != passing.wire) passing.replace(std::move(bytes));
  }};
}

Behaviour both(Behaviour one, Behaviour other) {
  const auto joined = [](Hook first, Hook second) -> Hook {
    if (!first || !second) return first ? first : second;
    return [first, second](Passing& passing) {
      first(passing);
      if (!passing.is_settled()) second(passing);
    };
  };
  return {.heard = joined(one.heard, other.heard),
          .sent = joined(one.sent, other.sent),
          .keeps_open = one.keeps_open ? one.keeps_open : other.keeps_open};
}

Behaviour overlooks(std::vector<Rule> rules, std::vector<Kind> kinds) {
  return {.heard = [rules, kinds](Passing& passing) {
    const auto among = [](const auto& all, const auto& one) {
      return all.empty() || std::find(all.begin(), all.end(), one) != all.end();
    };
    const Kind kind = kind_of(passing.wire);
    const auto flags = kind == Kind::pub_rel || kind == Kind::subscribe || kind == Kind::unsubscribe
                           ? std::byte{2}
                           : std::byte{0};
    if (!passing.breaks || !among(rules, passing.breaks->rule) || !among(kinds, kind)) return;
    if (kind == Kind::connect && !passing.peer.connect) {
      passing.peer.connect = plain_connect(passing.peer.version);
      return passing.replace(Packet(*passing.peer.connect));
    }
    if (passing.breaks->rule != Rule::fixed_header_flags_are_as_reserved) return passing.drop();
    Frame legal = passing.wire;
    legal[0] = (legal[0] & std::byte{0xf0}) | flags;
    passing.replace(std::move(legal));
  }};
}

Behaviour refuses_connect(std::function<bool(const Connect&)> is_bad) {
  return hears<Connect>([is_bad](Connect& connect, Passing& passing) {
    if (!is_bad(connect)) return;
    passing.drop();
    const bool is_v5 = connect.version == Version::v5;
    passing.answer(Packet(ConnAck{.reason = is_v5 ? ReasonCode::client_identifier_not_valid
                                                  : connect_return::identifier_rejected}));
    passing.close();
  });
}

}  // namespace mq::conformance
