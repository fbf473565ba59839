// A PUBLISH of QoS 1 or 2 that is sent again in the same session says so: it carries the DUP flag.
// Serves 3.3.1.1 of both standards, for clients and for the broker.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/fetch.h"
#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/tally.h"

namespace mq::checks {

class RedeliveryCheck final : public Check {
 public:
  // `fleet` outlives it and has observed every event before it.
  explicit RedeliveryCheck(const Fleet& fleet) : fleet_(fleet), unanswered_(fleet.size()) {}

  void observe(const trace::Event& event) override;
  std::vector<Finding> finish(Instant end) override;
  // Asks for what the next event of this client will touch.
  void fetch(ClientIndex client) const {
    mq::fetch(&unanswered_[static_cast<std::size_t>(client)]);
  }

 private:
  // What one end has sent to the other, without an answer yet.
  using Unanswered = boost::container::small_vector<std::pair<PacketId, trace::Stamp>, 1>;

  void on(const trace::PacketSeen& seen, Instant at);
  void on_sent(const trace::PacketSeen& seen, const Publish& publish, Instant at);
  void answered(const trace::PacketSeen& seen, PacketId packet_id);
  Unanswered& unanswered(ClientIndex client, trace::End sender) {
    return unanswered_[static_cast<std::size_t>(client)][static_cast<std::size_t>(sender)];
  }

  const Fleet& fleet_;
  std::vector<std::array<Unanswered, 2>> unanswered_;  // by client, by trace::End
  Tally tally_;
};

}  // namespace mq::checks
