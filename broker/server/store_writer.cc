#include "broker/server/store_writer.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <fstream>
#include <utility>

#include "broker/store/checksum.h"

namespace mq::broker {
namespace {

// How long a group may wait for more, after a commit that took this long.
std::chrono::steady_clock::duration patience_after(std::chrono::steady_clock::duration commit) {
  using namespace std::chrono_literals;
  return std::clamp<std::chrono::steady_clock::duration>(commit / 4, 200us, 2ms);
}

// Another one after every start of the machine.
std::uint64_t boot_of_this_machine() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  return crc64(std::as_bytes(std::span(id)));
}

}  // namespace

SqliteStoreOptions sqlite_options(const StoreOptions& options, WallClock clock) {
  return {.path = options.path,
          .durability = options.durability,
          .clock = clock,
          .boot = boot_of_this_machine(),
          .vfs = nullptr};
}

std::unique_ptr<SqliteStore> open_store(const StoreOptions& options, WallClock clock) {
  return std::make_unique<SqliteStore>(sqlite_options(options, clock));
}

struct StoreWriter::Patience {
  boost::asio::steady_timer timer;
  bool armed = false;
};

StoreWriter::StoreWriter(boost::asio::io_context& loop, std::unique_ptr<SqliteStore> store,
                         std::function<void(const StoreNews&)> news,
                         std::chrono::milliseconds retry_after)
    : loop_(loop),
      store_(std::move(store)),
      news_(std::move(news)),
      retry_after_(retry_after),
      patience_(std::make_unique<Patience>(Patience{boost::asio::steady_timer(loop)})),
      thread_([this] { run(); }) {}

StoreWriter::~StoreWriter() { close(); }

// At the end of the present round of events, so that what it brings goes together.
void StoreWriter::commit() {
  if (busy_ || handing_over_ || gathered_.empty()) return;
  if (gathered_.size() < expected_ && std::chrono::steady_clock::now() < wait_until_) {
    if (std::exchange(patience_->armed, true)) return;
    patience_->timer.expires_at(wait_until_);
    patience_->timer.async_wait([this, alive = is_alive_](boost::system::error_code error) {
      if (alive.expired() || error) return;
      patience_->armed = false;
      commit();
    });
    return;
  }
  handing_over_ = true;
  boost::asio::post(loop_, [this, alive = is_alive_] {
    if (alive.expired()) return;
    handing_over_ = false;
    hand_over();
  });
}

void StoreWriter::hand_over() {
  if (busy_ || gathered_.empty()) return;
  busy_ = true;
  group_records_ = gathered_.size();
  {
    const std::lock_guard lock(mutex_);
    group_ = std::exchange(gathered_, {});
  }
  changed_.notify_one();
}

void StoreWriter::on_committed(const StoreNews& news) {
  if (!news.problem) busy_ = false;
  expected_ = group_records_ + gathered_.size();
  wait_until_ = std::chrono::steady_clock::now() + patience_after(news.took);
  news_(news);
  commit();
}

void StoreWriter::close() {
  if (!thread_.joinable()) return;
  alive_.reset();
  patience_->timer.cancel();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    if (!group_) group_.emplace();
    for (Persist& record : gathered_) group_->push_back(std::move(record));
  }
  gathered_.clear();
  changed_.notify_one();
  thread_.join();
}

// The thread.
void StoreWriter::run() {
  bool failing = false;
  while (auto group = next_group(failing)) {
    const StoreNews news = write(std::move(*group));
    const bool was_failing = std::exchange(failing, news.problem.has_value());
    if (failing && was_failing) continue;
    boost::asio::post(loop_, [this, news, alive = is_alive_] {
      if (!alive.expired()) on_committed(news);
    });
  }
}

// Waits for one. While the store fails, an empty one from time to time: what it has is tried again.
std::optional<std::vector<Persist>> StoreWriter::next_group(bool failing) {
  std::unique_lock lock(mutex_);
  const auto something_to_do = [this] { return group_ || closing_; };
  if (failing)
    changed_.wait_for(lock, retry_after_, something_to_do);
  else
    changed_.wait(lock, something_to_do);
  if (group_) return std::exchange(group_, std::nullopt);
  if (closing_) return std::nullopt;
  return std::vector<Persist>{};
}

StoreNews StoreWriter::write(std::vector<Persist> group) {
  for (Persist& record : group) store_->append(record.sequence, std::move(record.record));
  const auto began = std::chrono::steady_clock::now();
  const std::uint64_t upto = store_->commit();
  return {upto, store_->problem(), std::chrono::steady_clock::now() - began};
}

}  // namespace mq::broker
