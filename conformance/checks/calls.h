// What became of connections that somebody outside began to a device. No sentence of the standard:
// it is why a device that cannot be called calls a broker.
#pragma once

#include <cstdint>
#include <vector>

#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"

namespace mq::checks {

class CallCheck final : public Check {
 public:
  // `fleet` outlives it.
  explicit CallCheck(const Fleet& fleet) : fleet_(fleet) {}

  void observe(const trace::Event& event) override;
  // Nothing unless the scenario expects something of calls.
  std::vector<Finding> finish(Instant end) override;

 private:
  struct Sum {
    std::uint64_t calls = 0;
    Duration longest{};
    std::vector<Evidence> evidence;  // of the first ones
  };
  void add(Sum& sum, const trace::Called& called, Instant at) const;

  const Fleet& fleet_;
  Sum answered_, given_up_;
};

}  // namespace mq::checks
