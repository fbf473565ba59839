#include "broker/operate/sys_topics.h"

#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace mq::broker {
namespace {

constexpr std::pair<const char*, double> spans[] = {{"1min", 1}, {"5min", 5}, {"15min", 15}};

}  // namespace

void SysTopics::say(const std::string& topic, std::string value) {
  std::string& said = said_[topic];
  if (said == value) return;
  said = std::move(value);
  changed_.push_back({"$SYS/broker/" + topic, Bytes::copy(said)});
}

void SysTopics::say_load(const std::string& topic, std::uint64_t count, double minutes) {
  Load& load = loads_[topic];
  const double rate =
      minutes > 0 ? static_cast<double>(count - load.last) / minutes : load.average[0];
  load.last = count;
  for (std::size_t i = 0; i < std::size(spans); ++i) {
    const auto& [name, length] = spans[i];
    load.average[i] = rate + std::exp(-minutes / length) * (load.average[i] - rate);
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", load.average[i]);
    say("load/" + topic + "/" + name, std::string(text));
  }
}

void SysTopics::say_counts(const Broker::Census& census) {
  const Broker::Traffic& traffic = census.traffic;
  say("clients/total", census.sessions);
  say("clients/connected", census.connected);
  say("clients/active", census.connected);
  say("clients/disconnected", census.sessions - census.connected);
  say("clients/inactive", census.sessions - census.connected);
  say("clients/maximum", traffic.sessions_most);
  say("clients/expired", traffic.sessions_expired);
  say("subscriptions/count", census.subscriptions);
  say("shared_subscriptions/count", census.shared_subscriptions);
  say("retained messages/count", census.retained);
  say("messages/stored", census.retained + census.queued_messages);
  say("store/messages/count", census.retained + census.queued_messages);
  say("store/messages/bytes", census.retained_bytes + census.queued_bytes);
  say("messages/received", traffic.packets_received);
  say("messages/sent", traffic.packets_sent);
  say("bytes/received", traffic.bytes_received);
  say("bytes/sent", traffic.bytes_sent);
  say("publish/messages/received", traffic.publishes_received);
  say("publish/messages/sent", traffic.publishes_sent);
  say("publish/messages/dropped", census.dropped_messages);
  say("publish/bytes/received", traffic.payload_bytes_received);
  say("publish/bytes/sent", traffic.payload_bytes_sent);
}

void SysTopics::say_loads(const Broker::Census& census, double minutes) {
  const Broker::Traffic& traffic = census.traffic;
  say_load("messages/received", traffic.packets_received, minutes);
  say_load("messages/sent", traffic.packets_sent, minutes);
  say_load("publish/received", traffic.publishes_received, minutes);
  say_load("publish/sent", traffic.publishes_sent, minutes);
  say_load("publish/dropped", census.dropped_messages, minutes);
  say_load("bytes/received", traffic.bytes_received, minutes);
  say_load("bytes/sent", traffic.bytes_sent, minutes);
  say_load("sockets", traffic.links, minutes);
  say_load("connections", traffic.connects, minutes);
}

std::vector<Announce> SysTopics::update(const Broker::Census& census,
                                        std::chrono::milliseconds uptime) {
  const double minutes =
      std::chrono::duration<double, std::ratio<60>>(uptime - std::exchange(last_, uptime)).count();
  say("version", version_);
  say("uptime",
      std::to_string(std::chrono::floor<std::chrono::seconds>(uptime).count()) + " seconds");
  say_counts(census);
  say_loads(census, minutes);
  const std::size_t heap = ::mallinfo2().uordblks;
  heap_most_ = std::max(heap_most_, heap);
  say("heap/current", heap);
  say("heap/maximum", heap_most_);
  return std::exchange(changed_, {});
}

std::vector<Announce> SysTopics::withdraw() {
  std::vector<Announce> taken_back;
  for (const auto& [topic, value] : std::exchange(said_, {}))
    taken_back.push_back({"$SYS/broker/" + topic, {}});
  return taken_back;
}

}  // namespace mq::broker
