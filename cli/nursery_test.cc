#include "cli/nursery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>

namespace mq::cli {
namespace {

using campaign::End;
using campaign::Outcome;
using ::testing::HasSubstr;

constexpr std::uint64_t mib = 1024 * 1024;

// What each number does to its process.
enum : std::uint32_t {
  good,
  aborts,
  segfaults,
  hangs,
  eats,
  exits,
  throws,
  killed,
  speaks,
  sleeps
};

Outcome judged() {
  Outcome outcome;
  outcome.end = End::judged;
  outcome.verdict = campaign::Verdict::held;
  outcome.hash = std::to_string(getpid());
  return outcome;
}

Outcome play(std::uint32_t run) {
  switch (run) {
    case aborts:
      std::fputs("an invariant broke at somewhere.cc:12\n", stderr);
      std::abort();
    case segfaults:
      raise(SIGSEGV);
      break;
    case hangs:
      for (;;) pause();
    case eats: {
      std::vector<std::string> kept;
      for (int i = 0; i < 4096; ++i) kept.emplace_back(mib, 'x');
      break;
    }
    case exits:
      _exit(3);
    case throws:
      throw std::runtime_error("of no use");
    case killed:
      raise(SIGKILL);
      break;
    case speaks:
      std::puts("a line that is no outcome");
      break;
    case sleeps:
      for (;;) usleep(1000);
    default:
      break;
  }
  return judged();
}

std::map<std::uint32_t, Outcome> answers(Nursery& nursery, const std::vector<std::uint32_t>& runs) {
  for (const std::uint32_t run : runs) nursery.ask(run);
  std::map<std::uint32_t, Outcome> all;
  while (all.size() < runs.size()) {
    pollfd watched{nursery.descriptor(), POLLIN, 0};
    if (poll(&watched, 1, 30'000) <= 0) break;
    for (auto& answer : nursery.take()) all.emplace(answer.run, answer.outcome);
    if (!nursery.is_started()) break;
  }
  return all;
}

const NurseryLimits small{std::chrono::milliseconds(300), 64 * mib};

TEST(Nursery, ARunThatEndsBadlyCostsOnlyItself) {
  Nursery nursery(play, small);
  ASSERT_TRUE(nursery.start());
  auto all = answers(nursery, {aborts, 100, segfaults, 101, hangs, 102, exits, 103, throws, 104,
                               killed, 105, speaks, 106});
  ASSERT_EQ(all.size(), 14U);
  for (std::uint32_t run = 100; run <= 106; ++run) EXPECT_EQ(all[run].end, End::judged) << run;
  EXPECT_EQ(all[speaks].end, End::judged);
  EXPECT_EQ(all[aborts].end, End::crashed);
  EXPECT_THAT(all[aborts].evidence, HasSubstr("signal 6"));
  EXPECT_THAT(all[aborts].evidence, HasSubstr("an invariant broke at somewhere.cc:12"));
  EXPECT_EQ(all[segfaults].end, End::crashed);
  EXPECT_THAT(all[segfaults].evidence, HasSubstr("signal 11"));
  EXPECT_EQ(all[hangs].end, End::timed_out);
  EXPECT_EQ(all[hangs].evidence, "no end within the limit of time, 300 ms");
  EXPECT_GE(all[hangs].wall_us, 300'000U);
  EXPECT_EQ(all[exits].end, End::crashed);
  EXPECT_THAT(all[exits].evidence, HasSubstr("code 3"));
  EXPECT_EQ(all[throws].end, End::crashed);
  EXPECT_THAT(all[throws].evidence, HasSubstr("of no use"));
  EXPECT_EQ(all[killed].end, End::crashed);
  EXPECT_THAT(all[killed].evidence, HasSubstr("signal 9"));
}

#ifndef __SANITIZE_ADDRESS__
TEST(Nursery, TooMuchMemoryIsAnEndOfItsOwn) {
  Nursery nursery(play, {std::chrono::seconds(30), 64 * mib});
  ASSERT_TRUE(nursery.start());
  auto all = answers(nursery, {eats, good});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[eats].end, End::out_of_memory);
  EXPECT_EQ(all[eats].evidence, "more than the limit of memory, 64 MiB");
  EXPECT_LT(all[eats].memory_kib, 200U * 1024);
  EXPECT_EQ(all[good].end, End::judged);
}
#endif

TEST(Nursery, EachRunHasAProcessOfItsOwn) {
  Nursery nursery(play, small);
  ASSERT_TRUE(nursery.start());
  std::set<std::string> processes;
  for (const auto& [run, outcome] : answers(nursery, {100, 101, 102, 103}))
    processes.insert(outcome.hash);
  EXPECT_EQ(processes.size(), 4U);
  EXPECT_FALSE(processes.contains(std::to_string(getpid())));
}

TEST(Nursery, WhenItIsKilledItselfTheRunUnderWayHasCrashedAndTheRestIsStillOpen) {
  // A run has no file but its own: what it tells lies in memory that is shared.
  struct Told {
    sem_t began;
    pid_t nursery;
  };
  auto* told = static_cast<Told*>(
      mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(told, MAP_FAILED);
  ASSERT_EQ(sem_init(&told->began, 1, 0), 0);
  Nursery nursery(
      [told](std::uint32_t run) {
        told->nursery = getppid();
        sem_post(&told->began);
        return play(run);
      },
      {std::chrono::seconds(30), 64 * mib});
  ASSERT_TRUE(nursery.start());
  for (const std::uint32_t run : {std::uint32_t{hangs}, 100U, 101U}) nursery.ask(run);
  sem_wait(&told->began);
  kill(told->nursery, SIGKILL);
  pollfd watched{nursery.descriptor(), POLLIN, 0};
  ASSERT_GT(poll(&watched, 1, 10'000), 0);
  const auto all = nursery.take();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].run, hangs);
  EXPECT_EQ(all[0].outcome.end, End::crashed);
  EXPECT_FALSE(nursery.is_started());
  EXPECT_THAT(nursery.open(), ::testing::ElementsAre(100U, 101U));
  nursery.open().clear();
  ASSERT_TRUE(nursery.start());
  EXPECT_EQ(answers(nursery, {100}).at(100).end, End::judged);
  munmap(told, sizeof(Told));
}

}  // namespace
}  // namespace mq::cli
