#include "sim/broker_host.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ensure.h"

namespace mq::sim {
namespace {

// Moved at a time; what a socket does not take of one portion is all that is held back.
constexpr std::size_t portion_bytes = 16 * 1024;

}  // namespace

BrokerHost::BrokerHost(World& world, BrokerBackend& broker) : world_(world), broker_(broker) {}

BrokerHost::~BrokerHost() {
  world_.accept_with(nullptr);
  close_all();
  world_.cancel(step_);
  world_.cancel(timer_);
  world_.cancel(busy_until_);
}

void BrokerHost::start() {
  ensure(!running_, "start() comes first, or after kill()");
  running_ = true;
  paused_ = false;
  world_.set_site_power(true);
  world_.accept_with([this](std::unique_ptr<Socket> socket, const std::string& peer, DeviceId) {
    accept(std::move(socket), peer);
  });
  keep_deadline(broker_.start(world_.now()));
}

void BrokerHost::kill(Crash how) {
  if (!running_) return;
  running_ = false;
  paused_ = busy_ = has_worked_ = is_wanted_ = false;
  if (how == Crash::machine) world_.set_site_power(false);  // before sockets say that they close
  waiting_.clear();
  unread_.clear();
  world_.accept_with(nullptr);
  broker_.kill(how);
  close_all();
  touched_.clear();
  world_.cancel(std::exchange(step_, TimerId::none));
  world_.cancel(std::exchange(timer_, TimerId::none));
  world_.cancel(std::exchange(busy_until_, TimerId::none));
}

// In order of age, so that the world sees the same every time.
void BrokerHost::close_all() {
  std::vector<BackendLink> ids;
  for (const auto& [id, link] : links_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (BackendLink id : ids) links_.erase(id);
}

void BrokerHost::pause() { paused_ = running_; }

void BrokerHost::resume() {
  if (std::exchange(paused_, false)) go_on();
}

// It hears of all that came meanwhile before it looks at its clock, as programs do that ask their
// system what there is: else it would hold its own silence against its peers.
void BrokerHost::go_on() {
  if (is_left_alone()) return;
  if (std::exchange(has_worked_, false)) give(deadline_);
  if (is_left_alone()) return;
  for (Waiting& next : std::exchange(waiting_, {})) {
    if (next.socket) {
      const bool has_failed = *next.has_failed;
      accept(std::move(next.socket), next.peer);
      if (has_failed) failed(last_accepted_, *links_.at(last_accepted_));
    } else if (const auto found = links_.find(next.link); found != links_.end()) {
      found->second->is_waiting = false;
      if (found->second->failed)
        failed(next.link, *found->second);
      else
        hear_of(next.link, *found->second);
    }
  }
  if (std::exchange(is_wanted_, false)) request_step();
}

void BrokerHost::wait(BackendLink id, Link& link) {
  if (!std::exchange(link.is_waiting, true)) waiting_.push_back({nullptr, {}, id});
}

// Its end is told once, to whoever listens then.
void BrokerHost::let_wait(std::unique_ptr<Socket> socket, const std::string& peer) {
  auto has_failed = std::make_shared<bool>(false);
  socket->listen_to({.connected = {},
                     .readable = [] {},
                     .writable = [] {},
                     .failed = [has_failed](CloseCause) { *has_failed = true; }});
  waiting_.push_back({std::move(socket), peer, {}, std::move(has_failed)});
}

void BrokerHost::failed(BackendLink id, Link& link) {
  link.failed = true;
  if (is_left_alone()) return wait(id, link);
  broker_.reset(id);
  touch(id);
}

void BrokerHost::accept(std::unique_ptr<Socket> socket, const std::string& peer) {
  if (is_left_alone()) return let_wait(std::move(socket), peer);
  const BackendLink id = last_accepted_ = broker_.open(peer);
  Link& link = *links_.emplace(id, std::make_unique<Link>()).first->second;
  link.socket = std::move(socket);
  link.socket->listen_to({.connected = {},
                          .readable = [this, id, &link] { hear_of(id, link); },
                          .writable =
                              [this, id, &link] {
                                if (busy_) return unread_.push_back(id);
                                take_from_broker(id, link);
                                touch(id);
                              },
                          .failed = [this, id, &link](CloseCause) { failed(id, link); }});
  request_step();
}

// The broker makes what belongs to a connection when it hears of it first.
void BrokerHost::hear_of(BackendLink id, Link& link) {
  if (is_left_alone()) return wait(id, link);
  constexpr int told_after = 2;
  if (link.times_readable < told_after && ++link.times_readable == told_after) {
    std::vector<Memory> memory{place_of(link)};
    append(memory, broker_.memory(id));
    link.socket->will_touch(memory);
  }
  take_from_peer(id, link);
}

void BrokerHost::take_from_peer(BackendLink id, Link& link) {
  request_step();
  std::array<std::byte, portion_bytes> portion;
  while (link.to_broker.empty() && !link.failed) {
    const std::size_t count = link.socket->read(portion);
    if (count == 0) break;
    const auto bytes = std::span<const std::byte>(portion).first(count);
    const std::size_t taken = broker_.write(id, bytes);
    link.to_broker.assign(bytes.begin() + static_cast<std::ptrdiff_t>(taken), bytes.end());
    if (taken < count) touched_.push_back(id);
  }
  if (link.to_broker.empty() && !link.failed && !link.peer_ended && link.socket->at_end()) {
    link.peer_ended = true;
    broker_.half_close(id);
  }
}

void BrokerHost::take_from_broker(BackendLink id, Link& link) {
  std::array<std::byte, portion_bytes> portion;
  while (!link.failed) {
    if (link.to_peer.empty()) {
      const std::size_t count = broker_.read(id, portion);
      if (count == 0) return;
      link.to_peer.assign(portion.begin(), portion.begin() + static_cast<std::ptrdiff_t>(count));
    }
    const std::size_t taken = link.socket->write(link.to_peer);
    link.to_peer.erase(link.to_peer.begin(),
                       link.to_peer.begin() + static_cast<std::ptrdiff_t>(taken));
    if (!link.to_peer.empty()) return;  // `writable` follows
  }
}

// A link that the broker closed lives until its last bytes are with the socket.
bool BrokerHost::is_over(const Link& link) const {
  return link.failed || link.broker_reset || (link.broker_closed && link.to_peer.empty());
}

void BrokerHost::touch(BackendLink id) {
  touched_.push_back(id);
  request_step();
}

void BrokerHost::request_step() {
  if (is_left_alone()) {
    is_wanted_ = true;
    return;
  }
  if (step_ == TimerId::none) step_ = world_.call_at(world_.now(), [this] { step(); });
}

void BrokerHost::step() {
  step_ = TimerId::none;
  if (is_left_alone()) {
    is_wanted_ = true;
    return;
  }
  const auto deadline = broker_.step(world_.now());
  const Duration took = broker_.took();
  if (took <= Duration::zero()) return give(deadline);
  has_worked_ = true;
  deadline_ = deadline;
  be_busy(took);
}

void BrokerHost::be_busy(Duration length) {
  busy_ = true;
  busy_until_ = world_.call_at(world_.now() + length, [this] {
    busy_until_ = TimerId::none;
    busy_ = false;
    go_on();
  });
}

// What came of its work leaves it.
void BrokerHost::give(std::optional<Instant> deadline) {
  for (const BackendLink id : std::exchange(unread_, {})) {
    const auto found = links_.find(id);
    if (found == links_.end()) continue;
    take_from_broker(id, *found->second);
    touched_.push_back(id);
  }
  for (const BrokerBackend::Ready& ready : broker_.ready()) {
    auto found = links_.find(ready.link);
    if (found == links_.end()) continue;
    Link& link = *found->second;
    take_from_broker(ready.link, link);
    link.broker_closed = link.broker_closed || ready.closed;
    link.broker_reset = link.broker_reset || ready.was_reset;
    touched_.push_back(ready.link);
  }
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (BackendLink id : std::exchange(touched_, {})) settle(id);
  keep_deadline(deadline);
  if (const Duration took = broker_.took(); took > Duration::zero()) be_busy(took);
}

// Gives the broker what it did not take before, and lets go of a link that is over.
void BrokerHost::settle(BackendLink id) {
  auto found = links_.find(id);
  if (found == links_.end()) return;
  Link& link = *found->second;
  if (!link.to_broker.empty()) {
    const std::size_t taken = broker_.write(id, link.to_broker);
    link.to_broker.erase(link.to_broker.begin(),
                         link.to_broker.begin() + static_cast<std::ptrdiff_t>(taken));
    if (link.to_broker.empty()) take_from_peer(id, link);
    if (!link.to_broker.empty()) touched_.push_back(id);
    if (taken > 0) request_step();
  }
  if (link.broker_reset && !link.failed) link.socket->reset();
  if (is_over(link)) links_.erase(id);
}

void BrokerHost::keep_deadline(std::optional<Instant> deadline) {
  if (!deadline) return;
  const Instant at = std::max(*deadline, world_.now());
  if (timer_ != TimerId::none) {
    if (timer_at_ <= at) return;  // wakes the broker for nothing, and costs less than two changes
    world_.cancel(timer_);
  }
  timer_at_ = at;
  timer_ = world_.call_at(at, [this] {
    timer_ = TimerId::none;
    request_step();
  });
}

}  // namespace mq::sim
