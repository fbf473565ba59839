// One member of the fleet that is an unmodified client program (sim/external/external_client.h). It
// does what its command line says; what its application was given and gave is read off its packets.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "scenarios/engine/packet_tap.h"
#include "scenarios/engine/tracer.h"
#include "scenarios/plan.h"
#include "sim/external/external_client.h"
#include "sim/world.h"

namespace mq::scenario {

class ProgramDevice {
 public:
  // `output` is the file for what it prints.
  ProgramDevice(sim::World& world, Tracer& tracer, const GroupPlan& group, std::string id,
                trace::ClientIndex index, sim::DeviceId place, Rng rng, std::string output);
  ~ProgramDevice();

  void begin();  // arms its first timer; before the world runs

  // The power of its device, off and on again; it may be switched off several times over. What the
  // program has in files of its own stays.
  void switch_off();
  void switch_on();

  const std::string& id() const { return id_; }
  // Why it could not be run, if it could not; what was not served in virtual time.
  const std::string& trouble() const { return trouble_; }
  const std::set<std::string>& unfaithful() const { return client_.unfaithful(); }
  // "with status 1", and how often it ended so.
  const std::map<std::string, std::uint64_t>& ends() const { return ends_; }

  // The port that `{port}` stands for; every address is the broker's site, `{host}` one of them.
  static constexpr std::uint16_t port = 1883;
  static constexpr const char* host = "10.255.255.254";

 private:
  void start();
  std::vector<std::string> command();
  sim::ExternalClient::Hears hears();
  void gave(const Packet& packet);
  void got(const Packet& packet);
  void delivered(const Publish& publish);
  void answered(PacketId id, ReasonCode reason);

  sim::World& world_;
  Tracer& tracer_;
  const GroupPlan& group_;
  const std::string id_;
  const trace::ClientIndex index_;
  const Instant start_;
  std::uint64_t starts_ = 0;
  int times_off_ = 0;
  bool was_cut_off_ = false;  // it ran when the power went
  std::uint32_t connection_ = 0;
  std::map<std::uint32_t, std::unique_ptr<PacketTap>> taps_;
  std::map<PacketId, trace::Stamp> under_way_;
  std::set<PacketId> released_later_;  // QoS 2: given to the application, PUBREL is to come
  std::set<trace::Stamp> attempted_;
  std::map<std::string, std::uint64_t> ends_;
  std::string trouble_;
  std::vector<sim::TimerId> timers_;
  sim::ExternalClient client_;
};

}  // namespace mq::scenario
