#include "sim/external/external_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "sim/byte_queue.h"

namespace mq::sim {
namespace {

constexpr std::size_t client_portion_bytes = 16 * 1024;
// Taken from the program ahead of its link: what a socket's send buffer holds.
constexpr std::size_t client_ahead_bytes_max = 64 * 1024;

}  // namespace

struct ExternalClient::Link {
  std::uint32_t number = 0;
  std::uint32_t in_page = 0;  // as the program's page numbers it
  int fd = -1;
  std::unique_ptr<Socket> socket;
  bool connected = false;
  ByteQueue to_network;
  bool program_ended = false;  // FIN follows to_network
  bool fin_sent = false;
  ByteQueue to_program;
  bool network_ended = false;  // the end follows to_program
  bool program_knows = false;
  bool over = false;
  bool is_orphan = false;  // its program is gone, and what that wrote last is not sent yet

  ~Link() {
    if (fd >= 0) ::close(fd);
  }
};

ExternalClient::ExternalClient(World& world, DeviceId place, VtimeStart start, Hears hears)
    : world_(world),
      place_(place),
      start_(std::move(start)),
      hears_(std::move(hears)),
      step_(world, [this] { step(); }),
      deadline_(world, [this] { step(); }) {}

ExternalClient::~ExternalClient() = default;

void ExternalClient::start(std::vector<std::string> command) {
  if (is_running()) return;
  if (!command.empty()) start_.command = std::move(command);
  program_ = std::make_unique<VtimeProgram>(start_);
  if (!program_->spawn(world_.now())) return hears_.failed(program_->trouble());
  step();
}

void ExternalClient::signal(int number) {
  if (!is_running()) return;
  program_->hold();  // until its clock is set
  program_->signal(number);
  request_step();
}

void ExternalClient::lose_power() {
  if (is_running()) {
    program_->kill();
    keep_counts();
  }
  deadline_.stop();
  step_.stop();
  world_.break_connections(place_, World::Break::forgotten);
  lose_links(CloseCause::closed);
}

void ExternalClient::lose_links(CloseCause cause) {
  for (auto& [number, link] : links_)
    if (!link->over && !link->fin_sent) hears_.closed(number, cause, true);
  links_.clear();
}

void ExternalClient::request_step() {
  if (!stepping_ && !step_.is_set()) step_.set(world_.now());
}

// Sets its clock, gives it what has come, and lets it work until it rests.
void ExternalClient::step() {
  if (!is_running()) return send_what_is_left();
  stepping_ = true;
  program_->set_clock(world_.now());
  for (bool again = true; again;) {
    program_->hold();
    for (auto& [number, link] : links_) give(*link);
    const bool runs = program_->run();
    accept();
    again = false;
    for (auto& [number, link] : links_) again = take(*link) || again;
    if (!runs) {
      if (!program_->trouble().empty() && start_.mode == VtimeMode::automatic &&
          program_->trouble().find("starts threads") != std::string::npos) {
        start_.mode = VtimeMode::threads;
        // What it printed was that it cannot start threads.
        if (::truncate(start_.output.c_str(), 0) != 0) errno = 0;
        stepping_ = false;
        lose_links(CloseCause::reset);
        return start();
      }
      stepping_ = false;
      return program_is_gone();
    }
    for (auto& [number, link] : links_) again = give(*link) || again;
  }
  stepping_ = false;
  std::erase_if(links_, [](const auto& entry) { return entry.second->over; });
  deadline_.set(program_->deadline());
}

void ExternalClient::accept() {
  for (;;) {
    const int fd =
        ::accept4(program_->world_listener(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    open(fd);
  }
}

void ExternalClient::open(int fd) {
  auto made = std::make_unique<Link>();
  Link& link = *made;
  link.number = ++last_link_;
  link.in_page = VtimeProgram::link_of(fd);
  link.fd = fd;
  links_.emplace(link.number, std::move(made));
  link.socket = world_.connect(place_);
  hears_.opening(link.number, link.socket->device_address());
  link.socket->listen_to({.connected =
                              [this, &link] {
                                link.connected = true;
                                hears_.opened(link.number);
                                request_step();
                              },
                          .readable = [this] { request_step(); },
                          .writable = [this] { request_step(); },
                          .failed =
                              [this, &link](CloseCause cause) {
                                lose(link, cause);
                                request_step();
                              }});
}

// From the network to the program. True if it was given something.
bool ExternalClient::give(Link& link) {
  if (link.over || !link.connected || link.is_orphan) return false;
  std::array<std::byte, client_portion_bytes> portion;
  bool gave = false;
  for (;;) {
    if (link.to_program.empty() && link.socket) {
      const std::size_t count = link.socket->read(portion);
      const auto bytes = std::span<const std::byte>(portion).first(count);
      if (count > 0) hears_.received(link.number, bytes);
      link.to_program.push(bytes);
      link.network_ended = link.network_ended || (count == 0 && link.socket->at_end());
    }
    if (link.to_program.empty()) break;
    const auto bytes = link.to_program.front(client_portion_bytes);
    const ssize_t taken = ::send(link.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0 && errno == EAGAIN) return gave;
    gave = true;
    if (taken < 0) {  // it has closed
      link.to_program.clear();
      break;
    }
    link.to_program.pop(static_cast<std::size_t>(taken));
  }
  if (link.network_ended && !std::exchange(link.program_knows, true)) {
    ::shutdown(link.fd, SHUT_WR);
    gave = true;
  }
  if (link.network_ended && link.fin_sent) finish(link);
  return gave;
}

// From the program to the network. True if it may go on writing.
bool ExternalClient::take(Link& link) {
  std::array<std::byte, client_portion_bytes> portion;
  bool made_room = false;
  // Before the connection stands, what the program has written stays with its system.
  while (!link.over && link.connected && !link.program_ended &&
         link.to_network.size() < client_ahead_bytes_max) {
    const ssize_t count = ::recv(link.fd, portion.data(), portion.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) {  // closed with bytes unread: its system answers with RST
      link.socket->reset();
      lose(link, CloseCause::reset);
      return made_room;
    }
    if (count == 0) {
      link.program_ended = true;
      break;
    }
    const auto bytes = std::span<const std::byte>(portion).first(static_cast<std::size_t>(count));
    hears_.sent(link.number, bytes);
    link.to_network.push(bytes);
  }
  if (link.over || !link.connected) return made_room;
  while (!link.to_network.empty()) {
    const std::size_t taken = link.socket->write(link.to_network.front(client_portion_bytes));
    if (taken == 0) return made_room;
    link.to_network.pop(taken);
    made_room = made_room || taken == client_portion_bytes;
  }
  if (link.program_ended && !std::exchange(link.fin_sent, true)) {
    link.socket->shutdown_write();
    if (!link.is_orphan && program_->was_aborted(link.in_page)) link.socket->reset();
    hears_.closed(link.number, CloseCause::closed, true);
    if (link.network_ended) finish(link);
  }
  return made_room;
}

// The network has given it up; the program reads ECONNRESET.
void ExternalClient::lose(Link& link, CloseCause cause) {
  if (std::exchange(link.over, true)) return;
  if (!link.fin_sent) hears_.closed(link.number, cause, false);
  if (!link.is_orphan) program_->say_reset(link.in_page);
  ::close(std::exchange(link.fd, -1));
  link.to_program.clear();
  link.to_network.clear();
}

void ExternalClient::finish(Link& link) {
  if (std::exchange(link.over, true)) return;
  if (!link.fin_sent) hears_.closed(link.number, CloseCause::closed, false);
}

// Its system closes what it had open; what it had written is still sent.
void ExternalClient::program_is_gone() {
  deadline_.stop();
  for (auto& [number, link] : links_) {
    link->is_orphan = true;
    if (!link->over && !link->connected) finish(*link);
  }
  send_what_is_left();
  keep_counts();
  const std::string trouble = program_->trouble();
  const std::string how = program_->how_it_ended().value_or("");
  if (!trouble.empty()) return hears_.failed(trouble);
  hears_.ended(how);
}

void ExternalClient::send_what_is_left() {
  for (auto& [number, link] : links_) {
    if (!link->is_orphan) continue;
    while (take(*link)) {
    }
    if (link->fin_sent) link->over = true;  // nobody reads what may still come
  }
  std::erase_if(links_, [](const auto& entry) { return entry.second->over; });
}

void ExternalClient::keep_counts() {
  for (const std::string& call : program_->unfaithful()) unfaithful_.insert(call);
}

}  // namespace mq::sim
