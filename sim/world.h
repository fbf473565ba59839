// A world: devices behind links of their own, one broker site, TCP between them, and a clock. The
// ns-3 world has real TCP dynamics; the memory world has latency and cuts only, and is a value: run
// thousands in one process. Whoever uses a world cannot tell which it is.
//
// Everything happens in callbacks of run_until(), one after another, in an order that the seed
// alone decides. No callback comes from inside a call into the world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "base/time.h"
#include "sim/trouble.h"

namespace mq::sim {

namespace link {
struct Parts;
enum class Expiry : std::uint8_t;
}  // namespace link

// How TCP behaves at both ends; each preset is a list of settings with a source (ns3/tcp_preset).
enum class TcpPreset : std::uint8_t { linux_, lwip, ns3_default };

// One direction of a device's access link, in the order in which a packet meets it: queue, rate,
// delay, loss.
struct LinkDirection {
  double bits_per_second = 0;       // 0: no limit
  std::size_t queue_packets = 100;  // waiting for the transmitter; further ones are dropped
  Duration delay{};                 // one way
  Duration jitter{};                // further delay, uniform in [0, jitter]; never reorders packets
  double loss = 0;                  // probability per packet, independent
};

struct LinkModel {
  LinkDirection up;    // device to broker
  LinkDirection down;  // broker to device
  TcpPreset tcp = TcpPreset::linux_;
  // What else the link has (sim/link/parts.h), if anything; in place of the plain numbers above
  // where it says the same thing.
  std::shared_ptr<const link::Parts> parts;
};

enum class DeviceId : std::uint32_t {};
enum class TimerId : std::uint64_t { none = 0 };

enum class CloseCause : std::uint8_t {
  closed,     // by the peer, in order (FIN)
  reset,      // RST
  timed_out,  // TCP gave up resending, or connecting
  refused,    // nobody listens
};
std::string_view name(CloseCause cause);

// One end of a TCP connection. Owned by its user: destroying it closes it (FIN, what was written is
// still sent) and ends all callbacks.
class Socket {
 public:
  struct Events {
    std::function<void()> connected;         // only for the end that connect() returned
    std::function<void()> readable;          // bytes, or the end of the stream, are there to read
    std::function<void()> writable;          // after a short write(): there is room again
    std::function<void(CloseCause)> failed;  // reset, timed_out or refused; nothing follows
  };
  virtual ~Socket() = default;

  virtual void listen_to(Events events) = 0;
  // Takes as much as the send buffer holds and says how much.
  virtual std::size_t write(std::span<const std::byte> bytes) = 0;
  // Gives what has arrived, at most `into.size()`; unread bytes close TCP's window.
  virtual std::size_t read(std::span<std::byte> into) = 0;
  // The peer has closed its direction and everything before has been read.
  virtual bool at_end() const = 0;
  virtual void shutdown_write() = 0;
  virtual void reset() = 0;
  // The device's address and port, the same text at both ends of a connection: what World::Accept
  // calls the peer. Of the device's end, valid from connect() on.
  virtual std::string device_address() const = 0;
  // What its events will touch. A large world does not fit into a cache, and a call costs less if
  // what it needs was fetched before; nothing else depends on it.
  virtual void will_touch(const std::vector<Memory>&) {}
};

// How far the address of a device that has roamed so often is from its first one: both worlds have
// room in 10.0.0.0/8 for 131,072 devices, 64 times.
constexpr std::uint32_t moved_address(std::uint32_t moves) { return moves % 64 << 17; }

class World {
 public:
  virtual ~World() = default;

  virtual Instant now() const = 0;
  virtual TimerId call_at(Instant when, std::function<void()> what) = 0;
  // The same for a call that concerns the connection of this device.
  virtual TimerId call_device_at(DeviceId, Instant when, std::function<void()> what) {
    return call_at(when, std::move(what));
  }
  virtual void cancel(TimerId timer) = 0;

  // Devices are added before the first run_until(). `name` seeds the device's own chance.
  virtual DeviceId add_device(std::string_view name, const LinkModel& link) = 0;
  // A connection to the broker's site. Never null; failure comes as an event.
  virtual std::unique_ptr<Socket> connect(DeviceId from) = 0;

  // Whether, and how, the broker's site takes connections: with no handler they are refused.
  // `peer` is the device's address and port as the broker sees it.
  using Accept =
      std::function<void(std::unique_ptr<Socket> socket, std::string peer, DeviceId from)>;
  virtual void accept_with(Accept accept) = 0;

  // The machine of the broker's site loses its power: its connections are gone without a word,
  // their sockets tell nothing any more, and what they had not sent is never sent. Nobody is
  // answered until it has power again; then whatever belongs to a connection that it has forgotten,
  // by RST.
  virtual void set_site_power(bool is_on) = 0;

  // A link that is down drops everything, silently, in the given directions.
  virtual void set_link(DeviceId device, bool up_works, bool down_works) = 0;
  // The device has another address from now on: what it had open is cut off, silently. Only of a
  // device whose link roams (link::Parts).
  virtual void change_address(DeviceId device) = 0;

  // Somebody outside begins a TCP connection to the device, on which a service listens, and gives
  // up as TCP does; tells once whether it was answered. A carrier's translator lets nobody in.
  virtual void call(DeviceId device, std::function<void(bool answered)> tell) = 0;

  // What the device's link does to packets besides, in each direction. Where there are no segments
  // (memory), one that is held back delays what follows, as TCP would; a second copy is traffic
  // and nothing else; a corrupted one is a lost one.
  virtual void trouble(DeviceId device, const Trouble& up, const Trouble& down) = 0;
  // All connections of the device, at once.
  enum class Break : std::uint8_t {
    forgotten,  // by the device, which says nothing: it answers with RST what comes for them
    reset,      // somebody between sends RST to both ends
  };
  virtual void break_connections(DeviceId device, Break how) = 0;
  // The carrier's translator forgets what the device has open, as after a long silence. Only of a
  // device whose link has a translator or roams.
  virtual void forget_connections(DeviceId device, link::Expiry then) = 0;

  // What befalls a device on its way between stations (link::StationsModel): it is handed over, it
  // leaves one and looks for another, or it loses its radio link. To be set before the world runs.
  enum class Move : std::uint8_t { handover, roam, link_failure };
  struct Moved {
    DeviceId device;
    Move what;
    bool begins;  // else it is over
  };
  virtual void hear_moves(std::function<void(const Moved&)>) {}

  // Runs the world up to and including `end`, or until stop().
  virtual void run_until(Instant end) = 0;
  virtual void stop() = 0;

  // Draws made so far and the last one: part of the run's hash.
  virtual std::uint64_t chance_digest() const = 0;
  // Bytes that links carried, headers of IP and TCP included.
  struct Traffic {
    std::uint64_t packets_up = 0, packets_down = 0;
    std::uint64_t bytes_up = 0, bytes_down = 0;
    std::uint64_t lost_up = 0, lost_down = 0;  // by loss, by a full queue or by a link that is down
    // By faults, in both directions.
    std::uint64_t duplicated = 0, reordered = 0, corrupted = 0;
    // The radio's time connected to its network, and how often it went there; nothing without one.
    Duration radio_on{};
    std::uint64_t promotions = 0;
    Duration air_up{}, air_down{};  // how long packets took to send; no time without a rate
  };
  virtual Traffic traffic(DeviceId device) const = 0;
};

}  // namespace mq::sim
