#include "cli/realtime_broker.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "conformance/runner/address.h"
#include "sim/external/realtime_backend.h"

namespace mq::cli {
namespace {

class RealtimeBroker final : public BrokerOfRun {
 public:
  explicit RealtimeBroker(const conformance::Address& address)
      : where_(address.host_and_port()), backend_(address.host, address.port) {
    if (const std::string why = backend_.why_unreachable(); !why.empty())
      throw NoBroker(exit_code::unreachable, why);
  }

  sim::BrokerBackend& backend() override { return backend_; }
  std::string trouble() const override { return pace_.trouble(); }
  int trouble_code() const override { return exit_code::fault; }
  std::optional<Duration> told_every() const override { return sim::realtime_grain; }
  void reached(Instant at) override { pace_.hold(at); }

  std::vector<report::Setting> about() const override {
    return {{"broker", where_, ""},
            {"back end", "realtime: not reproducible", ""},
            {"clock slip", pace_.slip(), ""}};
  }

 private:
  std::string where_;
  sim::RealtimeBackend backend_;
  sim::RealtimePace pace_;
};

void refuse(const scenario::Plan& plan, const std::string& why) {
  throw NoBroker(exit_code::usage, plan.file + ": " + why);
}

}  // namespace

std::unique_ptr<BrokerOfRun> realtime_broker(const scenario::Plan& plan) {
  const auto parsed = conformance::address_in(plan.broker.external);
  if (const auto* none = std::get_if<conformance::NoAddress>(&parsed))
    refuse(plan, "`" + plan.broker.external + "`: " + none->why);
  const auto& address = std::get<conformance::Address>(parsed);
  if (address.has_tls || address.has_websocket)
    refuse(plan, "`" + plan.broker.external +
                     "`: a broker by URL is spoken to in plain MQTT (mqtt://); TLS and WebSocket "
                     "of a group are taken off before it");
  for (const scenario::FaultPlan& fault : plan.faults)
    if (scenario::is_of_broker(fault.what))
      refuse(plan, "the scenario has a fault of its broker, `" + fault.kind + "`, and " +
                       plan.broker.external + " is not ours to break");
  return std::make_unique<RealtimeBroker>(address);
}

}  // namespace mq::cli
