// A link with a layer over a link that the test plays.
#include "transport/layered_link.h"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <utility>

#include "transport/testing/layer_pair.h"

namespace mq::transport {
namespace {

// Each byte travels twice; "!" of the peer fails, "." is its goodbye, the first "+" opens.
class Doubling final : public Layer {
 public:
  void begin(Sides&) override {}
  void from_peer(std::span<const std::byte> bytes, Sides& sides) override {
    for (const std::byte byte : bytes) {
      const char c = static_cast<char>(byte);
      if (c == '+')
        sides.opened();
      else if (c == '.')
        return sides.peer_left();
      else if (c == '!') {
        sides.to_peer(as_wire(std::string("sorry")));
        return sides.failed("it was rude");
      } else if (!sides.to_owner(std::span(&byte, 1)))
        return;
    }
  }
  void from_owner(std::span<const std::byte> bytes, Sides& sides) override {
    for (const std::byte byte : bytes) sides.to_peer(std::vector<std::byte>{byte, byte});
  }
  void close(Sides& sides) override { sides.to_peer(as_wire(std::string("bye"))); }
  void tell(LinkFacts& facts) const override { facts.address = "told"; }
  std::string waits_for() const override { return "plus sign"; }
};

class PlayedLink final : public Link {
 public:
  void own(Owner owner) override { peer = std::move(owner); }
  void start() override { peer.opened(); }
  void send(Bytes bytes) override { waiting += bytes.text(); }
  void flush() override { wire += std::exchange(waiting, {}); }
  void close() override { closed = true; }
  void abort() override { peer.ended(boost::asio::error::operation_aborted); }
  void drop() override { dropped = true; }
  void hold_reading(bool held) override { is_held = held; }

  void hears(const std::string& bytes) { peer.received(as_wire(bytes)); }

  Owner peer;
  std::string waiting, wire;
  bool closed = false, dropped = false, is_held = false;
};

class LayeredLinkTest : public testing::Test {
 protected:
  void start() {
    link =
        layered(below, std::make_unique<Doubling>(),
                {.opened = [this] { ++opened; },
                 .received =
                     [this](std::span<const std::byte> bytes) {
                       received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                       if (on_received) on_received();
                     },
                 .drained = [this](std::size_t bytes) { drained += bytes; },
                 .leaving = [this] { ++leaving; },
                 .ended = [this](boost::system::error_code error) { ended.push_back(error); }},
                100);
    link->start();
  }
  // A link and the one below hold each other until one of them ends.
  void TearDown() override {
    if (link) link->drop();
  }
  void send(const std::string& bytes) { link->send(Bytes::copy(bytes)); }

  std::shared_ptr<PlayedLink> below = std::make_shared<PlayedLink>();
  std::shared_ptr<Link> link;
  std::function<void()> on_received;
  std::string received;
  std::size_t drained = 0;
  int opened = 0, leaving = 0;
  std::vector<boost::system::error_code> ended;
};

TEST_F(LayeredLinkTest, WaitsForItsLayerToOpen) {
  start();
  send("ab");
  link->flush();
  EXPECT_EQ(below->wire, "");
  EXPECT_EQ(opened, 0);
  below->hears("+x");
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(received, "x");
  EXPECT_EQ(below->wire, "aabb");
}

TEST_F(LayeredLinkTest, CountsWhatHasLeftInTheOwnersBytes) {
  start();
  below->hears("+");
  send("abc");
  link->flush();
  send("de");
  link->flush();
  below->peer.drained(5);
  EXPECT_EQ(drained, 0u);
  below->peer.drained(1);
  EXPECT_EQ(drained, 3u);
  below->peer.drained(4);
  EXPECT_EQ(drained, 5u);
}

TEST_F(LayeredLinkTest, ConvertsNoMoreThanTheNetworkTakes) {
  start();
  below->hears("+");
  for (int i = 0; i < 10; ++i) send(std::string(20'000, 'x'));
  link->flush();
  EXPECT_EQ(below->wire.size(), 80'000u);
  below->peer.drained(80'000);
  EXPECT_EQ(below->wire.size(), 160'000u);
}

TEST_F(LayeredLinkTest, ReadsNothingWhileThePeerTakesNothing) {
  start();
  below->hears("+");
  send(std::string(100, 'x'));
  EXPECT_FALSE(below->is_held);
  send("x");
  EXPECT_TRUE(below->is_held);
  link->flush();
  below->peer.drained(202);
  EXPECT_FALSE(below->is_held);
}

TEST_F(LayeredLinkTest, SaysGoodbyeAfterWhatWasSent) {
  start();
  below->hears("+");
  send("a");
  link->close();
  EXPECT_EQ(below->wire, "aabye");
  EXPECT_TRUE(below->closed);
  EXPECT_TRUE(ended.empty());
  below->peer.ended({});
  EXPECT_EQ(ended, std::vector<boost::system::error_code>{boost::system::error_code{}});
  EXPECT_EQ(leaving, 0);
}

TEST_F(LayeredLinkTest, TellsThatItLeavesWhenThePeerIsRudeAndWhyItEnded) {
  start();
  below->hears("+");
  below->hears("a!b");
  EXPECT_EQ(received, "a");
  EXPECT_EQ(below->wire, "sorry");
  EXPECT_TRUE(below->closed);
  EXPECT_EQ(leaving, 1);
  below->hears("c");
  send("late");
  link->flush();
  EXPECT_EQ(received, "a");
  EXPECT_EQ(below->wire, "sorry");
  EXPECT_TRUE(ended.empty());
  below->peer.ended({});
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_TRUE(ended[0]);
  EXPECT_EQ(link->failure(), "it was rude");
}

TEST_F(LayeredLinkTest, TakesAGoodbyeForTheEnd) {
  start();
  below->hears("+a.b");
  EXPECT_EQ(received, "a");
  EXPECT_TRUE(below->closed);
  below->peer.ended({});
  EXPECT_EQ(ended, std::vector<boost::system::error_code>{boost::asio::error::eof});
}

TEST_F(LayeredLinkTest, SaysWhatItWaitedForWhenItEndsTooEarly) {
  start();
  below->peer.ended(boost::asio::error::eof);
  EXPECT_EQ(link->failure(), "the peer closed the connection during the plus sign");
  EXPECT_EQ(ended.size(), 1u);
}

TEST_F(LayeredLinkTest, MayBeDroppedOrClosedByItsOwnerWhileItHears) {
  start();
  on_received = [this] { link->close(); };
  below->hears("+ab");
  EXPECT_EQ(received, "a");
  EXPECT_EQ(below->wire, "bye");
  below->peer.ended({});
  EXPECT_EQ(ended.size(), 1u);

  below = std::make_shared<PlayedLink>();
  ended.clear();
  on_received = nullptr;
  start();
  on_received = [this] { link->drop(); };
  below->hears("+ab");
  EXPECT_EQ(received, "aa");
  EXPECT_TRUE(below->dropped);
  EXPECT_TRUE(ended.empty());
}

TEST_F(LayeredLinkTest, HoldsNothingOfItselfWhenItHasEnded) {
  start();
  below->hears("+");
  const std::weak_ptr<Link> watched = link;
  below->peer.ended(boost::asio::error::eof);
  below->peer = {};  // as a connection that goes
  link.reset();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace mq::transport
