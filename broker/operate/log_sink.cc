#include "broker/operate/log_sink.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace mq::broker {

// Of the sink and its thread, which may outlive it while a write does not return.
struct LogSink::Shared {
  struct Line {
    Level level;
    std::string text;
  };

  Write write;
  std::size_t bytes_max;

  std::mutex mutex;  // over all below
  std::condition_variable changed;
  std::deque<Line> lines;
  std::size_t bytes = 0;  // of lines, and of the one that is being written
  std::uint64_t lost = 0;
  bool runs = false;
  bool ending = false;

  bool has_room(std::size_t more) const { return bytes == 0 || bytes + more <= bytes_max; }

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return ending || !lines.empty(); });
      if (lines.empty()) break;
      const Line line = std::move(lines.front());
      lines.pop_front();
      lock.unlock();
      write(line.level, line.text);
      lock.lock();
      bytes -= line.text.size();
    }
    runs = false;
    write = nullptr;  // and what it holds open
    changed.notify_all();
  }
};

LogSink::LogSink(Write write, std::size_t bytes_max) : shared_(std::make_shared<Shared>()) {
  shared_->write = std::move(write);
  shared_->bytes_max = bytes_max;
}

LogSink::~LogSink() {
  std::unique_lock lock(shared_->mutex);
  shared_->ending = true;
  shared_->changed.notify_all();
  if (waits_at_end_) shared_->changed.wait_for(lock, patience, [this] { return !shared_->runs; });
}

bool LogSink::put(Level level, std::string line) {
  const std::lock_guard lock(shared_->mutex);
  if (!shared_->has_room(line.size())) {
    ++shared_->lost;
    return false;
  }
  shared_->bytes += line.size();
  shared_->lines.push_back({level, std::move(line)});
  if (!std::exchange(shared_->runs, true))
    std::thread([shared = shared_] { shared->run(); }).detach();
  shared_->changed.notify_all();
  return true;
}

std::uint64_t LogSink::take_lost(std::size_t bytes) {
  const std::lock_guard lock(shared_->mutex);
  return shared_->has_room(bytes) ? std::exchange(shared_->lost, 0) : 0;
}

}  // namespace mq::broker
