#include "bench/retained_storm.h"

#include <algorithm>
#include <utility>

namespace mq::bench {
namespace {

constexpr std::size_t set_per_ping = 500;

}  // namespace

RetainedStorm::RetainedStorm(RetainedPlan plan, Target target, std::chrono::milliseconds patience)
    : plan_(plan), target_(std::move(target)), patience_(patience) {}

RetainedStorm::~RetainedStorm() = default;

Outcome RetainedStorm::run() {
  if (plan_.measured == RetainedPlan::Measured::setting) {
    const Stopwatch watch(target_);
    set_all();
    watch.stop(outcome_);
    outcome_.units = set_;
    give_all();  // were they set?
  } else {
    set_all();
    const Stopwatch watch(target_);
    give_all();
    watch.stop(outcome_);
    outcome_.units = given_;
  }
  const std::size_t owed = plan_.topics * plan_.subscribers;
  outcome_.lost = owed - std::min(owed, given_);
  return std::move(outcome_);
}

LoadClient& RetainedStorm::come() {
  const std::size_t number = clients_.size();
  heard_.emplace_back(plan_.topics);
  clients_.push_back(std::make_unique<LoadClient>(
      *this, static_cast<int>(number),
      LoadClient::Options{.client_id = "retained-" + std::to_string(number),
                          .user = target_.user,
                          .password = target_.password,
                          .payload_bytes = plan_.payload_bytes}));
  loop_.connect(*clients_.back(), target_.port);
  wait([&] { return welcome_ == clients_.size(); }, "no answer to CONNECT");
  return *clients_.back();
}

bool RetainedStorm::wait(const std::function<bool()>& done, const char* what) {
  const bool came = loop_.run([&] { return done() || !outcome_.fault.empty(); }, patience_);
  if (!came && outcome_.fault.empty()) outcome_.fault = what;
  return outcome_.fault.empty();
}

// QoS 0 has no acknowledgement: the answer to a PINGREQ behind them says that they were read.
void RetainedStorm::set_all() {
  LoadClient& client = come();
  while (set_ < plan_.topics && outcome_.fault.empty()) {
    set_some(client);
    const std::size_t pings = pongs_ + 1;
    client.ping();
    loop_.mark(client);
    wait([&] { return pongs_ == pings; }, "no answer to PINGREQ");
  }
}

void RetainedStorm::set_some(LoadClient& client) {
  for (std::size_t i = 0; i < set_per_ping && set_ < plan_.topics; ++i, ++set_) {
    const Sign sign{static_cast<std::uint32_t>(set_), 1, Clock::now().time_since_epoch().count()};
    client.publish("retained/" + std::to_string(set_ % 100) + "/" + std::to_string(set_),
                   Qos::at_most_once, true, sign, plan_.payload_bytes);
  }
}

void RetainedStorm::give_all() {
  const std::string filter = "retained/#";
  for (std::size_t i = 0; i < plan_.subscribers && outcome_.fault.empty(); ++i) {
    LoadClient& client = come();
    const std::size_t wanted = given_ + plan_.topics;
    client.subscribe(std::span(&filter, 1), Qos::at_most_once);
    loop_.mark(client);
    // Those that are missing are counted; it is no fault of the connection.
    loop_.run([&] { return given_ >= wanted || !outcome_.fault.empty(); }, patience_);
  }
}

void RetainedStorm::on_welcome(LoadClient&) { ++welcome_; }

void RetainedStorm::on_message(LoadClient& client, const Sign& sign, bool is_whole) {
  if (!is_whole || sign.stream >= plan_.topics) {
    ++outcome_.altered;
    return;
  }
  char& heard = heard_[static_cast<std::size_t>(client.number())][sign.stream];
  if (std::exchange(heard, 1)) {
    ++outcome_.duplicated;
    return;
  }
  ++given_;
}

void RetainedStorm::on_pong(LoadClient&) { ++pongs_; }

void RetainedStorm::on_ended(LoadClient&, const std::string& why) {
  if (outcome_.fault.empty()) outcome_.fault = why;
}

}  // namespace mq::bench
