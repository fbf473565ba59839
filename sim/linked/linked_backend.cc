#include "sim/linked/linked_backend.h"

#include <algorithm>
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

LinkedBackend::LinkedBackend(broker::Settings settings, broker::Durability durability, Rng rng,
                             Keeps keeps, Duration sync)
    : settings_(settings), rng_(rng), durability_(durability), sync_(sync) {
  if (keeps == Keeps::on_disk && durability != broker::Durability::none)
    disk_ = std::make_unique<SimulatedDisk>(rng.child("disk"));
  else
    memory_.emplace(durability);
}

LinkedBackend::~LinkedBackend() { kill(Crash::process); }

broker::Recovered LinkedBackend::open_store() {
  if (memory_) {
    store_ = &*memory_;
    return memory_->recover();
  }
  // There is as much room as it takes to begin.
  disk_->set_full(false);
  try {
    on_disk_ = std::make_unique<broker::SqliteStore>(
        broker::SqliteStoreOptions{.path = "store",
                                   .durability = durability_,
                                   .clock = {},
                                   .boot = disk_->power_failures(),
                                   .vfs = disk_->vfs()});
    store_ = on_disk_.get();
    broker::Recovered recovered = on_disk_->recover();
    disk_->set_full(disk_is_full_);
    return recovered;
  } catch (const broker::StoreError& error) {
    ensure(false, error.what());  // this disk loses what was not synced, and nothing else
  }
  return {};
}

void LinkedBackend::close_store(Crash how) {
  store_ = nullptr;
  if (memory_) return how == Crash::machine ? memory_->power_failure() : memory_->crash();
  if (how == Crash::machine)
    disk_->power_failure();
  else
    disk_->crash();
  on_disk_.reset();  // finds its files gone, and cannot tidy up
}

void LinkedBackend::let_in_only(std::map<std::string, std::string> passwords) {
  passwords_ = std::move(passwords);
  settings_.access.verifies_passwords = true;
}

void LinkedBackend::let_in_who_echoes(const std::string& method, std::string user) {
  settings_.access.methods.push_back(method);
  echo_user_ = std::move(user);
}

std::optional<Instant> LinkedBackend::start(Instant now) {
  ensure(core_ == nullptr, "a broker is started once, or again after kill()");
  now_ = now;
  core_ = std::make_unique<broker::Broker>(
      settings_, rng_.child("start/" + std::to_string(++starts_)), open_store(), now);
  work();
  return deadline();
}

std::optional<Instant> LinkedBackend::step(Instant now) {
  now_ = now;
  if (core_ == nullptr) return std::nullopt;
  for (BackendLink id : std::exchange(touched_, {})) {
    Link* const link = find(id);
    if (link == nullptr) continue;
    link->is_touched = false;
    if (link->connection == nullptr) open_for_core(id, *link);
    const auto port = link->port;  // the link may end in this
    port->deliver();
    work();
  }
  end_lingering();
  if (auto due = core_->deadline(); due && *due <= now) core_->handle(broker::Tick{}, now);
  work();
  return deadline();
}

BackendLink LinkedBackend::open(const std::string& peer) {
  const BackendLink id{++last_link_};
  links_.emplace(id, std::make_unique<Link>(Link{.port = std::make_shared<Port>(peer)}));
  touch(id, *links_.at(id));
  return id;
}

void LinkedBackend::open_for_core(BackendLink id, Link& link) {
  auto socket = std::make_unique<PortSocket>(link.port);
  core_->handle(broker::LinkUp{.link = core_link(id),
                               .address = socket->device_address(),
                               .anonymous_allowed = !settings_.access.verifies_passwords},
                now_);
  Connection::Owner owner;
  owner.received = [this, id](std::span<const std::byte> bytes) {
    core_->handle(broker::BytesIn{core_link(id), bytes}, now_);
    work();
  };
  owner.drained = [this, id](std::size_t bytes) {
    core_->handle(broker::Drained{core_link(id), bytes}, now_);
    work();
  };
  owner.ended = [this, id](boost::system::error_code) { ended(id); };
  Stream stream(loop_, std::move(socket), Stream::Begins::connected);
  link.stream = stream.memory();
  link.connection = std::make_shared<Connection>(std::move(stream), std::move(owner));
  link.connection->start();
}

std::vector<Memory> LinkedBackend::memory(BackendLink id) const {
  const Link* const link = find(id);
  if (link == nullptr || link->connection == nullptr) return {};
  std::vector<Memory> all = core_->memory(core_link(id));
  for (const Memory part :
       {place_of(*link), place_of(*link->port), place_of(*link->connection), link->stream})
    all.push_back(part);
  return all;
}

std::size_t LinkedBackend::write(BackendLink id, std::span<const std::byte> bytes) {
  Link* const link = find(id);
  if (link == nullptr || link->port->closed()) return bytes.size();  // nobody reads
  touch(id, *link);
  return link->port->write(bytes);
}

std::size_t LinkedBackend::read(BackendLink id, std::span<std::byte> into) {
  Link* const link = find(id);
  if (link == nullptr) return 0;
  const std::size_t count = link->port->read(into);
  if (count > 0 && !link->port->closed()) touch(id, *link);
  if (link->core_knows_end && !link->port->has_outgoing()) links_.erase(id);
  return count;
}

void LinkedBackend::half_close(BackendLink id) {
  Link* const link = find(id);
  if (link == nullptr) return;
  link->port->half_close();
  touch(id, *link);
}

void LinkedBackend::reset(BackendLink id) {
  Link* const link = find(id);
  if (link == nullptr) return;
  link->port->fail();
  touch(id, *link);
}

std::vector<BrokerBackend::Ready> LinkedBackend::ready() {
  std::vector<Ready> ready;
  std::sort(news_.begin(), news_.end());
  for (BackendLink id : std::exchange(news_, {})) {
    Link* const link = find(id);
    if (link == nullptr) continue;
    link->has_news = false;
    const Port& port = *link->port;
    ready.push_back({id, port.has_outgoing(), port.closed(), port.was_reset()});
    if (link->core_knows_end && !port.has_outgoing()) links_.erase(id);
  }
  return ready;
}

bool LinkedBackend::fill_disk(bool full) {
  if (!disk_) return false;
  disk_is_full_ = full;
  disk_->set_full(full);
  return true;
}

void LinkedBackend::kill(Crash how) {
  core_.reset();
  for (auto& [id, link] : std::exchange(links_, {}))
    if (link->connection) link->connection->drop();
  loop_.poll();  // what was under way ends with operation_aborted, for nobody
  close_store(how);
  persisted_ = 0;
  sync_ends_.reset();
  for (auto* list : {&touched_, &news_, &to_flush_, &ended_}) list->clear();
  verdicts_.clear();
  challenges_.clear();
  lingering_.clear();
}

// Until nobody has anything more to do: the core is asked for outputs, what it persists is durable
// at once or when the disk is ready, connections are flushed, and the core hears of those that
// ended.
void LinkedBackend::work() {
  if (std::exchange(working_, true)) return;
  while (true) {
    if (auto output = core_->poll()) {
      perform(*output);
    } else if (commits()) {
      core_->handle(broker::Persisted{persisted_}, now_);
    } else if (!verdicts_.empty()) {
      const broker::Authenticated verdict = std::move(verdicts_.front());
      verdicts_.pop_front();
      core_->handle(verdict, now_);
    } else if (!ended_.empty()) {
      for (BackendLink id : std::exchange(ended_, {}))
        core_->handle(broker::LinkDown{core_link(id)}, now_);
    } else if (!to_flush_.empty()) {
      for (BackendLink id : std::exchange(to_flush_, {})) {
        Link* const link = find(id);
        if (link != nullptr && link->connection) link->connection->flush();
      }
    } else {
      break;
    }
  }
  working_ = false;
  loop_.poll();
}

bool LinkedBackend::commits() {
  if (sync_ends_ && *sync_ends_ > now_) return false;
  sync_ends_.reset();
  const std::uint64_t before = std::exchange(persisted_, store_->commit());
  return persisted_ > before;
}

void LinkedBackend::perform(broker::Output& output) {
  std::visit(overloaded{
                 [&](broker::SendBytes& send) {
                   const BackendLink id = backend_link(send.link);
                   Link* const link = find(id);
                   if (link == nullptr || !link->connection) return;
                   link->connection->send(std::move(send.bytes));
                   to_flush_.push_back(id);
                   tell(id, *link);
                 },
                 [&](broker::CloseLink& order) { close(backend_link(order.link)); },
                 [&](broker::ReadLink& order) {
                   Link* const link = find(backend_link(order.link));
                   if (link != nullptr && link->connection)
                     link->connection->hold_reading(!order.on);
                 },
                 [&](broker::Persist& persist) {
                   store_->append(persist.sequence, std::move(persist.record));
                   if (sync_ > Duration::zero() && !sync_ends_) sync_ends_ = now_ + sync_;
                 },
                 [&](broker::Note&) {},
                 [&](broker::Authenticate& asked) { verdicts_.push_back(verdict_on(asked)); },
             },
             output);
}

broker::Authenticated LinkedBackend::verdict_on(const broker::Authenticate& asked) {
  using Verdict = broker::Authenticated::Verdict;
  const auto told = [&](bool right, const std::string& user) {
    return broker::Authenticated{
        .link = asked.link, .verdict = right ? Verdict::accepted : Verdict::denied, .user = user};
  };
  if (asked.method.empty()) {
    const auto known = passwords_.find(asked.user);
    return told(known != passwords_.end() && asked.password.text() == known->second, asked.user);
  }
  if (!asked.begins) {
    const auto challenge = challenges_.extract(asked.link);
    const bool is_echo = challenge && asked.data.text() == challenge.mapped();
    return told(is_echo, echo_user_);
  }
  std::string& challenge = challenges_[asked.link];
  challenge = "echo/" + std::to_string(rng_.next());
  return {.link = asked.link, .verdict = Verdict::more, .data = Bytes::copy(challenge)};
}

void LinkedBackend::close(BackendLink id) {
  Link* const link = find(id);
  if (link == nullptr || !link->connection) return;
  // Behind so much its last bytes would wait for a peer that may be gone.
  lingering_.emplace(now_ + (link->port->is_clogged() ? Duration::zero() : linked_linger), id);
  tell(id, *link);
  const auto connection = link->connection;
  connection->close();
}

void LinkedBackend::ended(BackendLink id) {
  Link* const link = find(id);
  if (link == nullptr || core_ == nullptr) return;
  link->core_knows_end = true;
  ended_.push_back(id);
  tell(id, *link);
  work();
}

void LinkedBackend::end_lingering() {
  while (!lingering_.empty() && lingering_.begin()->first <= now_) {
    const BackendLink id = lingering_.begin()->second;
    Link* const link = find(id);
    lingering_.erase(lingering_.begin());
    if (link == nullptr) continue;
    link->port->reset();
    tell(id, *link);
    if (!link->core_knows_end) std::shared_ptr(link->connection)->abort();
  }
}

std::optional<Instant> LinkedBackend::deadline() const {
  auto due = core_->deadline();
  if (!lingering_.empty() && (!due || lingering_.begin()->first < *due))
    due = lingering_.begin()->first;
  if (sync_ends_ && (!due || *sync_ends_ < *due)) due = sync_ends_;
  return due;
}

LinkedBackend::Link* LinkedBackend::find(BackendLink id) const {
  const auto found = links_.find(id);
  return found == links_.end() ? nullptr : found->second.get();
}

void LinkedBackend::touch(BackendLink id, Link& link) {
  if (!std::exchange(link.is_touched, true)) touched_.push_back(id);
}

void LinkedBackend::tell(BackendLink id, Link& link) {
  if (!std::exchange(link.has_news, true)) news_.push_back(id);
}

}  // namespace mq::sim
