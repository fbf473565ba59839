// Sessions are resumed when they must be, and gone when they must be: what CONNACK says of it, in
// both directions. Serves 3.1.2.4 and 3.2.2.1 of both standards, and 3.1.2.11.2 of 5.0.
#pragma once

#include <cstdint>
#include <vector>

#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/tally.h"

namespace mq::checks {

class SessionCheck final : public Check {
 public:
  // `fleet` outlives it and has observed every event before it.
  explicit SessionCheck(const Fleet& fleet) : fleet_(fleet) {}

  void observe(const trace::Event& event) override;
  std::vector<Finding> finish(Instant end) override;

  // Sessions that were said to be kept and were empty, which only the ledger can tell; before
  // finish().
  void add_empty(const Tally& empty);

  std::uint64_t resumed() const { return resumed_; }
  std::uint64_t expired() const { return expired_; }

 private:
  void on(const Accepted& accepted, Instant at);

  const Fleet& fleet_;
  Tally tally_;
  std::uint64_t resumed_ = 0;
  std::uint64_t expired_ = 0;
};

}  // namespace mq::checks
