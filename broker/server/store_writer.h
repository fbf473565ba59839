// Carries the core's records to the disk on a thread of its own, so that the event loop never waits
// for a sync. What is appended while one commit runs goes into the next: the slower the disk, the
// larger the groups.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "broker/core/broker.h"
#include "broker/server/store_options.h"
#include "broker/store/sqlite_store.h"

namespace boost::asio {
class io_context;
}

namespace mq::broker {

// What StoreWriter tells, on the loop.
struct StoreNews {
  std::uint64_t persisted = 0;
  // Why the disk takes nothing at the moment.
  std::optional<std::string> problem;
  std::chrono::steady_clock::duration took{};
};

class StoreWriter {
 public:
  // `store` has been recovered. Calls `news` from `loop` after every commit, and when a commit
  // fails; that one is tried again after `retry_after`.
  StoreWriter(boost::asio::io_context& loop, std::unique_ptr<SqliteStore> store,
              std::function<void(const StoreNews&)> news,
              std::chrono::milliseconds retry_after = std::chrono::seconds(1));
  // As close().
  ~StoreWriter();
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  void append(Persist record) { gathered_.push_back(std::move(record)); }
  // All records of one handle() are appended.
  void commit();
  // Writes what is left and ends the thread; calls nobody any more. What the disk does not take now
  // is given up: nobody was told that it is safe.
  void close();

  std::size_t waiting() const { return gathered_.size(); }

 private:
  struct Alive {};

  void hand_over();
  void on_committed(const StoreNews& news);
  void run();
  std::optional<std::vector<Persist>> next_group(bool failing);
  StoreNews write(std::vector<Persist> group);

  boost::asio::io_context& loop_;
  const std::unique_ptr<SqliteStore> store_;  // the thread's, once it runs
  const std::function<void(const StoreNews&)> news_;
  const std::chrono::milliseconds retry_after_;

  // The loop's.
  std::vector<Persist> gathered_;
  bool busy_ = false;          // a group is with the thread
  bool handing_over_ = false;  // hand_over() is posted
  // Publishers that wait for one commit are only a part of all: their next messages are worth
  // waiting for, or every group is half as large as it could be.
  std::size_t group_records_ = 0;  // of the last group
  std::size_t expected_ = 0;       // records that come again, if those who wait now go on
  std::chrono::steady_clock::time_point wait_until_{};
  struct Patience;
  std::unique_ptr<Patience> patience_;
  std::shared_ptr<Alive> alive_ = std::make_shared<Alive>();
  const std::weak_ptr<Alive> is_alive_ = alive_;

  // Between both.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::vector<Persist>> group_;
  bool closing_ = false;

  std::thread thread_;
};

// Opens, or makes, the store; the clock is the process's. Throws StoreError.
std::unique_ptr<SqliteStore> open_store(const StoreOptions& options, WallClock clock);
SqliteStoreOptions sqlite_options(const StoreOptions& options, WallClock clock);

}  // namespace mq::broker
