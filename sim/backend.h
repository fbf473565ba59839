// What stands behind the broker's address in a scenario: ours (linked), later an unmodified
// external program in virtual time, or one by URL. The world moves bytes between simulated sockets
// and this interface and never knows more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/time.h"

namespace mq::sim {

// Which of a broker's listeners a connection comes to.
enum class Listener : std::uint8_t { mqtt, mqtts, websocket };

enum class BackendLink : std::uint64_t {};

// How a broker ends at once.
enum class Crash : std::uint8_t {
  process,  // its process is gone; what it wrote is with the system
  machine,  // the power fails; what was not synced may be lost
};

class BrokerBackend {
 public:
  virtual ~BrokerBackend() = default;

  // Runs until it takes connections. Like step(), it gives the next deadline, if there is one.
  virtual std::optional<Instant> start(Instant now) = 0;
  // Sets its clock, lets it work until it has nothing left to do.
  virtual std::optional<Instant> step(Instant now) = 0;

  // A broker that takes off TLS or WebSocket itself has listeners for them; the next open() comes
  // to the one that was chosen before it.
  virtual bool has(Listener listener) const { return listener == Listener::mqtt; }
  virtual void choose(Listener) {}
  virtual BackendLink open(const std::string& peer) = 0;
  // May take less than it is given when the broker does not read: keep the rest.
  virtual std::size_t write(BackendLink link, std::span<const std::byte> bytes) = 0;
  // Ask only for what the simulated socket can take: that is the back-pressure.
  virtual std::size_t read(BackendLink link, std::span<std::byte> into) = 0;
  virtual void half_close(BackendLink link) = 0;  // the peer's FIN
  virtual void reset(BackendLink link) = 0;       // the peer's RST, or its TCP gave up

  // Which links have something for the world since the last call, in ascending order.
  struct Ready {
    BackendLink link;
    bool readable;  // read() has bytes
    bool closed;    // the broker closed it: after the last byte send FIN
    bool was_reset;
  };
  virtual std::vector<Ready> ready() = 0;

  // What write() and step() touch for this link.
  virtual std::vector<Memory> memory(BackendLink) const { return {}; }

  // The disk on which it keeps its store is full from now on, or has room again. False: there is
  // no such disk.
  virtual bool fill_disk(bool) { return false; }
  // The lines that it has logged since the last call, of a broker that is not ours.
  virtual std::vector<std::string> said() { return {}; }

  // How long it is busy with what it was given and what it gave since the last call: until then it
  // hears of nothing, and what it gave stays with it.
  virtual Duration took() { return {}; }

  // It is gone at once, its links with it; start() may follow.
  virtual void kill(Crash how) = 0;
};

}  // namespace mq::sim
