#include "broker/endurance/subscriber.h"

#include <charconv>
#include <utility>

#include "base/overloaded.h"

namespace mq::broker {

Subscriber::Subscriber(std::string name, Qos qos, std::string filter, Stays stays)
    : WireClient(std::move(name), stays == Stays::yes), qos_(qos), filter_(std::move(filter)) {}

void Subscriber::welcomed(bool session_present) {
  if (session_present) return;
  open_.clear();
  Subscribe wanted{.packet_id = PacketId{1}, .properties = {}, .entries = {{filter_, {}}}};
  wanted.entries[0].options.qos = qos_;
  say(wanted);
}

bool Subscriber::received(const std::string& publisher, std::uint64_t number) const {
  const auto at = from_.find(publisher);
  return at != from_.end() && number < at->second.numbers.size() && at->second.numbers[number];
}

std::uint64_t Subscriber::last(const std::string& publisher) const {
  const auto at = from_.find(publisher);
  return at == from_.end() ? 0 : at->second.last;
}

// "NAME NUMBER ...."
void Subscriber::take(const Publish& publish) {
  const std::string_view text = publish.payload.text();
  const std::size_t space = text.find(' ');
  std::uint64_t number = 0;
  std::from_chars(text.data() + space + 1, text.data() + text.size(), number);
  From& from = from_[std::string(text.substr(0, space))];
  if (from.numbers.size() <= number) from.numbers.resize(number + 1024);
  if (from.numbers[number]) {
    ++repeated_;
    if (publish.qos == Qos::exactly_once) ++repeated_exactly_once_;
    return;
  }
  from.numbers[number] = true;
  ++count_;
  if (number < from.last) ++out_of_order_;
  from.last = std::max(from.last, number);
}

void Subscriber::heard(Packet& packet) {
  std::visit(
      overloaded{[this](const SubAck&) { is_subscribed_ = true; },
                 [this](const Publish& publish) {
                   if (publish.qos != Qos::exactly_once || open_.insert(publish.packet_id).second)
                     take(publish);
                   if (publish.qos == Qos::at_least_once)
                     say(PubAck{publish.packet_id, ReasonCode::success, {}});
                   if (publish.qos == Qos::exactly_once)
                     say(PubRec{publish.packet_id, ReasonCode::success, {}});
                 },
                 [this](const PubRel& release) {
                   open_.erase(release.packet_id);
                   say(PubComp{release.packet_id, ReasonCode::success, {}});
                 },
                 [](const auto&) {}},
      packet);
}

}  // namespace mq::broker
