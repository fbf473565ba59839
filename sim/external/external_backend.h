// An unmodified broker, as a process in virtual time, behind the broker's address of a scenario.
//
// All its input waits for step(): the clock is set before it sees a byte. Its output is taken in
// step() too, link by link in their order, whichever of its threads wrote first.
//
// Starting takes no time in the simulation. If the broker wants to wait while it starts, its own
// clock moves on (clock_ahead()) and stays ahead.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/backend.h"
#include "sim/byte_queue.h"
#include "sim/external/kept_files.h"
#include "sim/external/vtime_program.h"

namespace mq::sim {

struct ExternalBroker {
  VtimeStart start;
  std::uint16_t port = 1883;                      // of its listener
  std::map<Listener, std::uint16_t> others = {};  // of its further listeners
  Duration settles{};  // its own time between the listener's beginning and being ready
  Duration starts_within = std::chrono::minutes(10);  // of its own time
  // Its folder is a disk whose power may fail: what it has not synced is lost then.
  bool has_disk = false;
  bool takes_time = true;  // took() tells of its work; else it takes none, in every run alike
  // What stands for what in its log, so that two runs say the same: folders of this run.
  std::vector<std::pair<std::string, std::string>> said_as = {};
  std::shared_ptr<void> outlives_it = {};  // its directory, for one
};

class ExternalBackend final : public BrokerBackend {
 public:
  explicit ExternalBackend(ExternalBroker broker);
  ~ExternalBackend() override;

  std::optional<Instant> start(Instant now) override;
  std::optional<Instant> step(Instant now) override;
  bool has(Listener listener) const override;
  void choose(Listener listener) override { chosen_ = listener; }
  BackendLink open(const std::string& peer) override;
  std::size_t write(BackendLink link, std::span<const std::byte> bytes) override;
  std::size_t read(BackendLink link, std::span<std::byte> into) override;
  void half_close(BackendLink link) override;
  void reset(BackendLink link) override;
  std::vector<Ready> ready() override;
  Duration took() override;  // of a processor
  void kill(Crash how) override;
  std::vector<std::string> said() override;

  // For whoever cannot ask for it in time.
  void tell_of_trouble(std::function<void(const std::string&)> hear) { hear_ = std::move(hear); }
  // Why the run cannot go on; empty while it can.
  const std::string& trouble() const { return trouble_; }
  // It ended without being told to: "at 12.5 s, by signal 11".
  const std::vector<std::string>& unexpected_ends() const { return ends_; }
  Duration clock_ahead() const { return ahead_; }
  // What it has taken of a processor since it first began to serve.
  Duration cpu_since_start() const { return program_->cpu() - cpu_at_start_; }
  const VtimeProgram& program() const { return *program_; }

 private:
  struct Link;

  Instant clock(Instant now) const { return now + ahead_; }
  std::optional<Instant> deadline() const;
  void boot(Instant now);
  bool is_ready() const;
  std::string as_said(std::string line) const;
  void connect(Link& link);
  bool give(Link& link);
  bool give_all();
  bool drain();
  bool drain(Link& link);
  void tell(Link& link);
  void ended();
  Link* find(BackendLink id) const;

  ExternalBroker broker_;
  std::unique_ptr<KeptFiles> disk_;
  std::unique_ptr<VtimeProgram> program_;
  int poll_ = -1;  // an epoll of all links
  Instant now_{};
  Duration ahead_{};
  Duration cpu_at_start_{};
  Duration cpu_told_{};
  bool has_started_ = false;
  bool has_input_ = false;
  Listener chosen_ = Listener::mqtt;
  std::uint64_t last_link_ = 0;
  std::map<BackendLink, std::unique_ptr<Link>> links_;
  std::vector<BackendLink> waiting_;  // hold something for the broker, in the order of its coming
  std::vector<BackendLink> news_;
  std::string trouble_;
  std::function<void(const std::string&)> hear_;
  std::vector<std::string> ends_;
  int log_ = -1;  // what it prints, as far as it has been read
  std::int64_t log_read_ = 0;
  std::string log_line_;  // begun
};

}  // namespace mq::sim
