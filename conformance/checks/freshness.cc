#include "conformance/checks/freshness.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mq::checks {
namespace {

double seconds(Duration length) { return std::chrono::duration<double>(length).count(); }

Duration duration_of(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

bool asks_for_it(const trace::RunInfo& run) {
  return std::any_of(run.clients.begin(), run.clients.end(),
                     [](const auto& client) { return client.speaks == trace::Speaks::http; }) ||
         std::any_of(run.expectations.begin(), run.expectations.end(),
                     [](const auto& expectation) { return expectation.id == "age"; });
}

}  // namespace

FreshnessFold::FreshnessFold(const trace::RunInfo& run) : FreshnessFold(run, Limits{}) {}

FreshnessFold::FreshnessFold(const trace::RunInfo& run, const Limits& limits)
    : is_wanted_(asks_for_it(run)),
      limits_(limits),
      attempts_(is_wanted_ ? run.clients.size() : 0, limits.attempts_max) {
  if (!is_wanted_) return;
  for (const auto& client : run.clients) {
    auto group = std::find_if(groups_.begin(), groups_.end(),
                              [&](const Group& one) { return one.name == client.group; });
    if (group == groups_.end()) group = groups_.insert(group, Group{.name = client.group});
    readers_.push_back({.group = static_cast<std::size_t>(group - groups_.begin())});
  }
}

void FreshnessFold::observe(const trace::Event& event) {
  if (!is_wanted_) return;
  if (const auto* attempted = std::get_if<trace::Attempted>(&event.what)) {
    attempts_.add(attempted->stamp, event.at);
  } else if (const auto* taken = std::get_if<trace::ValueTaken>(&event.what)) {
    attempts_.add(taken->stamp, event.at);
  } else if (const auto* delivered = std::get_if<trace::Delivered>(&event.what)) {
    if (const auto stamp = trace::stamp_of(delivered->publish->payload.text()))
      read(delivered->connection.client, delivered->publish->topic, *stamp, event.at);
  } else if (const auto* value = std::get_if<trace::ValueRead>(&event.what)) {
    if (value->stamp) read(value->client, value->path, *value->stamp, event.at);
  } else if (std::holds_alternative<trace::CalmBegan>(event.what)) {
    stop(event.at);
  }
}

void FreshnessFold::read(trace::ClientIndex client, std::string_view topic,
                         const trace::Stamp& stamp, Instant at) {
  const auto index = static_cast<std::size_t>(client);
  const auto taken = attempts_.of(stamp);
  if (!taken || index >= readers_.size()) return;
  const auto id = static_cast<std::uint32_t>(topics_.size());
  const auto known = topics_.find(std::string(topic));
  const std::uint64_t key =
      std::uint64_t{index} << 32 | (known == topics_.end() ? id : known->second);
  const auto followed = followed_.find(key);
  if (followed == followed_.end()) {
    if (held_.size() >= limits_.followed_max) return;
    if (known == topics_.end()) topics_.emplace(topic, id);
    followed_.emplace(key, held_.size());
    held_.push_back({index, *taken, at});
  } else {
    Held& held = held_[followed->second];
    if (*taken <= held.taken) return;
    if (!is_stopped_) grow_old(held, at);
    held.taken = *taken;
  }
  Group& group = groups_[readers_[index].group];
  ++group.values;
  ++values_;
  group.latency.record(at - *taken);
}

void FreshnessFold::grow_old(Held& held, Instant at) {
  Reader& reader = readers_[held.reader];
  const double length = seconds(at - held.since);
  reader.seconds += length;
  reader.seconds_of_age += length * (seconds(held.since - held.taken) + length / 2);
  reader.most = std::max(reader.most, at - held.taken);
  held.since = at;
}

void FreshnessFold::stop(Instant at) {
  if (std::exchange(is_stopped_, true)) return;
  for (Held& held : held_) grow_old(held, at);
}

void FreshnessFold::finish(Instant end) { stop(end); }

std::optional<Age> FreshnessFold::of(trace::ClientIndex client) const {
  const auto index = static_cast<std::size_t>(client);
  if (index >= readers_.size() || readers_[index].seconds <= 0) return std::nullopt;
  const Reader& reader = readers_[index];
  return Age{duration_of(reader.seconds_of_age / reader.seconds), reader.most};
}

std::optional<Freshness> FreshnessFold::of(std::string_view name) const {
  const auto group = std::find_if(groups_.begin(), groups_.end(),
                                  [&](const Group& one) { return one.name == name; });
  if (group == groups_.end() || group->values == 0) return std::nullopt;
  Freshness freshness{group->values, group->latency, {}};
  double held = 0, aged = 0;
  for (const Reader& reader : readers_) {
    if (&groups_[reader.group] != &*group) continue;
    held += reader.seconds;
    aged += reader.seconds_of_age;
    freshness.age.most = std::max(freshness.age.most, reader.most);
  }
  if (held > 0) freshness.age.mean = duration_of(aged / held);
  return freshness;
}

}  // namespace mq::checks
