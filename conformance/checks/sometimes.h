// Which of the interesting states of sim/trace/sometimes.h a run has reached, and how often: all
// are counted always; those that a scenario asks for become findings.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/ledger.h"
#include "conformance/checks/session.h"
#include "conformance/checks/will.h"
#include "sim/trace/sometimes.h"

namespace mq::checks {

class SometimesCheck final : public Check {
 public:
  // All outlive it and have observed every event before it.
  SometimesCheck(const Fleet& fleet, const Ledger& ledger, const SessionCheck& sessions,
                 const WillCheck& wills);

  void observe(const trace::Event& event) override;
  // One for each line of `expect`: held if the state was reached, else not tried.
  std::vector<Finding> finish(Instant end) override;

  // In the order of trace::sometimes_states; complete after finish().
  const std::array<std::uint64_t, trace::sometimes_states.size()>& reached() const {
    return reached_;
  }

 private:
  using PacketIds = std::vector<PacketId>;
  // The QoS 2 exchanges of one client, at one end.
  struct Exchanges {
    std::vector<std::pair<PacketId, bool>> released;  // PUBREL sent; whether it has arrived
    PacketIds received;                               // PUBLISH received, its PUBREL not yet
  };
  struct Client {
    std::array<Exchanges, 2> ends;           // by trace::End
    std::vector<std::uint32_t> broker_open;  // accepted connections, by the broker's end
    bool gave_up = false;
  };

  void on(const trace::PacketSeen& seen);
  void on(const trace::LinkClosed& closed);
  void on_pub_rel(Client& client, const trace::PacketSeen& seen, PacketId packet_id);
  void on_publish(Client& client, const trace::PacketSeen& seen, const Publish& publish);
  void on_connect_at_broker(Client& client, std::uint32_t connection);
  void reach(std::string_view phrase, std::uint64_t times = 1);

  const Fleet& fleet_;
  const Ledger& ledger_;
  const SessionCheck& sessions_;
  const WillCheck& wills_;
  std::vector<Client> clients_;
  bool crashed_in_flight_ = false;
  std::array<std::uint64_t, trace::sometimes_states.size()> reached_{};
};

}  // namespace mq::checks
