#include "sim/linked/linked_backend.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/ensure.h"
#include "base/overloaded.h"

namespace mq::sim {
namespace {

broker::LinkId core_link(BackendLink link) {
  return broker::LinkId{static_cast<std::uint64_t>(link)};
}
BackendLink backend_link(broker::LinkId link) {
  return BackendLink{static_cast<std::uint64_t>(link)};
}

}  // namespace

LinkedBackend::LinkedBackend(broker::Settings settings, broker::Durability durability, Rng rng)
    : settings_(settings), rng_(rng), store_(durability) {}
LinkedBackend::~LinkedBackend() = default;

std::optional<Instant> LinkedBackend::start(Instant now) {
  ensure(core_ == nullptr, "a broker is started once, or again after kill()");
  now_ = now;
  core_ = std::make_unique<broker::Broker>(
      settings_, rng_.child("start/" + std::to_string(++starts_)), store_.recover(), now);
  perform_all();
  return core_->deadline();
}

std::optional<Instant> LinkedBackend::step(Instant now) {
  now_ = now;
  if (core_ == nullptr) return std::nullopt;
  for (Incoming& incoming : std::exchange(incoming_, {})) {
    const broker::LinkId link = core_link(incoming.link);
    switch (incoming.what) {
      case Incoming::What::up:
        core_->handle(broker::LinkUp{link, incoming.peer}, now);
        break;
      case Incoming::What::bytes:
        if (known_to_core(incoming.link)) core_->handle(broker::BytesIn{link, incoming.bytes}, now);
        break;
      case Incoming::What::down:
        if (known_to_core(incoming.link)) core_->handle(broker::LinkDown{link}, now);
        links_.erase(incoming.link);
        gone_.push_back(incoming.link);
        break;
    }
    perform_all();
  }
  if (auto deadline = core_->deadline(); deadline && *deadline <= now) {
    core_->handle(broker::Tick{}, now);
    perform_all();
  }
  return core_->deadline();
}

BackendLink LinkedBackend::open(const std::string& peer) {
  const BackendLink link{++last_link_};
  links_.emplace(link, Link{});
  incoming_.push_back({Incoming::What::up, link, peer, {}});
  return link;
}

std::size_t LinkedBackend::write(BackendLink link, std::span<const std::byte> bytes) {
  incoming_.push_back({Incoming::What::bytes, link, {}, {bytes.begin(), bytes.end()}});
  return bytes.size();
}

std::size_t LinkedBackend::read(BackendLink id, std::span<std::byte> into) {
  auto found = links_.find(id);
  if (found == links_.end()) return 0;
  Link& link = found->second;
  const std::size_t count = std::min(into.size(), link.outgoing.size() - link.taken);
  if (count == 0) return 0;
  std::memcpy(into.data(), link.outgoing.data() + link.taken, count);
  link.taken += count;
  if (link.taken == link.outgoing.size()) {
    link.outgoing.clear();
    link.taken = 0;
  }
  if (!link.closed && core_ != nullptr) {
    core_->handle(broker::Drained{core_link(id), count}, now_);
    perform_all();
  } else if (link.outgoing.empty()) {
    links_.erase(found);
  }
  return count;
}

void LinkedBackend::half_close(BackendLink link) {
  incoming_.push_back({Incoming::What::down, link, {}, {}});
}

void LinkedBackend::reset(BackendLink link) { half_close(link); }

std::vector<BrokerBackend::Ready> LinkedBackend::ready() {
  std::vector<Ready> ready;
  for (BackendLink id : std::exchange(gone_, {})) ready.push_back({id, false, true, false});
  std::sort(with_news_.begin(), with_news_.end());
  for (BackendLink id : std::exchange(with_news_, {})) {
    auto found = links_.find(id);
    if (found == links_.end()) continue;
    found->second.news = false;
    const bool readable = !found->second.outgoing.empty();
    ready.push_back({id, readable, found->second.closed, false});
    if (found->second.closed && !readable) links_.erase(found);
  }
  return ready;
}

void LinkedBackend::kill() {
  core_.reset();
  store_.crash();
  persisted_ = 0;
  closed_by_core_.clear();
  links_.clear();
  incoming_.clear();
  with_news_.clear();
  gone_.clear();
}

broker::Broker::Census LinkedBackend::census() const {
  return core_ == nullptr ? broker::Broker::Census{} : core_->census();
}

bool LinkedBackend::known_to_core(BackendLink link) const {
  auto found = links_.find(link);
  return found != links_.end() && !found->second.closed;
}

// Until the core has nothing more to say: what it persists is durable at once, and a link that it
// closed is gone for it at once; its last bytes wait here for the world.
void LinkedBackend::perform_all() {
  while (true) {
    if (auto output = core_->poll()) {
      perform(*output);
    } else if (const std::uint64_t durable = store_.commit(); durable > persisted_) {
      persisted_ = durable;
      core_->handle(broker::Persisted{durable}, now_);
    } else if (!closed_by_core_.empty()) {
      for (broker::LinkId link : std::exchange(closed_by_core_, {}))
        core_->handle(broker::LinkDown{link}, now_);
    } else {
      return;
    }
  }
}

void LinkedBackend::perform(broker::Output& output) {
  auto with_link = [this](broker::LinkId id, auto&& change) {
    auto found = links_.find(backend_link(id));
    if (found == links_.end()) return;
    change(found->second);
    if (!std::exchange(found->second.news, true)) with_news_.push_back(found->first);
  };
  std::visit(overloaded{
                 [&](broker::SendBytes& send) {
                   with_link(send.link, [&](Link& link) {
                     link.outgoing.insert(link.outgoing.end(), send.bytes.data(),
                                          send.bytes.data() + send.bytes.size());
                   });
                 },
                 [&](broker::CloseLink& close) {
                   with_link(close.link, [](Link& link) { link.closed = true; });
                   closed_by_core_.push_back(close.link);
                 },
                 [&](broker::Persist& persist) {
                   store_.append(persist.sequence, std::move(persist.record));
                 },
                 [&](broker::Note&) {},
             },
             output);
}

}  // namespace mq::sim
