#include "scenarios/engine/layered_backend.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/byte_queue.h"

namespace mq::scenario {
namespace {

using sim::BackendLink;

constexpr std::size_t portion_bytes = 16 * 1024;
constexpr std::size_t wire_bytes_ahead = 64 * 1024;  // converted, not taken by the world yet
constexpr Duration handshake_timeout = std::chrono::seconds(10);  // as a real listener's

}  // namespace

class LayeredBackend::Wrapped final : public transport::Layer::Sides {
 public:
  Wrapped(LayeredBackend& all, BackendLink id, std::string peer,
          std::unique_ptr<transport::Layer> layer)
      : all_(all), id_(id), peer_(std::move(peer)), layer_(std::move(layer)) {}

  void begin() {
    if (layer_)
      layer_->begin(*this);
    else
      opened();
  }

  std::size_t from_wire(std::span<const std::byte> bytes) {
    if (over_) return bytes.size();
    if (!layer_) return all_.broker_.write(*inner_, bytes);
    if (!to_broker_.empty()) return 0;
    layer_->from_peer(bytes, *this);
    all_.tell(id_);
    return bytes.size();
  }

  std::size_t to_wire(std::span<std::byte> into) {
    if (!layer_) {
      const std::size_t given = all_.broker_.read(*inner_, into);
      if (given < into.size() && inner_closed_) over_ = true;
      if (over_) all_.tell(id_);
      return given;
    }
    const std::size_t count = wire_.take(into);
    if (count > 0) convert();
    if (is_done()) all_.tell(id_);
    return count;
  }

  void peer_ends() {
    peer_ended_ = true;
    if (!inner_) {
      over_ = true;
      all_.tell(id_);
    } else if (to_broker_.empty()) {
      all_.broker_.half_close(*inner_);
    }
  }

  // The broker said that it has something for the link, or has closed it.
  void hear(const Ready& ready) {
    inner_closed_ = inner_closed_ || ready.closed;
    was_reset_ = was_reset_ || ready.was_reset;
    inner_readable_ = ready.readable;
    if (layer_ && ready.was_reset) {
      over_ = true;
      wire_.clear();
    }
    if (layer_) convert();
    if (!layer_ && ready.closed && !ready.readable) over_ = true;
    all_.tell(id_);
  }

  Ready report() {
    if (!layer_) return {id_, std::exchange(inner_readable_, false), inner_closed_, was_reset_};
    return {id_, !wire_.empty(), over_, was_reset_};
  }
  // Neither the world nor the broker will ask for it again.
  bool is_done() const { return over_ && wire_.empty() && (!inner_ || inner_closed_); }

  // What the broker did not take before. True if it took some now and more is left.
  bool give_to_broker() {
    if (!inner_) return false;
    bool took = false;
    while (!to_broker_.empty()) {
      const auto bytes = to_broker_.front(portion_bytes);
      const std::size_t count = bytes.size();
      const std::size_t taken = all_.broker_.write(*inner_, bytes);
      to_broker_.pop(taken);
      took = took || taken > 0;
      if (taken == count) continue;
      all_.hungry_.push_back(id_);
      return took;
    }
    if (took && peer_ended_) all_.broker_.half_close(*inner_);
    return false;
  }

  bool is_open() const { return inner_.has_value(); }
  std::optional<BackendLink> inner() const { return inner_; }
  void give_up() {
    over_ = was_reset_ = true;
    wire_.clear();
    all_.tell(id_);
  }

  // ---- transport::Layer::Sides
  void to_peer(std::span<const std::byte> bytes) override { wire_.push(bytes); }
  bool to_owner(std::span<const std::byte> bytes) override {
    const bool waits = !to_broker_.empty();
    to_broker_.push(bytes);
    if (!waits) give_to_broker();
    return !over_;
  }
  void opened() override {
    inner_ = all_.broker_.open(peer_);
    all_.ours_.emplace(*inner_, id_);
  }
  void peer_left() override { end(); }
  void failed(std::string) override { end(); }

 private:
  void end() {
    over_ = true;
    if (inner_ && !inner_closed_) all_.broker_.half_close(*inner_);
  }

  // From the broker through the layer, as far as the world takes it.
  void convert() {
    if (!inner_ || over_) return;
    std::array<std::byte, portion_bytes> portion;
    while (wire_.size() < wire_bytes_ahead) {
      const std::size_t count = all_.broker_.read(*inner_, portion);
      if (count == 0) {
        if (!inner_closed_) return;
        layer_->close(*this);
        over_ = true;
        return;
      }
      layer_->from_owner(std::span<const std::byte>(portion).first(count), *this);
    }
  }

  LayeredBackend& all_;
  const BackendLink id_;
  const std::string peer_;
  const std::unique_ptr<transport::Layer> layer_;
  std::optional<BackendLink> inner_;  // when the handshakes are done
  sim::ByteQueue wire_;
  sim::ByteQueue to_broker_;
  bool peer_ended_ = false;
  bool inner_closed_ = false;
  bool inner_readable_ = false;
  bool was_reset_ = false;
  bool over_ = false;
};

LayeredBackend::LayeredBackend(sim::BrokerBackend& broker, MakeLayer make_layer)
    : broker_(broker), make_layer_(std::move(make_layer)) {}
LayeredBackend::~LayeredBackend() = default;

std::optional<Instant> LayeredBackend::start(Instant now) {
  now_ = now;
  return broker_.start(now);
}

std::optional<Instant> LayeredBackend::step(Instant now) {
  now_ = now;
  while (!handshakes_.empty() && handshakes_.front().until <= now) {
    Wrapped* const link = find(handshakes_.front().link);
    handshakes_.pop_front();
    if (link != nullptr && !link->is_open()) link->give_up();
  }
  auto deadline = broker_.step(now);
  while (feed_hungry()) deadline = broker_.step(now);
  while (!handshakes_.empty()) {
    const Wrapped* const link = find(handshakes_.front().link);
    if (link != nullptr && !link->is_open()) break;
    handshakes_.pop_front();
  }
  if (!handshakes_.empty() && (!deadline || handshakes_.front().until < *deadline))
    deadline = handshakes_.front().until;
  return deadline;
}

BackendLink LayeredBackend::open(const std::string& peer) {
  const BackendLink id{++last_link_};
  auto layer = make_layer_(peer);
  if (layer) handshakes_.push_back({now_ + handshake_timeout, id});
  Wrapped& link = *links_.emplace(id, std::make_unique<Wrapped>(*this, id, peer, std::move(layer)))
                       .first->second;
  link.begin();
  return id;
}

std::size_t LayeredBackend::write(BackendLink id, std::span<const std::byte> bytes) {
  Wrapped* const link = find(id);
  return link == nullptr ? bytes.size() : link->from_wire(bytes);
}

std::size_t LayeredBackend::read(BackendLink id, std::span<std::byte> into) {
  Wrapped* const link = find(id);
  return link == nullptr ? 0 : link->to_wire(into);
}

void LayeredBackend::half_close(BackendLink id) {
  if (Wrapped* const link = find(id)) link->peer_ends();
}

void LayeredBackend::reset(BackendLink id) {
  Wrapped* const link = find(id);
  if (link == nullptr) return;
  if (link->inner()) {
    broker_.reset(*link->inner());
    ours_.erase(*link->inner());
  }
  links_.erase(id);
}

std::vector<sim::BrokerBackend::Ready> LayeredBackend::ready() {
  for (const Ready& ready : broker_.ready()) {
    const auto found = ours_.find(ready.link);
    if (found == ours_.end()) continue;
    links_.at(found->second)->hear(ready);
  }
  std::sort(news_.begin(), news_.end());
  news_.erase(std::unique(news_.begin(), news_.end()), news_.end());
  std::vector<Ready> all;
  for (const BackendLink id : std::exchange(news_, {})) {
    Wrapped* const link = find(id);
    if (link == nullptr) continue;
    all.push_back(link->report());
    if (!link->is_done()) continue;
    if (link->inner()) ours_.erase(*link->inner());
    links_.erase(id);
  }
  return all;
}

// True if the broker was given something that it did not take before.
bool LayeredBackend::feed_hungry() {
  bool fed = false;
  for (const BackendLink id : std::exchange(hungry_, {}))
    if (Wrapped* const link = find(id)) fed = link->give_to_broker() || fed;
  return fed;
}

void LayeredBackend::kill(sim::Crash how) {
  broker_.kill(how);
  links_.clear();
  ours_.clear();
  news_.clear();
  hungry_.clear();
  handshakes_.clear();
}

LayeredBackend::Wrapped* LayeredBackend::find(BackendLink link) const {
  const auto found = links_.find(link);
  return found == links_.end() ? nullptr : found->second.get();
}

void LayeredBackend::tell(BackendLink link) { news_.push_back(link); }

}  // namespace mq::scenario
