// Subscriptions: requests, their answers, and what is delivered because of them.
#include <algorithm>

#include "conformance/monitors/watcher.h"
#include "protocol/describe.h"
#include "protocol/topic.h"

namespace mq::monitors {
namespace {

std::string text_of(Kind kind, PacketId packet_id) {
  return std::string(name(kind)) + " id=" + std::to_string(static_cast<unsigned>(packet_id));
}

std::uint16_t counted(std::size_t count) {
  return static_cast<std::uint16_t>(std::min<std::size_t>(count, 0xffff));
}

}  // namespace

void Watcher::sent_request(Link& link, Kind kind, PacketId packet_id, Instant at) {
  if (link.session == nullptr) return;
  auto& open = link.session->open;
  require(link, Watch::client_packet_id_is_free, !open.contains(packet_id), at,
          [&] { return text_of(kind, packet_id) + ", but its identifier is in use"; });
  open.set(packet_id, Open{0, 0, link.number, Open::State::request, Qos::at_most_once});
}

void Watcher::heard_subscribe(Link& link, const Subscribe& subscribe, Instant at) {
  link.owed.add({Kind::sub_ack, subscribe.packet_id, counted(subscribe.entries.size()), at});
  if (link.session == nullptr || !link.session->filters_are_certain) return;
  Session& session = *link.session;
  const auto identifier = subscribe.properties.number(PropertyId::subscription_identifier);
  Link::Request request{subscribe.packet_id, {}};
  for (const auto& entry : subscribe.entries) {
    auto& filters = session.filters;
    auto filter = std::find_if(filters.begin(), filters.end(),
                               [&](const auto& one) { return one.text == entry.filter; });
    if (filter == filters.end()) {
      if (filters.size() == filters_watched_max) {
        session.filters_are_certain = false;
        filters.clear();
        link.requests.clear();
        return;
      }
      filters.push_back({entry.filter, -1, -1, false, false, {}, false});
      filter = filters.end() - 1;
    }
    filter->asked = std::max(filter->asked, static_cast<int>(entry.options.qos));
    filter->keeps_retain |= entry.options.retain_as_published;
    filter->asked_for_retained |= entry.options.retain_handling != RetainHandling::do_not_send;
    if (identifier && filter->identifiers.size() < identifiers_max)
      filter->identifiers.push_back(*identifier);
    else if (identifier)
      filter->too_many = true;
    request.filters.push_back(static_cast<std::size_t>(filter - filters.begin()));
  }
  if (link.requests.size() == requests_open_max) link.requests.erase(link.requests.begin());
  link.requests.push_back(std::move(request));
}

void Watcher::heard_unsubscribe(Link& link, const Unsubscribe& unsubscribe, Instant at) {
  // What was taken for the client before goes on, so its filters are remembered.
  link.owed.add({Kind::unsub_ack, unsubscribe.packet_id, counted(unsubscribe.filters.size()), at});
}

void Watcher::sent_sub_ack(Link& link, const SubAck& sub_ack, Instant at) {
  const auto text = [&] { return text_of(Kind::sub_ack, sub_ack.packet_id); };
  const auto taken = link.owed.take(Kind::sub_ack, sub_ack.packet_id);
  require(link, Watch::sub_ack_answers, taken.has_value(), at, text);
  if (!taken) return;
  tried(link, Watch::subscribe_is_answered);
  require(link, Watch::sub_ack_has_a_code_each, sub_ack.reasons.size() == taken->owed.filters, at,
          [&] {
            return text() + " has " + std::to_string(sub_ack.reasons.size()) + " codes for " +
                   std::to_string(taken->owed.filters) + " filters";
          });
  const auto request =
      std::find_if(link.requests.begin(), link.requests.end(),
                   [&](const auto& one) { return one.packet_id == sub_ack.packet_id; });
  if (request == link.requests.end() || link.session == nullptr) return;
  auto& filters = link.session->filters;
  for (std::size_t i = 0; i < request->filters.size() && i < sub_ack.reasons.size(); ++i) {
    if (request->filters[i] >= filters.size()) continue;
    auto& filter = filters[request->filters[i]];
    const auto code = static_cast<int>(sub_ack.reasons[i]);
    if (code <= 2) filter.granted = std::max(filter.granted, code);
    filter.asked = -1;
  }
  link.requests.erase(request);
}

void Watcher::sent_unsub_ack(Link& link, const UnsubAck& unsub_ack, Instant at) {
  const auto text = [&] { return text_of(Kind::unsub_ack, unsub_ack.packet_id); };
  const auto taken = link.owed.take(Kind::unsub_ack, unsub_ack.packet_id);
  require(link, Watch::unsub_ack_answers, taken.has_value(), at, text);
  if (!taken) return;
  tried(link, Watch::unsubscribe_is_answered);
  if (link.version == Version::v5)
    require(link, Watch::unsub_ack_has_a_code_each, unsub_ack.reasons.size() == taken->owed.filters,
            at, text);
}

void Watcher::check_delivery(Link& link, const Publish& publish, Instant at) {
  if (link.session == nullptr || !link.session->filters_are_certain) return;
  std::string_view topic = publish.topic;
  if (topic.empty()) {
    const auto alias = publish.properties.number(PropertyId::topic_alias).value_or(0);
    if (alias == 0 || alias > link.aliases.size()) return;
    topic = link.aliases[alias - 1];
  }
  bool matched = false;
  bool retained = false;
  int qos = -1;
  std::vector<const Session::Filter*> given;
  for (const auto& filter : link.session->filters) {
    const int most = std::max(filter.granted, filter.asked);
    if (most < 0 || !matches(filter.text, topic)) continue;
    matched = true;
    qos = std::max(qos, most);
    retained |= filter.keeps_retain || filter.asked_for_retained;
    if (!publish.properties.empty()) given.push_back(&filter);
  }
  const auto text = [&] {
    return "PUBLISH topic=" + quoted(topic) +
           " qos=" + std::to_string(static_cast<int>(publish.qos)) +
           (publish.retain ? " retain" : "");
  };
  require(link, Watch::delivery_matches_a_filter, matched, at, text);
  if (!matched) return;
  require(link, Watch::delivery_is_within_granted_qos, static_cast<int>(publish.qos) <= qos, at,
          [&] { return text() + ", granted is " + std::to_string(qos); });
  if (link.version != Version::v5) return;
  if (!retained) require(link, Watch::delivery_clears_retain, !publish.retain, at, text);
  for (const Property& property : publish.properties.all()) {
    if (property.id != PropertyId::subscription_identifier) continue;
    const auto identifier = std::get<std::uint32_t>(property.value);
    const bool is_known = std::any_of(given.begin(), given.end(), [&](const auto* filter) {
      return filter->too_many || std::find(filter->identifiers.begin(), filter->identifiers.end(),
                                           identifier) != filter->identifiers.end();
    });
    require(link, Watch::subscription_identifier_is_given, is_known, at,
            [&] { return text() + " identifier=" + std::to_string(identifier); });
  }
}

}  // namespace mq::monitors
