#include "conformance/runner/simulated_case.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <variant>

#include "base/overloaded.h"

namespace mq::conformance {
namespace {

std::string words(sim::CloseCause cause) {
  return cause == sim::CloseCause::closed ? "the connection is closed"
                                          : "the connection is " + std::string(name(cause));
}

}  // namespace

SimulatedCase::SimulatedCase(const Case& one, Surroundings around, sim::World& world,
                             std::vector<sim::DeviceId> devices, std::function<void()> over)
    : world_(world),
      play_(one, std::move(around)),
      devices_(std::move(devices)),
      over_(std::move(over)),
      alarm_(world, [this] {
        play_.on_tick(world_.now());
        act();
      }) {}

void SimulatedCase::start() {
  play_.start(world_.now());
  act();
}

void SimulatedCase::abandon(const std::string& why) {
  play_.abandon(why, world_.now());
  act();
}

std::vector<sim::DeviceId> SimulatedCase::vanished() const {
  std::vector<sim::DeviceId> all;
  for (const std::size_t device : vanished_) all.push_back(devices_[device]);
  return all;
}

void SimulatedCase::act() {
  while (auto action = play_.poll())
    std::visit(overloaded{[this](OpenLink& open) { this->open(open); },
                          [this](SendOnLink& send) { this->send(send); },
                          [this](EndLink& end) { this->end(end); }},
               *action);
  if (play_.is_over()) {
    if (!std::exchange(is_over_, true)) over_();
    return;
  }
  alarm_.set(play_.deadline());
}

void SimulatedCase::open(const OpenLink& open) {
  const std::size_t device = free_device();
  device_of_[open.link] = device;
  auto& socket = sockets_[open.link];
  socket = world_.connect(devices_[device]);
  const LinkNumber link = open.link;
  socket->listen_to({.connected =
                         [this, link] {
                           play_.on_open(link, world_.now());
                           act();
                         },
                     .readable = [this, link] { read(link); },
                     .writable = [this, link] { flush(link); },
                     .failed =
                         [this, link](sim::CloseCause cause) {
                           play_.on_end(link, words(cause), world_.now());
                           act();
                         }});
}

// Its link may vanish.
std::size_t SimulatedCase::free_device() const {
  std::size_t best = 0;
  std::size_t least = static_cast<std::size_t>(-1);
  for (std::size_t device = 0; device < devices_.size(); ++device) {
    if (vanished_.contains(device)) continue;
    const auto users = static_cast<std::size_t>(
        std::count_if(sockets_.begin(), sockets_.end(),
                      [&](const auto& one) { return device_of_.at(one.first) == device; }));
    if (users < least) {
      best = device;
      least = users;
    }
  }
  return best;
}

void SimulatedCase::vanish(LinkNumber link) {
  const std::size_t device = device_of_.at(link);
  vanished_.insert(device);
  world_.set_link(devices_[device], false, false);
  waiting_[link].clear();
}

void SimulatedCase::read(LinkNumber link) {
  const auto found = sockets_.find(link);
  if (found == sockets_.end()) return;
  std::array<std::byte, 65536> bytes;
  while (const std::size_t count = found->second->read(bytes))
    play_.on_bytes(link, std::span(bytes).first(count), world_.now());
  if (found->second->at_end()) play_.on_end(link, "the connection is closed", world_.now());
  act();
}

void SimulatedCase::send(const SendOnLink& send) {
  auto& waiting = waiting_[send.link];
  waiting.insert(waiting.end(), send.bytes.begin(), send.bytes.end());
  flush(send.link);
}

void SimulatedCase::flush(LinkNumber link) {
  auto& waiting = waiting_[link];
  const auto found = sockets_.find(link);
  if (waiting.empty() || found == sockets_.end()) return;
  const std::size_t taken = found->second->write(waiting);
  waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(taken));
  if (waiting.empty() && closing_.contains(link)) finish(link, closing_.at(link));
}

void SimulatedCase::end(const EndLink& end) {
  if (end.how == HowToEnd::vanish) return vanish(end.link);
  if (end.how != HowToEnd::reset && !waiting_[end.link].empty())
    closing_[end.link] = end.how;
  else
    finish(end.link, end.how);
}

void SimulatedCase::finish(LinkNumber link, HowToEnd how) {
  const auto found = sockets_.find(link);
  if (found == sockets_.end()) return;
  if (how == HowToEnd::half_close) return found->second->shutdown_write();
  if (how == HowToEnd::reset) found->second->reset();
  // Not from inside one of its own callbacks.
  auto gone = std::make_shared<std::unique_ptr<sim::Socket>>(std::move(found->second));
  sockets_.erase(found);
  world_.call_at(world_.now(), [gone] { gone->reset(); });
}

}  // namespace mq::conformance
