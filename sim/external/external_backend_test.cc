#include "sim/external/external_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace mq::sim {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// The test program `timed serve`: it answers with what it got, one connection after the other.
class External : public ::testing::TestWithParam<VtimeMode> {
 protected:
  External() {
    std::string path = std::filesystem::temp_directory_path().string() + "/mqttlab-vtime-XXXXXX";
    folder_ = ::mkdtemp(path.data());
  }
  ~External() override { std::filesystem::remove_all(folder_); }

  ExternalBroker broker(const std::string& what = "serve") const {
    ExternalBroker all;
    all.start.title = "the program";
    all.start.command = {MQ_TIMED_PROGRAM, what};
    all.start.folder = folder_;
    all.start.output = folder_ + "/output";
    all.start.mode = GetParam();
    return all;
  }

  static std::string read_all(ExternalBackend& backend, BackendLink link) {
    std::array<std::byte, 7> portion;
    std::string text;
    while (const std::size_t count = backend.read(link, portion))
      text.append(reinterpret_cast<const char*>(portion.data()), count);
    return text;
  }

  std::string output() const {
    std::ifstream file(folder_ + "/output");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::string folder_;
};

INSTANTIATE_TEST_SUITE_P(Modes, External, ::testing::Values(VtimeMode::token, VtimeMode::threads),
                         [](const auto& mode) {
                           return mode.param == VtimeMode::token ? "token" : "threads";
                         });

TEST_P(External, BytesComeBackAtTheInstantOfTheStep) {
  ExternalBackend backend(broker());
  EXPECT_EQ(backend.start(Instant{} + 1s), std::nullopt);
  ASSERT_EQ(backend.trouble(), "");
  const BackendLink link = backend.open("10.0.0.9:40008");
  EXPECT_EQ(backend.write(link, bytes_of("hello")), 5U);
  // Then it waits five seconds for more: SO_RCVTIMEO.
  EXPECT_EQ(backend.step(Instant{} + 2s), Instant{} + 7s);
  const auto ready = backend.ready();
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_TRUE(ready[0].readable);
  EXPECT_FALSE(ready[0].closed);
  EXPECT_EQ(read_all(backend, link), "hello");
  EXPECT_EQ(backend.step(Instant{} + 7s), Instant{} + 12s);
  EXPECT_EQ(output(), "from 10.0.0.9:40008\nsilence 5000000\n");
}

// Also where the time of its wait is over at that instant.
TEST_P(External, AllThatComesAtOneInstantIsThereAtOnce) {
  ExternalBackend backend(broker("gather"));
  backend.start(Instant{});
  std::vector<BackendLink> links;
  for (int port = 1000; port < 1008; ++port)
    links.push_back(backend.open("10.0.0.1:" + std::to_string(port)));
  backend.step(Instant{} + 1s);
  for (int round = 2; round < 202; ++round) {
    for (const BackendLink link : links) backend.write(link, bytes_of("x"));
    backend.step(Instant{} + std::chrono::seconds(round));
  }
  EXPECT_EQ(output(), "complete 200 of 200\n");
}

TEST_P(External, AnEndAndAResetOfThePeerAreTwoThings) {
  ExternalBackend backend(broker());
  backend.start(Instant{});
  const BackendLink first = backend.open("10.0.0.1:1000");
  backend.step(Instant{} + 1s);
  backend.half_close(first);
  backend.step(Instant{} + 2s);
  auto ready = backend.ready();
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_TRUE(ready[0].closed);
  EXPECT_FALSE(ready[0].was_reset);
  const BackendLink second = backend.open("10.0.0.1:1001");
  backend.step(Instant{} + 3s);
  backend.reset(second);
  backend.step(Instant{} + 4s);
  EXPECT_EQ(output(), "from 10.0.0.1:1000\nfin 1000000\nfrom 10.0.0.1:1001\nreset 1000000\n");
}

TEST_P(External, ABrokerThatAbortsAConnectionIsSeenToResetIt) {
  ExternalBackend backend(broker());
  backend.start(Instant{});
  const BackendLink link = backend.open("10.0.0.1:1000");
  backend.write(link, bytes_of("quit"));
  backend.step(Instant{} + 1s);
  const auto ready = backend.ready();
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_TRUE(ready[0].closed);
  EXPECT_TRUE(ready[0].was_reset);
}

TEST_P(External, WhatItDoesNotReadStaysWithTheWorld) {
  ExternalBackend backend(broker());
  backend.start(Instant{});
  backend.open("10.0.0.1:1000");  // it is served first, and silent
  const BackendLink waits = backend.open("10.0.0.2:1000");
  const std::string much(1 << 20, 'x');
  std::size_t taken = 0;
  for (int i = 0; i < 100; ++i) {
    taken += backend.write(waits, bytes_of(much));
    backend.step(Instant{} + i * 1ms);
  }
  EXPECT_GT(taken, 100'000U);
  EXPECT_LT(taken, 2'000'000U);
}

TEST_P(External, ABrokerThatEndsClosesItsConnections) {
  ExternalBackend backend(broker());
  backend.start(Instant{});
  for (int i = 0; i < 4; ++i) {
    const BackendLink link = backend.open("10.0.0.1:" + std::to_string(1000 + i));
    backend.half_close(link);
    backend.step(Instant{} + 1s * (i + 1));
  }
  EXPECT_THAT(backend.unexpected_ends(), ::testing::ElementsAre("at 4.000 s, with status 0"));
  EXPECT_EQ(backend.trouble(), "");
  const BackendLink late = backend.open("10.0.0.1:2000");
  EXPECT_EQ(backend.step(Instant{} + 6s), std::nullopt);
  bool refused = false;
  for (const auto& ready : backend.ready()) refused |= ready.link == late && ready.was_reset;
  EXPECT_TRUE(refused);
}

TEST_P(External, KilledItComesBackInTheSameTime) {
  ExternalBackend backend(broker());
  backend.start(Instant{});
  backend.open("10.0.0.1:1000");
  backend.step(Instant{} + 1s);
  backend.kill(Crash::process);
  backend.start(Instant{} + 30s);
  backend.open("10.0.0.1:1001");
  EXPECT_EQ(backend.step(Instant{} + 40s), Instant{} + 45s);
  EXPECT_EQ(output(), "from 10.0.0.1:1000\nfrom 10.0.0.1:1001\n");
}

TEST_P(External, AProgramThatNeverListensIsToldSo) {
  ExternalBackend backend(broker("sleeps"));
  backend.start(Instant{});
  EXPECT_THAT(backend.trouble(), HasSubstr("the program does not listen on port 1883"));
}

TEST(ExternalAutomatic, AProgramOfSeveralThreadsFallsBackToTheirMode) {
  ExternalBroker threads;
  threads.start.title = "the program";
  threads.start.command = {MQ_TIMED_PROGRAM, "threads"};
  threads.start.output = "/dev/null";
  ExternalBackend backend(threads);
  backend.start(Instant{});
  EXPECT_THAT(backend.trouble(), HasSubstr("ended with status 0 while it started"));
  EXPECT_EQ(backend.program().mode(), VtimeMode::threads);
}

}  // namespace
}  // namespace mq::sim
