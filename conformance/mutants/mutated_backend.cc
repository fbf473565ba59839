#include "conformance/mutants/mutated_backend.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mq::conformance {
namespace {

constexpr std::size_t largest_packet = std::size_t{2} * 1024 * 1024;  // none of a case is larger

void append(Frame& to, const Frame& bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

}  // namespace

// ---- FrameCutter

void FrameCutter::feed(std::span<const std::byte> bytes) {
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
}

Frame FrameCutter::rest() { return std::exchange(waiting_, {}); }

std::optional<Frame> FrameCutter::next() {
  if (waiting_.empty()) return std::nullopt;
  if (is_noise_) return rest();
  std::size_t length = 0;
  std::size_t at = 1;
  for (unsigned shift = 0;; ++at, shift += 7) {
    if (at >= waiting_.size()) return std::nullopt;
    const auto byte = static_cast<std::size_t>(waiting_[at]);
    length |= (byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) break;
    if (shift == 21 || length > largest_packet) {
      is_noise_ = true;
      return rest();
    }
  }
  const std::size_t size = at + 1 + length;
  if (length > largest_packet) is_noise_ = true;
  if (is_noise_) return rest();
  if (size > waiting_.size()) return std::nullopt;
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(size);
  Frame frame(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  return frame;
}

// ---- MutatedBackend

MutatedBackend::MutatedBackend(sim::BrokerBackend& broker, Behaviour behaviour)
    : broker_(broker), behaviour_(std::move(behaviour)) {}

std::optional<Instant> MutatedBackend::start(Instant now) {
  now_ = now;
  return next(broker_.start(now));
}

std::optional<Instant> MutatedBackend::step(Instant now) {
  now_ = now;
  send_what_is_due();
  std::optional<Instant> due;
  hand_over();
  do {
    due = broker_.step(now);
    collect();
  } while (hand_over());
  return next(due);
}

std::optional<Instant> MutatedBackend::next(std::optional<Instant> of_broker) const {
  for (const Late& one : late_)
    if (!of_broker || one.at < *of_broker) of_broker = one.at;
  return of_broker;
}

sim::BackendLink MutatedBackend::open(const std::string& peer) {
  const sim::BackendLink id = broker_.open(peer);
  links_[id].peer.link = id;
  return id;
}

std::size_t MutatedBackend::write(sim::BackendLink id, std::span<const std::byte> bytes) {
  const auto found = links_.find(id);
  if (found == links_.end()) return bytes.size();
  found->second.from_client.feed(bytes);
  while (auto frame = found->second.from_client.next()) hear(found->second, *std::move(frame));
  return bytes.size();
}

std::size_t MutatedBackend::read(sim::BackendLink id, std::span<std::byte> into) {
  const auto found = links_.find(id);
  if (found == links_.end()) return 0;
  Frame& from = found->second.outward;
  const std::size_t count = std::min(into.size(), from.size());
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(count);
  std::copy(from.begin(), end, into.begin());
  from.erase(from.begin(), end);
  return count;
}

void MutatedBackend::half_close(sim::BackendLink id) {
  Link& link = links_[id];
  append(link.inward, link.from_client.rest());
  link.ends_inward = true;
}

void MutatedBackend::reset(sim::BackendLink id) {
  links_.erase(id);
  broker_.reset(id);
}

std::vector<sim::BrokerBackend::Ready> MutatedBackend::ready() {
  std::vector<Ready> all;
  for (auto& [id, link] : links_) {
    if (link.is_ghost || !std::exchange(link.has_news, false)) continue;
    all.push_back({id, !link.outward.empty(), link.ended, link.was_reset});
  }
  return all;
}

void MutatedBackend::kill(sim::Crash how) {
  links_.clear();
  late_.clear();
  broker_.kill(how);
}

void MutatedBackend::hear(Link& link, Frame frame) {
  Passing passing(link.peer, *this, std::move(frame), Sender::client);
  if (const auto* connect = passing.as<Connect>(); connect != nullptr && !link.peer.connect)
    link.peer.connect = *connect;
  if (behaviour_.heard) behaviour_.heard(passing);
  finish(link, passing, link.inward, link.outward);
}

void MutatedBackend::say(Link& link, Frame frame) {
  Passing passing(link.peer, *this, std::move(frame), Sender::server);
  if (const auto* conn_ack = passing.as<ConnAck>()) link.peer.conn_ack = *conn_ack;
  if (behaviour_.sent) behaviour_.sent(passing);
  finish(link, passing, link.outward, link.inward);
}

void MutatedBackend::finish(Link& link, const Passing& passing, Frame& onward, Frame& backward) {
  append(onward, passing.onward());
  append(backward, passing.backward());
  if (passing.closes()) link.ended = true;
  link.has_news |= link.ended || !link.outward.empty();
}

// To the broker, what has been let through for it. Whether it took something.
bool MutatedBackend::hand_over() {
  bool moved = false;
  for (auto& [id, link] : links_) {
    const std::size_t taken = link.inward.empty() ? 0 : broker_.write(id, link.inward);
    const auto end = link.inward.begin() + static_cast<std::ptrdiff_t>(taken);
    link.inward.erase(link.inward.begin(), end);
    moved |= taken > 0;
    if (!link.inward.empty() || !std::exchange(link.ends_inward, false)) continue;
    broker_.half_close(id);
    moved = true;
    if (link.broker_closed) link.ended = link.has_news = true;
  }
  return moved;
}

void MutatedBackend::collect() {
  for (const Ready& one : broker_.ready()) {
    const auto found = links_.find(one.link);
    if (found == links_.end()) continue;
    Link& link = found->second;
    std::array<std::byte, 4096> bytes;
    while (const std::size_t count = broker_.read(one.link, bytes)) {
      if (link.is_ghost) continue;
      link.from_broker.feed(std::span(bytes).first(count));
      while (auto frame = link.from_broker.next()) say(link, *std::move(frame));
    }
    if (!one.closed || link.is_ghost) continue;
    link.broker_closed = true;
    if (behaviour_.keeps_open && !link.ended && behaviour_.keeps_open(link.peer)) continue;
    link.ended = link.has_news = true;
    link.was_reset |= one.was_reset;
  }
}

void MutatedBackend::send_what_is_due() {
  for (Late& one : std::exchange(late_, {})) {
    const auto found = links_.find(one.link);
    if (one.at > now_) {
      late_.push_back(std::move(one));
    } else if (found != links_.end()) {
      append(found->second.outward, one.bytes);
      found->second.has_news = true;
    }
  }
}

// ---- Backstage

void MutatedBackend::publish(const Publish& publish) {
  const sim::BackendLink id = broker_.open("10.9.9.9:9");
  Link& ghost = links_[id];
  ghost.peer.link = id;
  ghost.is_ghost = true;
  Connect connect;
  connect.client_id = "ghost-" + std::to_string(static_cast<std::uint64_t>(id));
  connect.user_name = "lab";
  connect.password = Bytes::copy("secret");
  encode(Packet(connect), Version::v5, ghost.inward);
  Publish plain = publish;
  if (plain.qos != Qos::at_most_once) plain.packet_id = PacketId{1};
  plain.dup = false;
  encode(plain, Version::v5, ghost.inward);
}

void MutatedBackend::cut(const Peer& peer) { broker_.reset(peer.link); }

void MutatedBackend::send_later(const Peer& peer, const Packet& packet, Duration delay) {
  Frame bytes;
  encode(packet, peer.version, bytes);
  late_.push_back({now_ + delay, peer.link, std::move(bytes)});
}

}  // namespace mq::conformance
