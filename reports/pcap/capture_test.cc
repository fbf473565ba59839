#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <vector>

#include "reports/pcap/capture_writer.h"
#include "reports/testing/demo_run.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> lines_of(const std::string& command) {
  std::vector<std::string> lines;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) {
    lines.emplace_back(buffer.data());
    lines.back().erase(lines.back().find_last_not_of("\r\n") + 1);
  }
  ::pclose(pipe);
  return lines;
}

class Capture : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "capture_" + std::to_string(::getpid()) + ".pcap";
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void write(const testing::DemoRun& demo, std::uint64_t bytes_max = trace_bytes_max) {
    OutputFile out(path_);
    CaptureWriter writer(out, {.bytes_max = bytes_max});
    demo.play(writer);
    EXPECT_FALSE(out.close());
    truncated_ = writer.truncated();
  }
  std::vector<std::string> tshark(const std::string& arguments) {
    return lines_of("tshark -n -r " + path_ + " " + arguments + " 2>/dev/null");
  }

  std::string path_;
  bool truncated_ = false;
};

// Wireshark is the judge: it must see the same packets, in the same order, in both versions.
TEST_F(Capture, TsharkDecodesEveryPacketAsMqtt) {
  const testing::DemoRun demo({.sensors = 6, .duration = 20min});
  write(demo);
  std::vector<std::string> expected;
  for (const trace::Event& event : demo.events()) {
    const auto* packet = std::get_if<trace::PacketSeen>(&event.what);
    if (packet != nullptr && packet->sent)
      expected.push_back(std::to_string(static_cast<int>(kind(*packet->packet))));
  }
  EXPECT_EQ(tshark("-Y mqtt -T fields -e mqtt.msgtype"), expected);
  EXPECT_EQ(tshark("-Y _ws.malformed").size(), 0U);
  const auto versions = tshark("-Y mqtt.ver -T fields -e mqtt.ver | sort -u");
  EXPECT_EQ(versions, (std::vector<std::string>{"4", "5"}));
  EXPECT_GT(tshark("-Y 'mqtt.property_len && mqtt.msgtype == 3'").size(), 10U);
}

TEST_F(Capture, TsharkDecodesHttpAsWell) {
  const std::string request = "GET /shop/temp HTTP/1.1\r\nHost: s\r\n\r\n";
  const std::string answer = "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n";
  OutputFile out(path_);
  CaptureWriter writer(out, {});
  const auto see = [&](trace::End end, bool sent, const std::string& text) {
    writer.observe(
        {Instant{} + 1s, trace::HttpSeen{{{}, 1}, end, sent, std::as_bytes(std::span(text))}});
  };
  see(trace::End::client, true, request);
  see(trace::End::broker, false, request);
  see(trace::End::broker, true, answer);
  EXPECT_FALSE(out.close());
  EXPECT_EQ(tshark("-T fields -e http.request.uri -e http.response.code"),
            (std::vector<std::string>{"/shop/temp\t", "\t304"}));
}

TEST_F(Capture, SaysWhoSpokeAndWhen) {
  const testing::DemoRun demo({.sensors = 2, .duration = 3min});
  write(demo);
  const auto first = tshark(
      "-Y 'mqtt.clientid == sensors-2' -T fields -e ip.src -e frame.time_epoch -e mqtt.clientid");
  ASSERT_FALSE(first.empty());
  EXPECT_TRUE(tshark("-c 1 -T fields -e _ws.col.Protocol").front().find("MQTT") == 0);
  const auto sources =
      tshark("-T fields -e exported_pdu.ipv4_src -e exported_pdu.src_port | sort -u");
  EXPECT_EQ(sources.size(), 4U) << "two sensors, the dashboard and the broker";
}

TEST_F(Capture, StopsAtItsLimit) {
  const testing::DemoRun demo({.sensors = 2, .duration = 3min});
  write(demo);
  const auto whole = std::filesystem::file_size(path_);
  write(demo, whole);
  EXPECT_FALSE(truncated_);
  write(demo, whole - 1);
  EXPECT_TRUE(truncated_);
  EXPECT_LT(std::filesystem::file_size(path_), whole);
}

}  // namespace
}  // namespace mq::report
