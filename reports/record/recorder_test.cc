#include "reports/record/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "conformance/checks/testing/trace_builder.h"
#include "reports/results_json.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;
using checks::TraceBuilder;
namespace fs = std::filesystem;

// Traces written by hand leave out the bytes of packets; a world does not.
class WithBytes final : public trace::Observer {
 public:
  explicit WithBytes(trace::Observer& next) : next_(next) {}
  void observe(const trace::Event& event) override {
    trace::Event whole = event;
    std::vector<std::byte> wire;
    if (auto* seen = std::get_if<trace::PacketSeen>(&whole.what)) {
      encode(*seen->packet, seen->version, wire);
      seen->wire = wire;
    }
    next_.observe(whole);
  }

 private:
  trace::Observer& next_;
};

class Recording : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("recording_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    trace.run().duration = 60s;
    trace.run().calm = 60s;
    trace.broker_starts();
    trace.connects(sensor).connects(screen).subscribes(screen, "#", Qos::at_least_once);
    trace.after(10s);
    const auto good = trace.publishes(sensor, "a", Qos::at_least_once);
    trace.delivers(good, screen, Qos::at_least_once);
    const PubAck answer{PacketId{1}, {}, {}};
    trace.packet(screen, trace::End::client, true, answer);
    trace.packet(screen, trace::End::broker, false, answer).after(10s);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // The trace up to here, with or without a message that was acknowledged and lost.
  Results record(bool broken, TracePolicy policy, std::string folder = {}) {
    if (broken) trace.publishes(sensor, "a", Qos::at_least_once);
    trace.after(40s).calm().after(100s);
    trace.judged();
    Recorder recorder(trace.run(),
                      {.folder = folder.empty() ? folder_.string() : folder, .trace = policy});
    WithBytes with_bytes(recorder);
    trace.feed(with_bytes);
    Results results = recorder.finish(trace.now());
    error_ = recorder.error();
    return results;
  }
  bool has(const char* name) const { return fs::exists(folder_ / name); }

  TraceBuilder trace;
  trace::ClientIndex sensor = trace.add_client({.id = "sensor"});
  trace::ClientIndex screen = trace.add_client({.id = "screen"});
  fs::path folder_;
  std::optional<Recorder::FileError> error_;
};

TEST_F(Recording, OfABrokenRunHasFindingLedgerAndSequence) {
  const Results results = record(true, TracePolicy::full);
  EXPECT_EQ(results.verdict, checks::Verdict::broken);
  EXPECT_EQ(results.exit_code, 1);
  EXPECT_TRUE(results.complete);
  ASSERT_EQ(results.sequences.size(), 1U);
  EXPECT_EQ(results.sequences[0].finding, "qos1");
  EXPECT_GE(results.sequences[0].steps.size(), 4U);
  ASSERT_EQ(results.ledger.published.size(), 1U);
  EXPECT_EQ(results.ledger.published[0].attempted, 2U);
  ASSERT_EQ(results.series.latencies.size(), 1U);
  EXPECT_EQ(results.series.latencies[0].count, 1U);
  EXPECT_EQ(results.series.latencies[0].bins.size(), 1U);
  EXPECT_EQ(results.series.timelines.size(), 2U);
  EXPECT_TRUE(has("events.ndjson") && has("capture.pcap"));
  EXPECT_TRUE(std::holds_alternative<Results>(from_json(to_json(results))));
}

TEST_F(Recording, KeepsTheTraceOfAFailureOnlyIfAskedSo) {
  const Results results = record(false, TracePolicy::failures);
  EXPECT_EQ(results.verdict, checks::Verdict::held);
  EXPECT_FALSE(has("events.ndjson") || has("capture.pcap"));
  EXPECT_FALSE(results.trace.events);
  EXPECT_THAT(results.trace.note, ::testing::HasSubstr("no promise broke"));
}

TEST_F(Recording, KeepsTheTraceOfABrokenRunWhenAskedForFailures) {
  record(true, TracePolicy::failures);
  EXPECT_TRUE(has("events.ndjson") && has("capture.pcap"));
}

TEST_F(Recording, WithoutATraceStillJudges) {
  const Results results = record(true, TracePolicy::none);
  EXPECT_EQ(results.exit_code, 1);
  EXPECT_FALSE(has("events.ndjson"));
  EXPECT_TRUE(results.sequences.empty());
}

TEST_F(Recording, AFileThatCannotBeWrittenIsToldAndTheRestGoesOn) {
  const Results results = record(true, TracePolicy::full, "/nowhere");
  ASSERT_TRUE(error_.has_value());
  EXPECT_EQ(error_->path, "/nowhere/events.ndjson");
  EXPECT_EQ(results.exit_code, 1);
  EXPECT_FALSE(results.trace.events);
}

}  // namespace
}  // namespace mq::report
