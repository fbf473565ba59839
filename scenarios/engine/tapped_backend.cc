#include "scenarios/engine/tapped_backend.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"

namespace mq::scenario {

std::optional<Instant> TappedBackend::start(Instant now) {
  auto deadline = broker_.start(now);
  tracer_.record(trace::BrokerUp{});
  hear_log();
  return deadline;
}

std::optional<Instant> TappedBackend::step(Instant now) {
  const auto deadline = broker_.step(now);
  hear_log();
  return deadline;
}

void TappedBackend::hear_log() {
  for (const std::string& line : broker_.said()) tracer_.record(trace::BrokerSaid{line});
}

sim::BackendLink TappedBackend::open(const std::string& peer) {
  const trace::Connection* connection = tracer_.connection_at(peer);
  ensure(connection != nullptr, "every connection comes from a device of the fleet");
  Wrapping wrapping = unwrap_ ? unwrap_(*connection) : Wrapping{};
  broker_.choose(wrapping.listener);
  const sim::BackendLink link = broker_.open(peer);
  auto tapped = std::make_unique<Tapped>(
      Tapped{PacketTap(tracer_, *connection, trace::End::broker), std::move(wrapping.reveal), {}});
  if (service_time_) tapped->tap.tell_of([this](const Packet&, bool) { ++packets_; });
  links_.emplace(link, std::move(tapped));
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
  if (found == links_.end() || taken == 0) return taken;
  Tapped& one = *found->second;
  if (one.reveal)
    one.tap.received(one.reveal->next(transport::RevealedSide::client, bytes.first(taken)));
  else
    one.tap.received(bytes.first(taken));
  return taken;
}

std::size_t TappedBackend::read(sim::BackendLink link, std::span<std::byte> into) {
  const std::size_t given = broker_.read(link, into);
  auto found = links_.find(link);
  if (found == links_.end()) return given;
  Tapped& one = *found->second;
  if (given > 0 && one.reveal)
    one.tap.sent(one.reveal->next(transport::RevealedSide::server, into.first(given)));
  else if (given > 0)
    one.tap.sent(into.first(given));
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

Duration TappedBackend::took() {
  if (!service_time_) return {};
  const auto packets = static_cast<Duration::rep>(std::exchange(packets_, 0));
  return service_time_->is_measured ? broker_.took() : service_time_->each * packets;
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
