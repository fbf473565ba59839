#include "bench/flow.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace mq::bench {
namespace {

constexpr std::size_t filters_per_packet = 100;

}  // namespace

FlowPlan fan_in_plan(std::size_t publishers) {
  FlowPlan plan{.publishers = publishers, .subscribers = {{"in/#"}}};
  for (std::size_t i = 0; i < publishers; ++i)
    plan.streams.push_back({i, "in/" + std::to_string(i) + "/temperature", {0}});
  return plan;
}

FlowPlan fan_out_plan(std::size_t subscribers) {
  FlowPlan plan;
  plan.subscribers.assign(subscribers, {"out/news"});
  plan.streams.push_back({0, "out/news", std::vector<std::size_t>(subscribers)});
  auto& receivers = plan.streams.back().receivers;
  std::iota(receivers.begin(), receivers.end(), std::size_t{0});
  return plan;
}

// Three kinds, so that a look-up has to follow several branches of which one leads on.
FlowPlan matching_plan(std::size_t filters) {
  FlowPlan plan;
  plan.subscribers.resize(10);
  for (std::size_t i = 0; i < filters; ++i) {
    const std::string id = std::to_string(i);
    const std::string other = std::to_string(filters + i);
    const std::size_t subscriber = i % plan.subscribers.size();
    const char* kinds[] = {"site/", "site/+/", "+/+/+/"};
    plan.subscribers[subscriber].push_back(kinds[i % 3] + id + (i % 3 == 0 ? "/+/state" : "/#"));
    const std::string topic = i % 3 == 0   ? "site/" + id + "/" + other + "/state"
                              : i % 3 == 1 ? "site/" + other + "/" + id + "/state"
                                           : "site/" + other + "/x/" + id + "/state";
    plan.streams.push_back({0, topic, {subscriber}});
  }
  return plan;
}

Flow::Flow(FlowPlan plan, Target target, std::chrono::milliseconds patience)
    : plan_(std::move(plan)),
      target_(std::move(target)),
      patience_(patience),
      publishers_(plan_.publishers),
      sent_(plan_.streams.size()),
      heard_(plan_.streams.size() * plan_.subscribers.size()),
      filters_said_(plan_.subscribers.size()) {
  for (std::size_t i = 0; i < plan_.streams.size(); ++i) {
    const FlowPlan::Stream& stream = plan_.streams[i];
    Publisher& publisher = publishers_[stream.publisher];
    publisher.streams.push_back(static_cast<std::uint32_t>(i));
    publisher.copies_max = std::max<std::uint64_t>(publisher.copies_max, stream.receivers.size());
    for (const std::size_t receiver : stream.receivers) heard(receiver, i).is_receiver = true;
  }
}

Flow::~Flow() = default;

Outcome Flow::run() {
  if (open() && pump(plan_.warm_up)) {
    latencies_.clear();
    outcome_.units = 0;
    const Stopwatch watch(target_);
    const bool all = pump(plan_.messages);
    watch.stop(outcome_);
    if (all && outcome_.fault.empty()) part();
  }
  count_lost();
  outcome_.p50_us = percentile(latencies_, 0.5);
  outcome_.p99_us = percentile(latencies_, 0.99);
  return std::move(outcome_);
}

bool Flow::open() {
  const std::size_t all = plan_.publishers + plan_.subscribers.size();
  for (std::size_t i = 0; i < all; ++i) {
    const bool subscribes = i >= plan_.publishers;
    clients_.push_back(std::make_unique<LoadClient>(
        *this, static_cast<int>(i),
        LoadClient::Options{.client_id = "load-" + std::to_string(i),
                            .user = target_.user,
                            .password = target_.password,
                            .clean_session = !(subscribes && plan_.keeps_sessions),
                            .payload_bytes = plan_.payload_bytes}));
    loop_.connect(*clients_.back(), target_.port);
    // Not all at once: how a broker takes a storm is another row's question.
    if (i % 50 == 49) loop_.turn(std::chrono::milliseconds(10));
  }
  const bool opened =
      loop_.run([&] { return ready_ == all || !outcome_.fault.empty(); }, patience_);
  if (!opened && outcome_.fault.empty()) outcome_.fault = "no answer to CONNECT or SUBSCRIBE";
  return outcome_.fault.empty();
}

// Only when the last acknowledgements have been read, or the sessions that are kept would begin the
// next round with what this one has left.
void Flow::part() {
  is_parting_ = true;
  const auto all = [this](void (LoadClient::*say)()) {
    for (const auto& client : clients_) {
      (*client.*say)();
      loop_.mark(*client);
    }
  };
  all(&LoadClient::ping);
  loop_.run([this] { return pongs_ + gone_ == clients_.size(); }, patience_);
  all(&LoadClient::say_disconnect);
  loop_.run([this] { return gone_ == clients_.size(); }, patience_);
}

bool Flow::is_subscriber(const LoadClient& client) const {
  return static_cast<std::size_t>(client.number()) >= plan_.publishers;
}

void Flow::on_welcome(LoadClient& client) {
  if (is_subscriber(client)) return subscribe(client);
  ++ready_;
}

void Flow::on_subscribed(LoadClient& client) { subscribe(client); }

// The next part of its filters; when there is none left it is ready.
void Flow::subscribe(LoadClient& client) {
  const std::size_t number = static_cast<std::size_t>(client.number()) - plan_.publishers;
  const std::span<const std::string> filters(plan_.subscribers[number]);
  std::size_t& said = filters_said_[number];
  if (said == filters.size()) {
    ++ready_;
    return;
  }
  const std::size_t count = std::min(filters_per_packet, filters.size() - said);
  client.subscribe(filters.subspan(said, count), plan_.qos);
  said += count;
}

bool Flow::pump(std::uint64_t messages) {
  to_send_ = messages;
  for (std::size_t i = 0; i < publishers_.size(); ++i) refill(i);
  return loop_.run(
      [&] {
        for (const std::size_t publisher : std::exchange(to_refill_, {})) {
          publishers_[publisher].is_blocked = true;
          refill(publisher);
        }
        return (to_send_ == 0 && owed_ == 0 && unacknowledged_ == 0) || !outcome_.fault.empty();
      },
      patience_);
}

void Flow::refill(std::size_t number) {
  Publisher& publisher = publishers_[number];
  LoadClient& client = *clients_[number];
  const std::uint64_t owed_max = plan_.window * publisher.copies_max;
  const bool acknowledged = plan_.qos != Qos::at_most_once;
  bool said = false;
  while (to_send_ > 0 && publisher.owed + publisher.copies_max <= owed_max &&
         publisher.unacknowledged < plan_.window) {
    const std::uint32_t index = publisher.streams[publisher.next++ % publisher.streams.size()];
    const FlowPlan::Stream& stream = plan_.streams[index];
    const Sign sign{index, ++sent_[index], Clock::now().time_since_epoch().count()};
    client.publish(stream.topic, plan_.qos, false, sign, plan_.payload_bytes);
    said = true;
    --to_send_;
    publisher.owed += stream.receivers.size();
    owed_ += stream.receivers.size();
    publisher.unacknowledged += acknowledged;
    unacknowledged_ += acknowledged;
  }
  publisher.is_blocked = to_send_ > 0;
  if (said) loop_.mark(client);
}

void Flow::on_message(LoadClient& client, const Sign& sign, bool is_whole) {
  if (!is_subscriber(client)) {
    ++outcome_.astray;
    return;
  }
  if (!judge(static_cast<std::size_t>(client.number()) - plan_.publishers, sign, is_whole)) return;
  ++outcome_.units;
  latencies_.push_back(static_cast<double>(Clock::now().time_since_epoch().count() - sign.sent_at) /
                       1e3);
  const std::size_t number = plan_.streams[sign.stream].publisher;
  --publishers_[number].owed;
  --owed_;
  if (std::exchange(publishers_[number].is_blocked, false)) to_refill_.push_back(number);
}

// Whether it is one that was owed.
bool Flow::judge(std::size_t subscriber, const Sign& sign, bool is_whole) {
  if (!is_whole || sign.stream >= plan_.streams.size() || sign.sequence > sent_[sign.stream]) {
    ++outcome_.altered;
    return false;
  }
  Heard& heard_last = heard(subscriber, sign.stream);
  if (!heard_last.is_receiver) {
    ++outcome_.astray;
    return false;
  }
  if (sign.sequence <= heard_last.sequence) {
    ++(sign.sequence == heard_last.sequence ? outcome_.duplicated : outcome_.disordered);
    return false;
  }
  heard_last.sequence = sign.sequence;
  return true;
}

void Flow::on_acknowledged(LoadClient& client) {
  if (is_subscriber(client)) return;
  const auto number = static_cast<std::size_t>(client.number());
  if (publishers_[number].unacknowledged == 0) return;
  --publishers_[number].unacknowledged;
  --unacknowledged_;
  if (std::exchange(publishers_[number].is_blocked, false)) to_refill_.push_back(number);
}

void Flow::on_pong(LoadClient&) { ++pongs_; }

void Flow::on_ended(LoadClient& client, const std::string& why) {
  ++gone_;
  if (is_parting_) return;
  if (!outcome_.fault.empty()) return;
  outcome_.fault = std::string(is_subscriber(client) ? "a subscriber" : "a publisher") + ": " + why;
}

// What is still owed when nothing has come for long is lost; so is what was never acknowledged.
void Flow::count_lost() {
  outcome_.lost = owed_;
  if (unacknowledged_ > 0 && outcome_.fault.empty())
    outcome_.fault = std::to_string(unacknowledged_) + " messages were never acknowledged";
  else if (to_send_ > 0 && outcome_.fault.empty() && owed_ == 0)
    outcome_.fault = "not all messages could be sent";
}

}  // namespace mq::bench
