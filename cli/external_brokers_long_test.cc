// The same seed gives the same run with unmodified brokers, while the machine is busy with other
// things.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/testing/stage.h"

namespace mq::cli {
namespace {

// All processors of the machine are busy meanwhile.
class Load {
 public:
  Load() {
    for (unsigned i = 0; i < std::max(2U, std::thread::hardware_concurrency()); ++i)
      threads_.emplace_back([this] {
        while (!over_) ++work_;
      });
  }
  ~Load() {
    over_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::atomic<unsigned> work_{0};
  std::vector<std::thread> threads_;
};

struct Repeated {
  const char* broker;
  int runs;
};
class UnderLoad : public ::testing::TestWithParam<Repeated> {};
INSTANTIATE_TEST_SUITE_P(Brokers, UnderLoad,
                         ::testing::Values(Repeated{"mosquitto", 20}, Repeated{"aedes", 5},
                                           Repeated{"ejabberd", 3}),
                         [](const auto& repeated) { return repeated.param.broker; });

TEST_P(UnderLoad, RunsAreTheSameToTheByte) {
  STAGE_OR_SKIP(stage, GetParam().broker);
  stage.reset();
  const Load load;
  std::set<std::string> hashes;
  int delivered = 0;
  for (int i = 0; i < GetParam().runs; ++i)
    hashes.insert(hash_of_run(GetParam().broker, &delivered));
  EXPECT_EQ(hashes.size(), 1U);
  EXPECT_GT(delivered, 100);
}

}  // namespace
}  // namespace mq::cli
