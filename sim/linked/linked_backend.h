// Our own broker, linked into the simulation: the same core as on real sockets, with a store that
// survives what its durability promises.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/rng.h"
#include "broker/core/broker.h"
#include "broker/store/memory_store.h"
#include "sim/backend.h"

namespace mq::sim {

class LinkedBackend final : public BrokerBackend {
 public:
  LinkedBackend(broker::Settings settings, broker::Durability durability, Rng rng);
  ~LinkedBackend() override;

  std::optional<Instant> start(Instant now) override;
  std::optional<Instant> step(Instant now) override;
  BackendLink open(const std::string& peer) override;
  std::size_t write(BackendLink link, std::span<const std::byte> bytes) override;
  std::size_t read(BackendLink link, std::span<std::byte> into) override;
  void half_close(BackendLink link) override;
  void reset(BackendLink link) override;
  std::vector<Ready> ready() override;
  void kill() override;

  broker::Broker::Census census() const;

 private:
  struct Link {
    std::vector<std::byte> outgoing;
    std::size_t taken = 0;  // of `outgoing`, by the world
    bool news = false;      // for ready()
    bool closed = false;    // by the core, which knows it no longer
  };
  struct Incoming {
    enum class What : std::uint8_t { up, bytes, down };
    What what;
    BackendLink link;
    std::string peer;
    std::vector<std::byte> bytes;
  };

  bool known_to_core(BackendLink link) const;
  void perform_all();
  void perform(broker::Output& output);

  broker::Settings settings_;
  Rng rng_;
  broker::MemoryStore store_;
  std::unique_ptr<broker::Broker> core_;
  std::uint64_t starts_ = 0;
  std::uint64_t last_link_ = 0;
  std::map<BackendLink, Link> links_;  // ordered: ready() is
  std::vector<Incoming> incoming_;
  std::vector<BackendLink> with_news_;
  std::vector<BackendLink> gone_;  // the peer ended them; ready() says that they are closed
  std::vector<broker::LinkId> closed_by_core_;
  std::uint64_t persisted_ = 0;
  Instant now_{};
};

}  // namespace mq::sim
