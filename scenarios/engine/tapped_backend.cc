#include "scenarios/engine/tapped_backend.h"

#include <algorithm>

#include "base/ensure.h"

namespace mq::scenario {

std::optional<Instant> TappedBackend::start(Instant now) {
  auto deadline = broker_.start(now);
  tracer_.record(trace::BrokerUp{});
  return deadline;
}

sim::BackendLink TappedBackend::open(const std::string& peer) {
  const sim::BackendLink link = broker_.open(peer);
  const trace::Connection* connection = tracer_.connection_at(peer);
  ensure(connection != nullptr, "every connection comes from a device of the fleet");
  links_.emplace(link, std::make_unique<Tapped>(
                           Tapped{PacketTap(tracer_, *connection, trace::End::broker), {}}));
  tracer_.record(trace::LinkOpened{*connection, trace::End::broker});
  return link;
}

std::vector<Memory> TappedBackend::memory(sim::BackendLink link) const {
  std::vector<Memory> all = broker_.memory(link);
  if (auto found = links_.find(link); found != links_.end())
    all.push_back(place_of(*found->second));
  return all;
}

std::size_t TappedBackend::write(sim::BackendLink link, std::span<const std::byte> bytes) {
  const std::size_t taken = broker_.write(link, bytes);
  auto found = links_.find(link);
  if (found != links_.end() && taken > 0) found->second->tap.received(bytes.first(taken));
  return taken;
}

std::size_t TappedBackend::read(sim::BackendLink link, std::span<std::byte> into) {
  const std::size_t given = broker_.read(link, into);
  auto found = links_.find(link);
  if (found == links_.end()) return given;
  if (given > 0) found->second->tap.sent(into.first(given));
  if (found->second->closing && given < into.size()) closed(link, *found->second->closing, true);
  return given;
}

void TappedBackend::half_close(sim::BackendLink link) {
  broker_.half_close(link);
  closed(link, trace::CloseCause::closed, false);
}

void TappedBackend::reset(sim::BackendLink link) {
  broker_.reset(link);
  closed(link, trace::CloseCause::reset, false);
}

std::vector<sim::BrokerBackend::Ready> TappedBackend::ready() {
  auto ready = broker_.ready();
  for (const Ready& one : ready) {
    auto found = links_.find(one.link);
    if (!one.closed || found == links_.end()) continue;
    const auto cause = one.was_reset ? trace::CloseCause::reset : trace::CloseCause::closed;
    found->second->closing = cause;
    if (!one.readable) closed(one.link, cause, true);
  }
  return ready;
}

void TappedBackend::kill(sim::Crash how) {
  broker_.kill(how);
  std::vector<sim::BackendLink> open;
  for (const auto& [link, tapped] : links_) open.push_back(link);
  std::sort(open.begin(), open.end());
  for (sim::BackendLink link : open) closed(link, trace::CloseCause::crashed, true);
  tracer_.record(trace::BrokerDown{});
}

void TappedBackend::closed(sim::BackendLink link, trace::CloseCause cause, bool by_broker) {
  auto found = links_.find(link);
  if (found == links_.end()) return;
  tracer_.record(
      trace::LinkClosed{found->second->tap.connection(), trace::End::broker, cause, by_broker});
  links_.erase(found);
}

}  // namespace mq::scenario
