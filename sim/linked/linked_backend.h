// Our own broker, linked into the simulation: the core and the connections that serve real sockets,
// on streams whose other end is the world, with a store that survives what its durability promises.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/rng.h"
#include "broker/core/broker.h"
#include "broker/store/memory_store.h"
#include "broker/store/sqlite_store.h"
#include "sim/backend.h"
#include "sim/disk/simulated_disk.h"
#include "sim/linked/port.h"
#include "sim/stream.h"
#include "transport/connection.h"

namespace mq::sim {

// How long a connection that the broker closes may take to hand over its last bytes.
inline constexpr Duration linked_linger = std::chrono::seconds(5);

class LinkedBackend final : public BrokerBackend {
 public:
  // Where the broker keeps its records. Without a crash nobody can tell the difference, and a store
  // in memory costs a fraction of one that SQLite writes.
  enum class Keeps {
    in_memory,
    on_disk,  // the store that serves real brokers, on a simulated disk
  };
  // `sync`: how long after it was emitted a record is durable, at the latest.
  LinkedBackend(broker::Settings settings, broker::Durability durability, Rng rng,
                Keeps keeps = Keeps::in_memory, Duration sync = {});
  ~LinkedBackend() override;

  // Nobody but these users, by their passwords, is let in any more. Verifying takes no time here.
  void let_in_only(std::map<std::string, std::string> passwords);

  // An authentication method for scripts, which cannot compute: who sends back the data of the
  // broker's AUTH is this user.
  void let_in_who_echoes(const std::string& method, std::string user);

  std::optional<Instant> start(Instant now) override;
  std::optional<Instant> step(Instant now) override;
  BackendLink open(const std::string& peer) override;
  std::size_t write(BackendLink link, std::span<const std::byte> bytes) override;
  std::size_t read(BackendLink link, std::span<std::byte> into) override;
  void half_close(BackendLink link) override;
  void reset(BackendLink link) override;
  std::vector<Ready> ready() override;
  std::vector<Memory> memory(BackendLink link) const override;
  bool fill_disk(bool full) override;
  void kill(Crash how) override;

 private:
  using Connection = transport::Connection<Stream>;
  struct Link {
    std::shared_ptr<Port> port;
    Memory stream;
    std::shared_ptr<Connection> connection;  // nothing before the core has heard of the link
    bool core_knows_end = false;
    bool is_touched = false;  // in touched_
    bool has_news = false;    // in news_
  };

  broker::Recovered open_store();
  void close_store(Crash how);
  Link* find(BackendLink id) const;  // null: not open, or not any longer
  void open_for_core(BackendLink id, Link& link);
  void ended(BackendLink id);
  void work();
  void perform(broker::Output& output);
  bool commits();  // true if more is durable now
  broker::Authenticated verdict_on(const broker::Authenticate& asked);
  void close(BackendLink id);
  void end_lingering();
  std::optional<Instant> deadline() const;
  void touch(BackendLink id, Link& link);  // the world did something: deliver it in the next step
  void tell(BackendLink id, Link& link);   // something happened for the world: say so in ready()

  broker::Settings settings_;
  std::map<std::string, std::string> passwords_;  // by user
  std::string echo_user_;
  std::map<broker::LinkId, std::string> challenges_;  // what is to be sent back
  std::deque<broker::Authenticated> verdicts_;        // that the core is to hear of
  Rng rng_;
  const broker::Durability durability_;
  std::optional<broker::MemoryStore> memory_;  // one of these two
  std::unique_ptr<SimulatedDisk> disk_;
  bool disk_is_full_ = false;
  std::unique_ptr<broker::SqliteStore> on_disk_;
  broker::Store* store_ = nullptr;  // while the broker runs
  StreamLoop loop_;
  std::unique_ptr<broker::Broker> core_;
  std::uint64_t starts_ = 0;
  std::uint64_t last_link_ = 0;
  const Duration sync_;
  std::optional<Instant> sync_ends_;  // of what was emitted and is not durable
  std::uint64_t persisted_ = 0;
  boost::unordered_flat_map<BackendLink, std::unique_ptr<Link>> links_;
  std::vector<BackendLink> touched_;
  std::vector<BackendLink> news_;
  std::vector<BackendLink> to_flush_;
  std::vector<BackendLink> ended_;                 // the core is to hear of it
  std::multimap<Instant, BackendLink> lingering_;  // by the end of their patience
  bool working_ = false;
  Instant now_{};
};

}  // namespace mq::sim
