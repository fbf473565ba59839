#include "bench/load_loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/ensure.h"
#include "transport/tls.h"

namespace mq::bench {
namespace {

constexpr std::size_t read_bytes = 256 * 1024;
constexpr unsigned source_addresses = 100;  // 127.0.0.1 and its neighbours

}  // namespace

LoadLoop::LoadLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(read_bytes) {
  ensure(epoll_ >= 0, "epoll");
}

LoadLoop::~LoadLoop() { ::close(epoll_); }

void LoadLoop::connect(LoadClient& client, std::uint16_t port, const transport::TlsClient* tls) {
  const bool begun = client.connect(port, connections_++ % source_addresses,
                                    tls != nullptr ? tls->layer("localhost") : nullptr);
  if (!begun) return client.close(std::strerror(errno));
  client.waits_to_write_ = true;
  epoll_event wish{.events = EPOLLIN | EPOLLOUT, .data = {.ptr = &client}};
  ensure(::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.socket(), &wish) == 0, "epoll_ctl");
}

void LoadLoop::mark(LoadClient& client) {
  if (std::exchange(client.is_dirty_, true)) return;
  dirty_.push_back(&client);
}

void LoadLoop::drop(LoadClient& client) {
  std::erase(dirty_, &client);
  client.is_dirty_ = false;
  if (client.socket_ >= 0) ::close(std::exchange(client.socket_, -1));
}

void LoadLoop::watch_writing(LoadClient& client, bool on) {
  if (client.waits_to_write_ == on || client.socket() < 0) return;
  client.waits_to_write_ = on;
  epoll_event wish{.events = on ? EPOLLIN | EPOLLOUT : std::uint32_t{EPOLLIN},
                   .data = {.ptr = &client}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, client.socket(), &wish);
}

void LoadLoop::flush_all() {
  while (!dirty_.empty())
    for (LoadClient* client : std::exchange(dirty_, {})) {
      client->is_dirty_ = false;
      if (client->is_connected_) watch_writing(*client, !client->flush());
    }
}

int LoadLoop::turn(std::chrono::milliseconds patience) {
  flush_all();
  std::array<epoll_event, 512> events;
  const int count =
      ::epoll_wait(epoll_, events.data(), events.size(), static_cast<int>(patience.count()));
  for (int i = 0; i < count; ++i) {
    LoadClient& client = *static_cast<LoadClient*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (client.socket() < 0) continue;
    mark(client);
    if (!client.is_connected_) {
      client.on_connected();
      continue;
    }
    if (events[static_cast<std::size_t>(i)].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
      client.on_readable(buffer_);
  }
  flush_all();
  return count;
}

bool LoadLoop::run(const std::function<bool()>& done, std::chrono::milliseconds patience) {
  // Waited for, not read from a clock: whoever stops this process for a while loses no message.
  const auto wait = std::min(patience, std::chrono::milliseconds(50));
  for (std::chrono::milliseconds silent{}; silent <= patience;) {
    if (done()) return true;
    silent = turn(wait) > 0 ? std::chrono::milliseconds{} : silent + wait;
  }
  return done();
}

}  // namespace mq::bench
