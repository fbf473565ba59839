#include "reports/journey/follower.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/ndjson/words.h"
#include "reports/sequence/follower.h"
#include "reports/text/escape.h"

namespace mq::report {
namespace {

using namespace trace;

constexpr std::size_t topic_characters_max = 120;
constexpr const char* arrived_words = "reached the broker";
constexpr const char* given_words = "given to the application";

}  // namespace

JourneyFollower::JourneyFollower(ClientIndex client, const std::set<Stamp>& named,
                                 const JourneyLimits& limits)
    : client_(client), named_(named), limits_(limits) {
  journey_.client = client;
}

void JourneyFollower::observe(const Event& event, const checks::Attempts& attempts) {
  if (const auto* seen = std::get_if<PacketSeen>(&event.what)) {
    if (seen->connection.client == client_) on_packet(*seen, event.at);
  } else if (const auto* delivery = std::get_if<Delivered>(&event.what)) {
    if (delivery->connection.client == client_) on_delivery(*delivery, event.at, attempts);
  } else {
    on_link(event);
    on_application(event);
  }
}

JourneyConnection* JourneyFollower::connection(std::uint32_t number) {
  const auto within = [&](auto& list) {
    const auto found = std::ranges::find(list, number, &JourneyConnection::number);
    return found == list.end() ? nullptr : &*found;
  };
  JourneyConnection* const late = within(last_connections_);
  return late != nullptr ? late : within(journey_.connections);
}

void JourneyFollower::on_link(const Event& event) {
  if (const auto* opening = std::get_if<LinkOpening>(&event.what)) {
    if (opening->connection.client != client_) return;
    const JourneyConnection begun{.number = opening->connection.number, .from = event.at};
    if (journey_.connections.size() < limits_.connections_max / 2) {
      journey_.connections.push_back(begun);
      return;
    }
    last_connections_.push_back(begun);
    if (last_connections_.size() <= limits_.connections_max / 2) return;
    last_connections_.pop_front();
    ++journey_.connections_left_out;
  } else if (const auto* closed = std::get_if<LinkClosed>(&event.what)) {
    if (closed->connection.client != client_) return;
    on_the_way_.closed(*closed);
    JourneyConnection* ended = connection(closed->connection.number);
    if (ended == nullptr || closed->end != End::client || ended->until) return;
    ended->until = event.at;
    ended->ended = word(close_cause_words, closed->cause);
    std::ranges::replace(ended->ended, '_', ' ');
    if (closed->cause == CloseCause::closed)
      ended->ended = closed->by_this_end ? "closed by the client" : "closed by the broker";
  }
}

void JourneyFollower::on_packet(const PacketSeen& seen, Instant at) {
  on_session(seen, at);
  const std::optional<Exchanges::About> about = exchanges_.of(seen);
  if (!seen.sent) {
    const std::optional<Sent> sent = on_the_way_.received(seen);
    Followed* const found = sent ? find(sent->key) : nullptr;
    if (found == nullptr) return;
    if (sent->packet < found->message.packets.size())
      found->message.packets[sent->packet].received = at;
    if (found->key.published && found->message.qos == Qos::at_most_once) {
      found->message.outcome = arrived_words;
      found->settled = true;
    }
    return;
  }
  if (!about) return;
  const Key key{about->message, about->from == End::client};
  // A published message begins with its attempt, a received one with the broker's PUBLISH.
  const bool begins = !key.published && std::holds_alternative<Publish>(*seen.packet);
  Followed* const followed = begins ? &follow(key, at) : find(key);
  if (followed == nullptr) return;
  JourneyMessage& message = followed->message;
  if (const auto* publish = std::get_if<Publish>(seen.packet)) {
    if (!publish->topic.empty()) message.topic = visible(publish->topic, topic_characters_max);
    message.qos = publish->qos;
    message.retain = publish->retain;
  }
  on_the_way_.sent(seen, {key, message.packets.size() + message.packets_left_out});
  if (message.packets.size() == limits_.packets_max) {
    ++message.packets_left_out;
    return;
  }
  message.packets.push_back({.at = at,
                             .received = std::nullopt,
                             .by_client = seen.end == End::client,
                             .text = short_text(*seen.packet)});
}

void JourneyFollower::on_session(const PacketSeen& seen, Instant at) {
  const auto* accepted = std::get_if<ConnAck>(seen.packet);
  if (accepted == nullptr || seen.sent || failed(accepted->reason)) return;
  JourneyConnection* const now = connection(seen.connection.number);
  if (now == nullptr) return;
  now->accepted = at;
  now->session_present = accepted->session_present;
}

void JourneyFollower::on_delivery(const Delivered& delivery, Instant at,
                                  const checks::Attempts& attempts) {
  const std::optional<Stamp> stamp = stamp_of(delivery.publish->payload.text());
  if (!stamp) return;
  Followed& followed = follow({*stamp, false}, at);
  JourneyMessage& message = followed.message;
  message.topic = visible(delivery.publish->topic, topic_characters_max);
  message.qos = delivery.publish->qos;
  message.retain = delivery.publish->retain;
  if (followed.settled) {
    message.outcome = "given to the application more than once";
    message.trouble = message.qos != Qos::at_least_once;
    return;
  }
  followed.settled = true;
  message.at = at;
  message.outcome = given_words;
  if (const auto begun = attempts.of(*stamp)) message.latency = at - *begun;
}

void JourneyFollower::on_application(const Event& event) {
  const auto settle = [&](const Stamp& stamp, std::string outcome, bool trouble, bool took_time) {
    Followed* const followed = find({stamp, true});
    if (followed == nullptr) return;
    followed->settled = true;
    followed->message.outcome = std::move(outcome);
    followed->message.trouble = trouble;
    if (took_time) followed->message.latency = event.at - followed->message.at;
  };
  if (const auto* attempt = std::get_if<Attempted>(&event.what)) {
    if (attempt->client != client_) return;
    JourneyMessage& message = follow({attempt->stamp, true}, event.at).message;
    message.topic = visible(attempt->topic, topic_characters_max);
    message.qos = attempt->qos;
    message.retain = attempt->retain;
  } else if (const auto* refused = std::get_if<NotSent>(&event.what)) {
    if (refused->client == client_)
      settle(refused->stamp, "not sent: " + visible(refused->reason, 40), true, false);
  } else if (const auto* done = std::get_if<Acknowledged>(&event.what)) {
    if (done->client != client_) return;
    const bool bad = failed(done->reason);
    settle(done->stamp,
           bad ? fmt::format("refused: {}", name(done->reason)) : std::string("acknowledged"), bad,
           true);
  }
}

JourneyFollower::Followed* JourneyFollower::find(const Key& key) {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &*found->second;
}

JourneyFollower::Followed& JourneyFollower::follow(const Key& key, Instant at) {
  if (Followed* const found = find(key)) return *found;
  if (followed_.size() == limits_.followed_max) {
    auto oldest = std::ranges::find_if(followed_, &Followed::settled);
    let_go(oldest == followed_.end() ? followed_.begin() : oldest);
  }
  Followed begun{.key = key, .message = {}};
  begun.message.published = key.published;
  begun.message.other = key.message.publisher;
  begun.message.number = key.message.number;
  begun.message.will = key.message.origin == Stamp::Origin::will;
  begun.message.at = at;
  followed_.push_back(std::move(begun));
  by_key_[key] = std::prev(followed_.end());
  return followed_.back();
}

void JourneyFollower::let_go(std::list<Followed>::iterator which) {
  JourneyMessage& message = which->message;
  if (!which->settled) {
    message.trouble = true;
    message.outcome = !which->key.published              ? "never reached the application"
                      : message.qos == Qos::at_most_once ? "did not reach the broker"
                                                         : "not acknowledged";
  }
  keep(which->key, std::move(message));
  by_key_.erase(which->key);
  followed_.erase(which);
}

void JourneyFollower::keep(const Key& key, JourneyMessage message) {
  const bool named = named_.contains(key.message);
  const Duration took = message.latency.value_or(Duration{});
  kept_.push_back({{named, message.trouble, took}, std::move(message)});
  if (kept_.size() <= limits_.messages_max) return;
  ++journey_.messages_left_out;
  kept_.erase(std::ranges::min_element(kept_, {}, &Kept::weight));
}

Journey JourneyFollower::finish() {
  while (!followed_.empty()) let_go(followed_.begin());
  for (Kept& one : kept_) journey_.messages.push_back(std::move(one.message));
  std::ranges::stable_sort(journey_.messages, {}, &JourneyMessage::at);
  std::ranges::move(last_connections_, std::back_inserter(journey_.connections));
  return std::move(journey_);
}

}  // namespace mq::report
