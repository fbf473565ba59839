#include "broker/operate/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

namespace mq::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A place that takes lines only while its gate is open.
class Gate {
 public:
  LogSink::Write writer() {
    return [this](Level, const std::string& line) {
      std::unique_lock lock(mutex_);
      ++begun_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return open_; });
      taken_.push_back(line);
      changed_.notify_all();
    };
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void await_begun(std::size_t lines) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= lines; });
  }
  void await_taken(std::size_t lines) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return taken_.size() >= lines; });
  }
  std::vector<std::string> taken() {
    const std::lock_guard lock(mutex_);
    return taken_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  std::size_t begun_ = 0;
  std::vector<std::string> taken_;
};

TEST(LogSink, WritesInOrderAndItsEndWaitsForWhatIsUnwritten) {
  Gate gate;
  gate.open();
  {
    LogSink sink(gate.writer(), 1000);
    for (const char* line : {"a", "b", "c"}) EXPECT_TRUE(sink.put(Level::notice, line));
  }
  EXPECT_THAT(gate.taken(), ElementsAre("a", "b", "c"));
}

TEST(LogSink, HoldsNobodyUpAndCountsWhatFindsNoRoom) {
  Gate gate;
  LogSink sink(gate.writer(), 10);
  EXPECT_TRUE(sink.put(Level::notice, "12345"));
  gate.await_begun(1);
  EXPECT_TRUE(sink.put(Level::notice, "67890"));  // at the limit
  EXPECT_FALSE(sink.put(Level::notice, "x"));     // one past it
  EXPECT_FALSE(sink.put(Level::notice, "y"));
  EXPECT_EQ(sink.take_lost(1), 0u);  // no room to say it
  gate.open();
  gate.await_taken(2);
  while (!sink.put(Level::notice, "z")) {
  }
  EXPECT_GE(sink.take_lost(0), 2u);
  EXPECT_EQ(sink.take_lost(0), 0u);
  gate.await_taken(3);
}

TEST(LogSink, ALineLongerThanTheLimitGoesAlone) {
  Gate gate;
  LogSink sink(gate.writer(), 3);
  EXPECT_TRUE(sink.put(Level::notice, "12345"));
  EXPECT_FALSE(sink.put(Level::notice, "6"));
  gate.open();
  gate.await_taken(1);
}

TEST(LogSink, DoesNotWaitForAPlaceThatNeverTakesALine) {
  static Gate stuck;  // outlives the thread that waits at it
  const auto before = std::chrono::steady_clock::now();
  {
    LogSink sink(stuck.writer(), 1000);
    sink.put(Level::notice, "a");
    stuck.await_begun(1);
    sink.leave();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, LogSink::patience);
  { LogSink(stuck.writer(), 1000).put(Level::notice, "b"); }
  EXPECT_GE(std::chrono::steady_clock::now() - before, LogSink::patience);
  stuck.open();
  stuck.await_taken(2);
}

class LogFile : public testing::Test {
 protected:
  LogFile() {
    config.to_stderr = false;
    config.time = LogConfig::Time::none;
    std::string pattern = testing::TempDir() + "mqttlab-log-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    config.file = folder / "one";
  }
  ~LogFile() override { std::filesystem::remove_all(folder); }
  std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder / name).rdbuf();
    return text.str();
  }

  LogConfig config;
  std::filesystem::path folder;
};

TEST_F(LogFile, IsWrittenOpenedAnewAndWhatIsTooMuchIsCounted) {
  LogConfig other = config;
  other.file = folder / "two";
  {
    Log log(config);
    log.write(Level::notice, "first", {{"k", "v"}});
    log.reopen(other);
    log.write(Level::notice, "second");
    for (std::uint32_t i = 0; i < 2 * log_lines_per_second_max + 1; ++i)
      log.write(Level::notice, "line");
    EXPECT_GT(log.lost(), 0u);
  }
  EXPECT_THAT(content("two"), HasSubstr("notice second\nnotice line\n"));
  // The file that was left is written behind nobody's back, so it may come a little later.
  while (content("one").empty()) std::this_thread::yield();
  EXPECT_EQ(content("one"), "notice first k=v\n");
  config.file = folder / "no such folder" / "file";
  EXPECT_THROW(Log{config}, std::system_error);
}

}  // namespace
}  // namespace mq::broker
