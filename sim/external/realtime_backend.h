// A broker at an address of the real network, behind the broker's address of a scenario: a gateway
// that ends the simulated connections and passes their bytes on through sockets of this machine.
//
// The broker's clock cannot be set. Whoever uses this holds the simulation to the wall clock
// (RealtimePace), and what comes of it is not the same twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/backend.h"

namespace mq::sim {

// How often the sockets are looked at, and the grain of what is measured.
inline constexpr Duration realtime_grain = std::chrono::milliseconds(1);

class RealtimeBackend final : public BrokerBackend {
 public:
  // `host` is a name or an address.
  RealtimeBackend(std::string host, std::uint16_t port);
  ~RealtimeBackend() override;

  // Tries one connection: whoever is not there is told before the run.
  std::string why_unreachable(std::chrono::milliseconds within = std::chrono::seconds(5));

  std::optional<Instant> start(Instant now) override;
  std::optional<Instant> step(Instant now) override;
  BackendLink open(const std::string& peer) override;
  std::size_t write(BackendLink link, std::span<const std::byte> bytes) override;
  std::size_t read(BackendLink link, std::span<std::byte> into) override;
  void half_close(BackendLink link) override;
  void reset(BackendLink link) override;
  std::vector<Ready> ready() override;
  // The connections end; the broker lives on.
  void kill(Crash how) override;

 private:
  struct Link;

  void connect(Link& link);
  void pump(Link& link);
  void fail(Link& link);
  Link* find(BackendLink id) const;

  std::string host_;
  std::uint16_t port_;
  struct Address;
  std::unique_ptr<Address> address_;
  std::uint64_t last_link_ = 0;
  std::map<BackendLink, std::unique_ptr<Link>> links_;
};

// Holds a simulation to the wall clock, and says how well it could be held.
class RealtimePace {
 public:
  // More than this behind, and the simulation cannot keep up: what it measures would be its own
  // slowness.
  static constexpr Duration limit = std::chrono::milliseconds(250);

  // Called when the simulation has come to `reached`: waits for the wall clock. False if it is
  // behind by more than the limit; then trouble() says so.
  bool hold(Instant reached);

  const std::string& trouble() const { return trouble_; }
  // "p50 40 us, p99 300 us, longest 2.10 ms"
  std::string slip() const;

 private:
  std::optional<std::chrono::steady_clock::time_point> began_;
  Instant origin_{};
  std::vector<std::uint32_t> slips_;  // microseconds, counted up to the limit
  std::uint64_t count_ = 0;
  Duration longest_{};
  std::string trouble_;
};

}  // namespace mq::sim
