// SUBSCRIBE and UNSUBSCRIBE: they wait for a connection, and are sent again on the next one while
// they have no answer.
#include <algorithm>
#include <utility>

#include "base/overloaded.h"
#include "client/core/core.h"
#include "protocol/topic.h"
#include "protocol/utf8.h"

namespace mq::client {
namespace {

constexpr std::size_t filter_bytes_max = 0xFFFF;

bool filter_is_legal(const std::string& filter) {
  return filter.size() <= filter_bytes_max && !utf8_breaks(filter) && !topic_filter_breaks(filter);
}

bool has_wildcard(const std::string& filter) {
  return filter.find_first_of("+#") != std::string::npos;
}

}  // namespace

void Client::Core::on(const SubscribeOrder& order) { accept(Request{order}); }
void Client::Core::on(const UnsubscribeOrder& order) { accept(Request{order}); }

void Client::Core::accept(Request request) {
  const std::size_t filters =
      std::visit(overloaded{[](const SubscribeOrder& order) { return order.entries.size(); },
                            [](const UnsubscribeOrder& order) { return order.filters.size(); }},
                 request.order);
  const bool no_room = requests_.size() >= settings_.limits.queued_messages;
  const auto refused = no_room ? ReasonCode::quota_exceeded : refusal(request);
  if (refused || filters == 0)
    return answer(request, std::vector(filters, refused.value_or(ReasonCode::success)));
  requests_.push_back(std::move(request));
  if (connected()) send_requests();
}

// What the standard forbids to send, or what this broker said that it does not offer.
std::optional<ReasonCode> Client::Core::refusal(const Request& request) const {
  if (const auto* order = std::get_if<UnsubscribeOrder>(&request.order)) {
    const bool legal = std::all_of(order->filters.begin(), order->filters.end(), filter_is_legal);
    return legal ? std::nullopt : std::optional{ReasonCode::topic_filter_invalid};
  }
  const auto& order = std::get<SubscribeOrder>(request.order);
  if (!terms_.subscription_identifiers_available &&
      order.properties.number(PropertyId::subscription_identifier))
    return ReasonCode::subscription_identifiers_not_supported;
  for (const Subscribe::Entry& entry : order.entries) {
    if (!filter_is_legal(entry.filter)) return ReasonCode::topic_filter_invalid;
    const auto shared_filter = shared(entry.filter);
    if (settings_.version != Version::v5) continue;
    if (shared_filter && entry.options.no_local) return ReasonCode::protocol_error;
    if (shared_filter && !terms_.shared_available)
      return ReasonCode::shared_subscriptions_not_supported;
    if (!terms_.wildcards_available && has_wildcard(entry.filter))
      return ReasonCode::wildcard_subscriptions_not_supported;
  }
  return std::nullopt;
}

void Client::Core::answer(const Request& request, std::vector<ReasonCode> reasons) {
  std::visit(overloaded{[&](const SubscribeOrder& order) {
                          emit(Subscribed{order.handle, std::move(reasons)});
                        },
                        [&](const UnsubscribeOrder& order) {
                          emit(Unsubscribed{order.handle, std::move(reasons)});
                        }},
             request.order);
}

void Client::Core::send_requests() {
  for (auto request = requests_.begin(); request != requests_.end();) {
    if (request->packet_id != PacketId::none) {
      ++request;
      continue;
    }
    const PacketId id = free_packet_id();
    if (id == PacketId::none) return;
    request->packet_id = id;
    const Packet packet = packet_of(*request);
    auto refused = refusal(*request);
    if (!refused && !fits(encoded_bytes(packet, settings_.version)))
      refused = ReasonCode::packet_too_large;
    if (refused) {
      const auto* order = std::get_if<SubscribeOrder>(&request->order);
      const std::size_t filters = order != nullptr
                                      ? order->entries.size()
                                      : std::get<UnsubscribeOrder>(request->order).filters.size();
      answer(*request, std::vector(filters, *refused));
      request = requests_.erase(request);
      continue;
    }
    put(packet);
    ++request;
  }
}

Packet Client::Core::packet_of(const Request& request) const {
  if (const auto* order = std::get_if<UnsubscribeOrder>(&request.order))
    return Unsubscribe{
        .packet_id = request.packet_id, .properties = order->properties, .filters = order->filters};
  const auto& order = std::get<SubscribeOrder>(request.order);
  Subscribe subscribe{
      .packet_id = request.packet_id, .properties = order.properties, .entries = order.entries};
  if (settings_.version != Version::v5)  // 3.1.1 has the QoS and reserved zeros
    for (Subscribe::Entry& entry : subscribe.entries)
      entry.options = SubscriptionOptions{.qos = entry.options.qos};
  return subscribe;
}

}  // namespace mq::client
