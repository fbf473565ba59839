#include "bench/arrivals.h"

#include <algorithm>
#include <utility>

#include "transport/tls.h"

namespace mq::bench {
namespace {

constexpr std::chrono::milliseconds settling{500};

std::unique_ptr<transport::TlsClient> tls_of(const ArrivalsPlan& plan, const Target& target) {
  if (!plan.tls) return nullptr;
  return std::make_unique<transport::TlsClient>(
      transport::TlsClientOptions{.ca_file = target.authority_file});
}

}  // namespace

Arrivals::Arrivals(ArrivalsPlan plan, Target target, std::chrono::milliseconds patience)
    : plan_(plan),
      target_(std::move(target)),
      patience_(patience),
      tls_(tls_of(plan_, target_)),
      is_leaving_(plan_.clients) {}

Arrivals::~Arrivals() = default;

Outcome Arrivals::run() {
  const double before = static_cast<double>(target_.usage().resident_bytes);
  const Stopwatch watch(target_);
  while (clients_.size() < std::min(plan_.at_once, plan_.clients)) come();
  wait_until(plan_.stay ? welcome_ : gone_, plan_.clients);
  watch.stop(outcome_);
  outcome_.units = plan_.stay ? welcome_ : gone_;
  if (plan_.stay && outcome_.fault.empty()) {
    settle();
    outcome_.bytes_per_connection = (static_cast<double>(target_.usage().resident_bytes) - before) /
                                    static_cast<double>(std::max<std::size_t>(welcome_, 1));
    ask_all();
  }
  outcome_.p50_us = percentile(latencies_, 0.5);
  outcome_.p99_us = percentile(latencies_, 0.99);
  outcome_.lost = plan_.clients - std::min(plan_.clients, outcome_.units);
  return std::move(outcome_);
}

void Arrivals::come() {
  const std::size_t number = clients_.size();
  clients_.push_back(std::make_unique<LoadClient>(
      *this, static_cast<int>(number),
      LoadClient::Options{.client_id = "comes-" + std::to_string(number),
                          .user = target_.user,
                          .password = target_.password}));
  loop_.connect(*clients_.back(), plan_.tls ? target_.tls_port : target_.port, tls_.get());
}

bool Arrivals::wait_until(std::size_t& count, std::size_t wanted) {
  const bool all = loop_.run([&] { return count >= wanted || !outcome_.fault.empty(); }, patience_);
  if (!all && outcome_.fault.empty())
    outcome_.fault = "no answer to " + std::to_string(wanted - count) + " of " +
                     std::to_string(wanted) + " clients";
  return all;
}

void Arrivals::on_welcome(LoadClient& client) {
  ++welcome_;
  latencies_.push_back(
      std::chrono::duration<double, std::micro>(Clock::now() - client.began()).count());
  if (plan_.stay) {
    if (clients_.size() < plan_.clients) come();
    return;
  }
  is_leaving_[static_cast<std::size_t>(client.number())] = 1;
  client.say_disconnect();
}

void Arrivals::on_ended(LoadClient& client, const std::string& why) {
  if (!is_leaving_[static_cast<std::size_t>(client.number())]) {
    if (outcome_.fault.empty()) outcome_.fault = why;
    return;
  }
  ++gone_;
  if (clients_.size() < plan_.clients) come();
}

// What the broker does once for all of them should be over.
void Arrivals::settle() {
  const auto until = Clock::now() + settling;
  while (Clock::now() < until) loop_.turn(std::chrono::milliseconds(50));
}

void Arrivals::ask_all() {
  for (const auto& client : clients_) {
    client->ping();
    loop_.mark(*client);
  }
  wait_until(pongs_, clients_.size());
}

void Arrivals::on_pong(LoadClient&) { ++pongs_; }

}  // namespace mq::bench
