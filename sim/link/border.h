// Where a carrier's network meets the internet: an address translator that remembers each
// connection for a while, and the device's address, which changes when it roams. Connections are
// told apart by the device's port. Nothing comes in that the device has not asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace mq::sim::link {

// What becomes of a connection that has been silent for too long. `silent`: its packets vanish.
// `reset`: who sends is answered by RST at the border. `rebind`: what the device sends reaches the
// other side from another address, where nobody knows it: RST, a round trip later.
enum class Expiry : std::uint8_t { silent, reset, rebind };

struct NatModel {
  Duration idle_timeout{};
  Expiry then = Expiry::silent;
};

class Border {
 public:
  static constexpr std::size_t mappings_max = 256;  // the longest silent one is forgotten
  enum class Verdict : std::uint8_t { passes, vanishes, is_reset };

  // No model: packets pass, but for those of an address that is no more. `model` outlives this.
  explicit Border(const NatModel* model) : model_(model) {}

  // The device begins a connection from this port.
  void open(std::uint16_t port, Instant now);
  Verdict goes_up(std::uint16_t port, Instant now);
  Verdict comes_down(std::uint16_t port, Instant now);
  // From now on the device has another address; what it had open is cut off, silently.
  void change_address();
  // What is open now is forgotten before its time.
  void forget(Expiry then);
  // How often the address had changed when the connection of this port was opened.
  std::uint32_t address_of(std::uint16_t port) const;

 private:
  struct Mapping {
    std::uint16_t port;
    std::uint32_t address;
    Instant last;
    std::optional<Expiry> forgotten = std::nullopt;
  };
  Mapping* find(std::uint16_t port);
  bool is_valid(const Mapping& mapping, Instant now) const;
  enum class Goes : std::uint8_t { up, down };
  Verdict pass(std::uint16_t port, Instant now, Goes goes);

  const NatModel* model_;
  std::uint32_t address_ = 0;
  std::vector<Mapping> mappings_;
};

}  // namespace mq::sim::link
