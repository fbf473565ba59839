#include "sim/trace/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mq::trace {
namespace {

using testing::ElementsAre;

constexpr ClientIndex client{3};

// Writes down what each event says, at the time when it may be looked at.
class Written final : public BatchObserver {
 public:
  void observe(const Event& event) override { observe_all({&event, 1}); }
  void observe_all(std::span<const Event> events) override {
    ++calls;
    for (const Event& event : events) lines.push_back(line(event));
  }
  std::vector<std::string> lines;
  int calls = 0;

 private:
  static std::string text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  static std::string line(const Event& event) {
    if (const auto* seen = std::get_if<PacketSeen>(&event.what))
      return std::get<Publish>(*seen->packet).topic + " " + text(seen->wire);
    if (const auto* malformed = std::get_if<MalformedSeen>(&event.what))
      return "malformed " + text(malformed->wire);
    if (const auto* attempted = std::get_if<Attempted>(&event.what))
      return "attempted " + std::string(attempted->topic);
    if (const auto* not_sent = std::get_if<NotSent>(&event.what))
      return "not sent: " + std::string(not_sent->reason);
    if (const auto* said = std::get_if<BrokerSaid>(&event.what))
      return "said: " + std::string(said->text);
    if (const auto* taken = std::get_if<ValueTaken>(&event.what))
      return "taken " + std::string(taken->path);
    if (const auto* read = std::get_if<ValueRead>(&event.what))
      return "read " + std::string(read->path);
    if (const auto* http = std::get_if<HttpSeen>(&event.what)) return "http " + text(http->wire);
    if (const auto* failed = std::get_if<HttpFailed>(&event.what))
      return "failed: " + std::string(failed->reason);
    if (const auto* delivered = std::get_if<Delivered>(&event.what))
      return "delivered " + delivered->publish->topic;
    return "other";
  }
};

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

void see(Observer& to, const std::string& topic, const std::string& wire) {
  Publish publish;
  publish.topic = topic;
  const Packet packet = publish;
  to.observe({{}, PacketSeen{{client, 1}, End::client, true, Version::v5, &packet, bytes(wire)}});
}

TEST(Batch, KeepsWhatEventsPointToUntilTheyAreHandedOn) {
  Written written;
  Batch batch(written);
  see(batch, "a topic that is too long to lie in a string itself", "wire");
  {
    const std::string gone = "gone";
    batch.observe({{}, Attempted{client, {}, gone, Qos::at_least_once, false, 4}});
    batch.observe({{}, NotSent{client, {}, gone}});
    batch.observe({{}, BrokerSaid{gone}});
    batch.observe(
        {{}, MalformedSeen{{client, 1}, End::broker, {}, false, Version::v5, bytes(gone)}});
    batch.observe({{}, ValueTaken{client, {}, gone}});
    batch.observe({{}, ValueRead{client, {}, gone}});
    batch.observe({{}, HttpSeen{{client, 1}, End::client, true, bytes(gone)}});
    batch.observe({{}, HttpFailed{{client, 1}, gone}});
    Publish publish;
    publish.topic = gone;
    batch.observe({{}, Delivered{{client, 1}, &publish}});
  }
  batch.observe({{}, CalmBegan{}});
  EXPECT_EQ(written.calls, 0);
  batch.flush();
  EXPECT_EQ(written.calls, 1);
  EXPECT_THAT(written.lines, ElementsAre("a topic that is too long to lie in a string itself wire",
                                         "attempted gone", "not sent: gone", "said: gone",
                                         "malformed gone", "taken gone", "read gone", "http gone",
                                         "failed: gone", "delivered gone", "other"));
  batch.flush();
  EXPECT_EQ(written.calls, 1);
}

TEST(Batch, IsHandedOnWhenItIsFullAndNotBefore) {
  Written written;
  Batch batch(written);
  for (std::size_t i = 0; i + 1 < Batch::events_max; ++i) batch.observe({{}, CalmBegan{}});
  EXPECT_EQ(written.calls, 0);
  batch.observe({{}, CalmBegan{}});
  EXPECT_EQ(written.lines.size(), Batch::events_max);
}

TEST(Batch, HandsOnWhatIsTooLargeToKeepAtOnceAndInOrder) {
  Written written;
  Batch batch(written);
  see(batch, "first", "x");
  see(batch, "fits with it", std::string(Batch::bytes_max - 1, 'x'));
  EXPECT_EQ(written.calls, 0);
  see(batch, "does not fit with them", "x");
  EXPECT_EQ(written.lines.size(), 2U);
  see(batch, "never fits", std::string(Batch::bytes_max + 1, 'x'));
  ASSERT_EQ(written.lines.size(), 4U);
  EXPECT_TRUE(written.lines[2].starts_with("does not fit"));
  EXPECT_TRUE(written.lines[3].starts_with("never fits"));
}

TEST(Batch, TellsWhoseEventItIs) {
  EXPECT_EQ(client_of({{}, LinkOpening{{client, 1}}}), client);
  EXPECT_EQ(client_of({{}, Acknowledged{client, {}, {}}}), client);
  EXPECT_EQ(client_of({{}, BrokerDown{}}), std::nullopt);
}

}  // namespace
}  // namespace mq::trace
