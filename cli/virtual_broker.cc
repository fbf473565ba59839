#include "cli/virtual_broker.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "peers/peer.h"

namespace mq::cli {
namespace {

sim::VtimeMode mode_of(const peers::Adapter& adapter) {
  using Mode = peers::InVirtualTime::Mode;
  switch (adapter.in_virtual_time.mode) {
    case Mode::token:
      return sim::VtimeMode::token;
    case Mode::threads:
      return sim::VtimeMode::threads;
    case Mode::automatic:
      return sim::VtimeMode::automatic;
    case Mode::none:
      break;
  }
  throw std::invalid_argument(adapter.title +
                              " cannot be run in virtual time: " + adapter.in_virtual_time.why);
}

}  // namespace

std::unique_ptr<sim::ExternalBackend> virtual_broker(const peers::Adapter& adapter,
                                                     const VirtualBroker& wanted) {
  const sim::VtimeMode mode = mode_of(adapter);
  peers::Wishes wishes;
  wishes.in_virtual_time = true;
  wishes.settings = wanted.settings;
  auto peer = std::make_shared<peers::Peer>(adapter, wishes);
  peers::Process::Start start = peer->prepared();
  sim::ExternalBroker broker;
  broker.start = {.title = adapter.name,
                  .command = std::move(start.command),
                  .environment = std::move(start.environment),
                  .folder = start.folder,
                  .output = wanted.log_file.empty()
                                ? start.output
                                : std::filesystem::absolute(wanted.log_file).string(),
                  .mode = mode,
                  .seed = wanted.seed,
                  // To start is real work; a busy machine takes longer.
                  .patience = std::max(sim::VtimeStart{}.patience, adapter.ready_within)};
  broker.port = peer->port();
  broker.settles = adapter.in_virtual_time.settles;
  broker.outlives_it = std::move(peer);
  return std::make_unique<sim::ExternalBackend>(std::move(broker));
}

}  // namespace mq::cli
