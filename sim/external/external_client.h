// An unmodified client program as a device of a simulated world: what it connects to is the
// broker's site, over the device's link, and its time is the world's. Its bytes pass through;
// nothing here knows what they mean.
//
// To the program, connect() succeeds at once: a site that cannot be reached is a connection that
// breaks (ECONNRESET) when the world has given up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sim/alarm.h"
#include "sim/external/vtime_program.h"
#include "sim/world.h"

namespace mq::sim {

class ExternalClient {
 public:
  // What happens to it. Connections are counted from 1, over all its lives. All must be there.
  struct Hears {
    std::function<void(std::uint32_t connection, const std::string& address)> opening;
    std::function<void(std::uint32_t connection)> opened;
    // Bytes that the program gave to the network, and that it was given.
    std::function<void(std::uint32_t connection, std::span<const std::byte>)> sent;
    std::function<void(std::uint32_t connection, std::span<const std::byte>)> received;
    std::function<void(std::uint32_t connection, CloseCause cause, bool by_program)> closed;
    // It ended: "with status 1". It may be started again.
    std::function<void(const std::string& how)> ended;
    std::function<void(const std::string& trouble)> failed;
  };

  // `start.world_port` is the port that its command line names.
  ExternalClient(World& world, DeviceId place, VtimeStart start, Hears hears);
  ~ExternalClient();
  ExternalClient(const ExternalClient&) = delete;
  ExternalClient& operator=(const ExternalClient&) = delete;

  // Within World::run_until(). Once it has ended, again: with another command, if one is given.
  void start(std::vector<std::string> command = {});
  void signal(int number);
  void lose_power();  // it is gone; the other ends of its connections learn nothing

  bool is_running() const { return program_ && program_->is_running(); }
  // Calls that were not served in virtual time, of all its lives.
  const std::set<std::string>& unfaithful() const { return unfaithful_; }

 private:
  struct Link;

  void request_step();
  void step();
  void accept();
  void open(int fd);
  bool give(Link& link);
  bool take(Link& link);
  void lose(Link& link, CloseCause cause);
  void finish(Link& link);
  void lose_links(CloseCause cause);
  void program_is_gone();
  void send_what_is_left();
  void keep_counts();

  World& world_;
  DeviceId place_;
  VtimeStart start_;
  Hears hears_;
  std::unique_ptr<VtimeProgram> program_;
  std::map<std::uint32_t, std::unique_ptr<Link>> links_;
  std::uint32_t last_link_ = 0;
  std::set<std::string> unfaithful_;
  bool stepping_ = false;
  Alarm step_;
  Alarm deadline_;
};

}  // namespace mq::sim
