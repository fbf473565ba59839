#include "sim/external/vtime_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "installation/installation.h"
#include "shim/protocol.h"

namespace mq::sim {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Vtime : public ::testing::Test {
 protected:
  Vtime() {
    std::string path = std::filesystem::temp_directory_path().string() + "/mqttlab-vtime-XXXXXX";
    folder_ = ::mkdtemp(path.data());
  }
  ~Vtime() override { std::filesystem::remove_all(folder_); }

  VtimeStart start(const std::string& what, VtimeMode mode) const {
    VtimeStart all;
    all.title = "the program";
    all.command = {MQ_TIMED_PROGRAM, what};
    all.folder = folder_;
    all.output = folder_ + "/output";
    all.mode = mode;
    all.seed = 7;
    all.patience = 20s;
    return all;
  }

  // From deadline to deadline, until it ends; where its clock then stood.
  Instant run_to_its_end(VtimeProgram& program, Instant from = Instant{}) {
    Instant now = from;
    EXPECT_TRUE(program.spawn(now));
    for (int steps = 0; program.run() && steps < 100'000; ++steps) {
      const auto next = program.deadline();
      if (!next) {
        ADD_FAILURE() << "it waits for ever: " << output();
        break;
      }
      now = std::max(now, *next);
      program.set_clock(now);
    }
    return now;
  }

  std::string output() const {
    std::ifstream file(folder_ + "/output");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::string folder_;
};

class InBothModes : public Vtime, public ::testing::WithParamInterface<VtimeMode> {};
INSTANTIATE_TEST_SUITE_P(Modes, InBothModes,
                         ::testing::Values(VtimeMode::token, VtimeMode::threads),
                         [](const auto& mode) {
                           return mode.param == VtimeMode::token ? "token" : "threads";
                         });

TEST_P(InBothModes, ClocksStandWhereTheSimulationSays) {
  VtimeProgram program(start("clocks", GetParam()));
  run_to_its_end(program, Instant{} + 90s);
  EXPECT_THAT(
      output(),
      AllOf(HasSubstr("realtime 1735689690.000000000\n"), HasSubstr("monotonic 86490.000000000\n"),
            HasSubstr("gettimeofday 1735689690\n"), HasSubstr("time 1735689690\n"),
            HasSubstr("cpu 0\n"), HasSubstr("resolution 1\n")));
  EXPECT_EQ(program.how_it_ended(), "with status 0");
}

TEST_P(InBothModes, SleepsEndAtTheExactInstant) {
  VtimeProgram program(start("sleeps", GetParam()));
  const Instant end = run_to_its_end(program);
  EXPECT_EQ(output(),
            "sleep 3600000000\nusleep 1500\nnanosleep 2500000\nclock_nanosleep 700000\n"
            "clock_nanosleep-day 800000\nbusy 5000\n");
  EXPECT_EQ(end, Instant{} + 3600s + 1500us + 2500ms + 700ms + 800ms + 5ms);
  EXPECT_THAT(program.unfaithful(), ElementsAre());
}

TEST_P(InBothModes, TimeMovesByItselfOnlyForWhoReadsTheClockWithoutAWait) {
  VtimeProgram program(start("glances", GetParam()));
  EXPECT_EQ(run_to_its_end(program), Instant{} + 8ms);
  EXPECT_EQ(output(), "glances 8000\n");
}

// How often it looks depends on the machine.
TEST_F(Vtime, TimeStandsForWhoReadsTheClockWhileAnotherThreadComputes) {
  VtimeProgram program(start("lookout", VtimeMode::threads));
  run_to_its_end(program);
  EXPECT_EQ(output(), "lookout 0\n");
}

TEST_P(InBothModes, WaitsForDescriptorsEndAtTheExactInstantOrAtOnce) {
  VtimeProgram program(start("waits", GetParam()));
  run_to_its_end(program);
  EXPECT_EQ(output(),
            "epoll_wait 100000\nepoll_pwait 200000\nepoll_pwait2 1\npoll 300000\nppoll 400000\n"
            "select 500000\npselect 600000\nready 0\n");
}

TEST_P(InBothModes, LocksTimeOutAtTheExactInstantByTheClockTheyGoBy) {
  VtimeProgram program(start("locks", GetParam()));
  run_to_its_end(program);
  EXPECT_EQ(output(),
            "cond 100000\ncond-monotonic 200000\ncond-clockwait 300000\nsem 400000\n"
            "futex 500000\n");
}

TEST_F(Vtime, TimersExpireAtTheExactInstant) {
  VtimeProgram program(start("timers", VtimeMode::token));
  run_to_its_end(program);
  EXPECT_EQ(output(),
            "timerfd 1500000\nmissed 4\nleft 250000\ntimerfd-day 1250000\nalarm 7000000\n"
            "setitimer 30000\nsigtimedwait 2000000\n");
}

TEST_P(InBothModes, ChanceComesFromTheSeed) {
  std::string first;
  for (int i = 0; i < 2; ++i) {
    VtimeProgram program(start("chance", GetParam()));
    run_to_its_end(program);
    if (i == 0) first = output();
  }
  EXPECT_EQ(first.size(), 65U);
  EXPECT_EQ(output(), first + first);
  VtimeStart other = start("chance", GetParam());
  other.seed = 8;
  VtimeProgram program(other);
  run_to_its_end(program);
  EXPECT_NE(output(), first + first + first);
}

TEST_F(Vtime, ThreadsWakeEachOtherInVirtualTime) {
  VtimeProgram program(start("threads", VtimeMode::threads));
  const Instant end = run_to_its_end(program);
  EXPECT_EQ(output(), "posted 20000\nsignalled 50000\njoined 50000\n");
  EXPECT_EQ(end, Instant{} + 50ms);
}

TEST_F(Vtime, TokenModeRefusesAProgramThatStartsAThread) {
  VtimeProgram program(start("threads", VtimeMode::token));
  ASSERT_TRUE(program.spawn(Instant{}));
  EXPECT_FALSE(program.run());
  EXPECT_THAT(program.trouble(), HasSubstr("the program starts threads"));
  EXPECT_FALSE(program.is_running());
}

TEST_F(Vtime, WhatIsNotServedIsCounted) {
  VtimeProgram program(start("strange", VtimeMode::token));
  run_to_its_end(program);
  EXPECT_THAT(program.unfaithful(), ElementsAre("timer_create x1", "socket of UDP x2", "fork x1"));
}

TEST_F(Vtime, AWaitInRealTimeIsEndedWithItsReason) {
  VtimeStart impatient = start("hang", VtimeMode::token);
  impatient.patience = 200ms;
  VtimeProgram program(impatient);
  ASSERT_TRUE(program.spawn(Instant{}));
  EXPECT_FALSE(program.run());
  EXPECT_THAT(program.trouble(), AllOf(HasSubstr("the program did not come to rest"),
                                       HasSubstr("waits in the system call number 0")));
}

// It may go before everything else on the machine, and must be ended all the same.
TEST_F(Vtime, AProgramThatComputesForEverIsEndedWithItsReason) {
  VtimeStart impatient = start("spin", VtimeMode::threads);
  impatient.patience = 300ms;
  VtimeProgram program(impatient);
  ASSERT_TRUE(program.spawn(Instant{}));
  EXPECT_FALSE(program.run());
  EXPECT_THAT(program.trouble(),
              AllOf(HasSubstr("the program did not come to rest"), HasSubstr("it computes")));
  EXPECT_FALSE(program.is_running());
}

TEST_F(Vtime, ChildrenThatTheLibraryStartsLiveInTheSameTime) {
  VtimeProgram program(start("spawned", VtimeMode::threads));
  run_to_its_end(program);
  EXPECT_EQ(output(), "child 90000000\n");
}

TEST_F(Vtime, ChildrenLiveInTheSameTime) {
  VtimeProgram program(start("family", VtimeMode::threads));
  run_to_its_end(program);
  EXPECT_EQ(output(), "child 90000000\n");
}

TEST_P(InBothModes, ConnectionsOfAProgramToItselfWork) {
  VtimeProgram program(start("call", GetParam()));
  run_to_its_end(program);
  EXPECT_EQ(output(), "connect 0\nread ping\nnobody refused\n");
}

TEST_F(Vtime, AProgramThatIsNotThereSaysSo) {
  VtimeStart absent = start("clocks", VtimeMode::token);
  absent.command = {"/nowhere/to/be/found"};
  VtimeProgram program(absent);
  ASSERT_TRUE(program.spawn(Instant{}));
  EXPECT_FALSE(program.run());
  EXPECT_EQ(program.how_it_ended(), "with status 127");
}

// ---- The page of another simulator --------------------------------------------------------------

class ForeignPage : public Vtime {
 protected:
  ForeignPage() : page_(std::make_unique<mqv_page>()) {
    page_->magic = MQV_MAGIC;
    page_->version = MQV_VERSION;
    page_->size = sizeof(mqv_page);
    page_->mode = mqv_threads;
    std::snprintf(page_->run, sizeof page_->run, "%d.foreign", static_cast<int>(::getpid()));
  }

  int status_of(const std::string& what) {
    const std::string path = folder_ + "/page";
    std::ofstream(path).write(reinterpret_cast<const char*>(page_.get()), sizeof(mqv_page));
    const std::string command = MQV_ENVIRONMENT "=" + path +
                                " LD_PRELOAD=" + program_beside("libmqttlab-vtime.so") + " " +
                                MQ_TIMED_PROGRAM + " " + what + " >" + folder_ + "/output 2>&1";
    return WEXITSTATUS(std::system(("exec env " + command).c_str()));
  }

  std::unique_ptr<mqv_page> page_;
};

TEST_F(ForeignPage, OfTheSameVersionIsTaken) { EXPECT_EQ(status_of("call"), 0) << output(); }

TEST_F(ForeignPage, OfAnotherVersionIsRefused) {
  page_->version = MQV_VERSION + 1;
  EXPECT_EQ(status_of("call"), MQV_EXIT_STATUS);
  EXPECT_EQ(output(), "libmqttlab-vtime: the simulator speaks another version\n");
}

TEST_F(ForeignPage, OfAnotherSizeIsRefused) {
  --page_->size;
  EXPECT_EQ(status_of("call"), MQV_EXIT_STATUS);
}

TEST_F(ForeignPage, NobodyWaitsAtTheGateOfASimulatorThatIsGone) {
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  page_->simulator = static_cast<std::uint32_t>(gone);
  page_->gate = mqv_gate_closed;
  EXPECT_EQ(status_of("call"), 0);
  EXPECT_EQ(output(), "connect 0\nread ping\nnobody refused\n");
}

}  // namespace
}  // namespace mq::sim
