#include "broker/store/record_codec.h"

#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/ensure.h"
#include "base/overloaded.h"

namespace mq::broker {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie");

// The first byte of a record on disk. Numbers are never used again for something else.
enum class Kind : std::uint8_t {
  message = 1,
  session = 2,
  subscription = 3,
  delivery = 4,
  incoming = 5,
  retained = 6,
  will = 7,
};

// Nothing: an Instant that is not there. No wall clock shows this time.
constexpr std::int64_t no_time = std::numeric_limits<std::int64_t>::min();

class Writer {
 public:
  Writer(std::vector<std::byte>& into, WallClock clock) : into_(into), clock_(clock) {}

  template <class T>
  void number(T value) {
    static_assert(std::is_integral_v<T> || std::is_enum_v<T>);
    append(&value, sizeof value);
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    append(value.data(), value.size());
  }
  void time(const std::optional<Instant>& at) {
    number(at ? std::int64_t{(at->time_since_epoch() + clock_.at_zero).count()} : no_time);
  }
  void properties(const Properties& properties) {
    number(static_cast<std::uint32_t>(properties.all().size()));
    for (const Property& property : properties.all()) {
      number(property.id);
      number(static_cast<std::uint8_t>(property.value.index()));
      std::visit(overloaded{[this](std::uint32_t v) { number(v); },
                            [this](const std::string& v) { text(v); },
                            [this](const Bytes& v) { text(v.text()); },
                            [this](const UserProperty& v) {
                              text(v.key);
                              text(v.value);
                            }},
                 property.value);
    }
  }

 private:
  void append(const void* from, std::size_t count) {
    const auto* begin = static_cast<const std::byte*>(from);
    into_.insert(into_.end(), begin, begin + count);
  }

  std::vector<std::byte>& into_;
  WallClock clock_;
};

// Zeros and nothing after the first fault; whole() says at the end whether there was one.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, WallClock clock) : left_(bytes), clock_(clock) {}

  template <class T>
  T number() {
    T value{};
    const auto from = take(sizeof value);
    if (!from.empty()) std::memcpy(&value, from.data(), sizeof value);
    return value;
  }
  template <class T>
  T choice(T last) {
    const T value = number<T>();
    if (value > last) fail();
    return value;
  }
  bool flag() { return choice<std::uint8_t>(1) == 1; }
  std::string_view view() {
    const auto from = take(number<std::uint32_t>());
    return {reinterpret_cast<const char*>(from.data()), from.size()};
  }
  std::string text() { return std::string(view()); }
  Bytes bytes() { return Bytes::copy(view()); }
  std::optional<Instant> time() {
    const auto value = number<std::int64_t>();
    std::int64_t here = 0;
    if (value == no_time) return std::nullopt;
    if (__builtin_sub_overflow(value, std::int64_t{clock_.at_zero.count()}, &here)) fail();
    return Instant(Duration(here));
  }
  Properties properties() {
    Properties all;
    for (auto count = number<std::uint32_t>(); count > 0 && !failed_; --count) {
      const auto id = number<PropertyId>();
      switch (number<std::uint8_t>()) {
        case 0:
          all.add(id, number<std::uint32_t>());
          break;
        case 1:
          all.add(id, text());
          break;
        case 2:
          all.add(id, bytes());
          break;
        case 3: {
          std::string key = text();
          all.add(id, UserProperty{std::move(key), text()});
          break;
        }
        default:
          fail();
      }
    }
    return all;
  }

  void fail() {
    failed_ = true;
    left_ = {};
  }
  bool failed() const { return failed_; }
  bool whole() const { return !failed_ && left_.empty(); }

 private:
  std::span<const std::byte> take(std::size_t count) {
    if (count > left_.size()) {
      fail();
      return {};
    }
    const auto taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }

  std::span<const std::byte> left_;
  WallClock clock_;
  bool failed_ = false;
};

void write(Writer& out, const SaveMessage& r) {
  out.number(Kind::message);
  out.number(r.number);
  out.text(r.message->topic);
  out.text(r.message->payload.text());
  out.number(r.message->qos);
  out.number(r.message->retain);
  out.time(r.message->expires_at);
  out.properties(r.message->properties);
  out.text(r.message->author.user);
  out.text(r.message->author.client_id);
}

SaveMessage read_message(Reader& in) {
  SaveMessage r{.number = in.number<MessageNumber>(), .message = nullptr};
  auto message = std::make_shared<Message>();
  message->topic = in.text();
  message->payload = in.bytes();
  message->qos = in.choice(Qos::exactly_once);
  message->retain = in.flag();
  message->expires_at = in.time();
  message->properties = in.properties();
  message->author.user = in.text();
  message->author.client_id = in.text();
  r.message = std::move(message);
  return r;
}

void write(Writer& out, const SaveSession& r) {
  out.number(Kind::session);
  out.text(r.client_id);
  out.number(r.version);
  out.number(static_cast<std::uint32_t>(r.expiry.count()));
  out.time(r.disconnected_at);
  out.text(r.user);
}

SaveSession read_session(Reader& in) {
  SaveSession r;
  r.client_id = in.text();
  r.version = in.choice(Version::v5);
  if (r.version < Version::v3_1) in.fail();
  r.expiry = std::chrono::seconds(in.number<std::uint32_t>());
  r.disconnected_at = in.time();
  r.user = in.text();
  return r;
}

void write(Writer& out, const SaveSubscription& r) {
  out.number(Kind::subscription);
  out.text(r.client_id);
  out.text(r.entry.filter);
  out.number(r.entry.options.qos);
  out.number(r.entry.options.no_local);
  out.number(r.entry.options.retain_as_published);
  out.number(r.entry.options.retain_handling);
  out.number(r.identifier.value_or(0));  // an identifier is never zero
}

SaveSubscription read_subscription(Reader& in) {
  SaveSubscription r;
  r.client_id = in.text();
  r.entry.filter = in.text();
  r.entry.options.qos = in.choice(Qos::exactly_once);
  r.entry.options.no_local = in.flag();
  r.entry.options.retain_as_published = in.flag();
  r.entry.options.retain_handling = in.choice(RetainHandling::do_not_send);
  if (const auto identifier = in.number<std::uint32_t>(); identifier != 0)
    r.identifier = identifier;
  return r;
}

void write(Writer& out, const SaveDelivery& r) {
  out.number(Kind::delivery);
  out.text(r.client_id);
  out.number(r.position);
  out.number(r.message);
  out.number(r.qos);
  out.number(r.retain);
  out.number(r.packet_id);
  out.number(r.phase);
  out.number(static_cast<std::uint32_t>(r.subscription_identifiers.size()));
  for (const std::uint32_t identifier : r.subscription_identifiers) out.number(identifier);
  out.text(r.share);
}

SaveDelivery read_delivery(Reader& in) {
  SaveDelivery r{};
  r.client_id = in.text();
  r.position = in.number<std::uint64_t>();
  r.message = in.number<MessageNumber>();
  r.qos = in.choice(Qos::exactly_once);
  r.retain = in.flag();
  r.packet_id = in.number<PacketId>();
  r.phase = in.choice(SaveDelivery::Phase::received);
  for (auto count = in.number<std::uint32_t>(); count > 0 && !in.failed(); --count)
    r.subscription_identifiers.push_back(in.number<std::uint32_t>());
  r.share = in.text();
  return r;
}

void write(Writer& out, const SaveIncoming& r) {
  out.number(Kind::incoming);
  out.text(r.client_id);
  out.number(r.packet_id);
}

SaveIncoming read_incoming(Reader& in) {
  std::string client_id = in.text();
  return {std::move(client_id), in.number<PacketId>()};
}

void write(Writer& out, const SaveRetained& r) {
  out.number(Kind::retained);
  out.text(r.topic);
  out.number(r.message);
}

SaveRetained read_retained(Reader& in) {
  std::string topic = in.text();
  return {std::move(topic), in.number<MessageNumber>()};
}

void write(Writer& out, const SaveWill& r) {
  out.number(Kind::will);
  out.text(r.client_id);
  out.text(r.will.topic);
  out.text(r.will.payload.text());
  out.number(r.will.qos);
  out.number(r.will.retain);
  out.properties(r.will.properties);
  out.time(r.due);
  out.text(r.user);
}

SaveWill read_will(Reader& in) {
  SaveWill r;
  r.client_id = in.text();
  r.will.topic = in.text();
  r.will.payload = in.bytes();
  r.will.qos = in.choice(Qos::exactly_once);
  r.will.retain = in.flag();
  r.will.properties = in.properties();
  r.due = in.time();
  r.user = in.text();
  return r;
}

template <class Dropped>
void write(Writer&, const Dropped&) {
  ensure(false, "only what is kept is written");
}

std::optional<Record> read(Reader& in) {
  switch (in.number<Kind>()) {
    case Kind::message:
      return read_message(in);
    case Kind::session:
      return read_session(in);
    case Kind::subscription:
      return read_subscription(in);
    case Kind::delivery:
      return read_delivery(in);
    case Kind::incoming:
      return read_incoming(in);
    case Kind::retained:
      return read_retained(in);
    case Kind::will:
      return read_will(in);
  }
  return std::nullopt;
}

}  // namespace

void encode_record(const Record& record, WallClock clock, std::vector<std::byte>& into) {
  Writer out(into, clock);
  std::visit([&](const auto& r) { write(out, r); }, record);
}

std::optional<Record> decode_record(std::span<const std::byte> bytes, WallClock clock) {
  Reader in(bytes, clock);
  auto record = read(in);
  if (!record || !in.whole()) return std::nullopt;
  return record;
}

}  // namespace mq::broker
