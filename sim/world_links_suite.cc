// What the parts of a link and those who stand between do to connections, in every world.
#include "sim/link/parts.h"
#include "sim/world_fixture.h"

namespace mq::sim {
namespace {

LinkModel with_parts(LinkModel model, link::Parts parts) {
  model.parts = std::make_shared<const link::Parts>(std::move(parts));
  return model;
}

TEST_F(WorldSuite, ACarrierForgetsASilentConnectionAndNobodyIsTold) {
  start(with_parts(link_of(30ms), {.nat = link::NatModel{.idle_timeout = 3min}}));
  Peer& client = open();
  world->call_at(at(2min), [&] { client.send("a"); });
  world->call_at(at(4min), [&] { accepted[0]->send("b"); });
  world->call_at(at(8min), [&] { client.send("lost"); });
  world->run_until(at(10min));
  EXPECT_EQ(accepted.at(0)->received, "a");
  EXPECT_EQ(client.received, "b");
  EXPECT_FALSE(client.failure);
  world->call_at(at(11min), [&] { open().send("anew"); });
  world->run_until(at(40min));
  EXPECT_EQ(client.failure, CloseCause::timed_out);
  ASSERT_EQ(accepted.size(), 2u);
  EXPECT_EQ(accepted[1]->received, "anew");
  EXPECT_FALSE(accepted[0]->failure);
}

TEST_F(WorldSuite, ACarrierMayAnswerWhoSpeaksTooLate) {
  for (const link::Expiry then : {link::Expiry::reset, link::Expiry::rebind}) {
    for (const bool client_speaks : {true, false}) {
      TearDown();
      peers.clear();
      start(with_parts(link_of(30ms), {.nat = link::NatModel{.idle_timeout = 1min, .then = then}}));
      Peer& client = open();
      world->run_until(at(1s));
      Peer& late = client_speaks ? client : *accepted.at(0);
      world->call_at(at(5min), [&] { late.send("too late"); });
      world->run_until(at(6min));
      if (client_speaks) {
        EXPECT_EQ(client.failure, CloseCause::reset);
        EXPECT_GE(*client.failed_at, at(5min) + 60ms);
        EXPECT_LE(*client.failed_at, at(5min) + 61ms);
      } else if (then == link::Expiry::reset) {
        EXPECT_EQ(late.failure, CloseCause::reset);
      } else {
        EXPECT_FALSE(late.failure);
      }
      EXPECT_FALSE((client_speaks ? *accepted[0] : client).failure) << "the other one is not told";
    }
  }
}

class Calls : public WorldSuite {
 protected:
  void call() {
    world->call_at(at(1min), [this] {
      world->call(device, [this](bool is_answered) {
        EXPECT_FALSE(answered) << "told twice";
        answered = is_answered;
        took = world->now() - at(1min);
      });
    });
    world->run_until(at(10min));
  }
  std::optional<bool> answered;
  Duration took{};
};

TEST_F(Calls, FromOutsideReachADeviceWithAnAddressOfItsOwn) {
  start(link_of(30ms));
  call();
  EXPECT_EQ(answered, true);
  EXPECT_EQ(took, 60ms);
  EXPECT_EQ(world->traffic(device).packets_down, 1u);
}

TEST_F(Calls, AreLetInByNoTranslatorThroughWhichTheDeviceItselfTalks) {
  for (const link::Expiry then : {link::Expiry::silent, link::Expiry::reset}) {
    TearDown();
    accepted.clear();
    peers.clear();
    answered.reset();
    start(with_parts(link_of(30ms), {.nat = link::NatModel{.idle_timeout = 1h, .then = then}}));
    Peer& client = open();
    world->call_at(at(50s), [&] { client.send("I can call"); });
    world->call_at(at(5min), [&] { this->accepted.at(0)->send("and be answered"); });
    call();
    EXPECT_EQ(answered, false);
    EXPECT_EQ(took, 127s);
    EXPECT_EQ(accepted.at(0)->received, "I can call");
    EXPECT_EQ(client.received, "and be answered");
  }
}

TEST_F(Calls, ComeThroughWhenTheLinkIsThereAgain) {
  start(link_of(30ms));
  world->set_link(device, true, false);
  world->call_at(at(1min + 5s), [this] { world->set_link(device, true, true); });
  call();
  EXPECT_EQ(answered, true);
  EXPECT_EQ(took, 7s + 60ms);
}

TEST_F(WorldSuite, ADeviceThatRoamsHasAnotherAddressAndItsConnectionsAreCutOff) {
  start(with_parts(link_of(30ms), {.roams = true}));
  Peer& client = open();
  world->run_until(at(1s));
  world->call_at(at(10s), [&] { world->change_address(device); });
  world->call_at(at(11s), [&] { client.send("from nowhere"); });
  world->call_at(at(12s), [&] { accepted[0]->send("to nowhere"); });
  world->call_at(at(13s), [&] { open().send("from here"); });
  world->run_until(at(60s));
  EXPECT_EQ(accepted.at(0)->received, "");
  EXPECT_EQ(client.received, "");
  ASSERT_EQ(accepted.size(), 2u);
  EXPECT_EQ(accepted[1]->received, "from here");
  const auto host = [](const std::string& peer) { return peer.substr(0, peer.find(':')); };
  EXPECT_NE(host(peers[0]), host(peers[1]));
  EXPECT_EQ(clients[1]->socket().device_address(), peers[1]);
  EXPECT_EQ(client.socket().device_address(), peers[0]) << "it keeps the one it had";
}

TEST_F(WorldSuite, ADeviceThatSleepsGetsItsBytesWhenItIsAwake) {
  const link::RadioModel radio{.tail = 10s,
                               .sleep = link::RadioModel::Sleep{.awake = 10s, .period = 5min}};
  start(with_parts(link_of(30ms), {.radio = radio}));
  Peer& client = open();
  world->call_at(at(1min), [&] { accepted[0]->send("wait"); });
  world->run_until(at(5min));
  EXPECT_EQ(client.received, "");
  world->run_until(at(6min));
  EXPECT_EQ(client.received, "wait");
  EXPECT_LE(*client.last_byte_at, at(5min + 11s));
  world->call_at(at(7min), [&] { accepted[0]->send(", and again"); });
  world->call_at(at(8min), [&] { client.send("I am awake"); });
  world->run_until(at(9min));
  EXPECT_EQ(client.received, "wait, and again") << "who speaks is awake";
  EXPECT_LE(*client.last_byte_at, at(8min + 1s));
}

TEST_F(WorldSuite, ADeviceThatSleptLearnsThatItsPeerHasGivenUpFromWhatWasKeptForIt) {
  const link::RadioModel radio{.tail = 10s,
                               .sleep = link::RadioModel::Sleep{.awake = 10s, .period = 2h}};
  start(with_parts(link_of(30ms), {.radio = radio}));
  Peer& client = open();
  world->call_at(at(60s), [&] { accepted[0]->send("too late"); });
  world->run_until(at(90min));
  EXPECT_EQ(accepted.at(0)->failure, CloseCause::timed_out);
  EXPECT_FALSE(client.failure);
  world->run_until(at(3h));
  EXPECT_EQ(client.failure, CloseCause::reset);
}

TEST_F(WorldSuite, AMegabyteComesWholeOverALinkWithEveryPart) {
  link::DirectionParts parts;
  parts.rate.varying = link::VaryingRate{link::Distribution::uniform(1e6, 9e6), 1s, 0.5};
  parts.delay = link::DelayModel{link::Distribution::exponential(0.02), 0.5};
  parts.reorders = true;
  parts.bursts = link::BurstModel{.to_bad = 0.005, .to_good = 0.3};
  parts.queue_time = 1s;
  parts.codel = true;
  start(with_parts(link_of(10ms), {.up = parts,
                                   .down = parts,
                                   .radio = link::RadioModel{link::Distribution::fixed(1), {}, 5s},
                                   .gaps = link::GapModel{link::Distribution::exponential(5),
                                                          link::Distribution::fixed(0.04), 0.1,
                                                          link::Distribution::fixed(1)},
                                   .nat = link::NatModel{.idle_timeout = 1h}}));
  on_accept = [](Peer& peer) { peer.echo = true; };
  Peer& client = open();
  client.send(pattern(1 << 20));
  world->run_until(at(600s));
  EXPECT_TRUE(client.received == pattern(1 << 20)) << client.received.size();
}

TEST_F(WorldSuite, ASlowerBottleneckIsAsSlowAsItSaysAndThenIsGone) {
  start(link_of(30ms));
  Peer& client = open();
  world->run_until(at(1s));
  world->trouble(device, {.bits_per_second = 80'000}, {});
  client.send(pattern(20'000));
  world->run_until(at(60s));
  ASSERT_EQ(accepted.at(0)->received.size(), 20'000u);
  const Duration took = *accepted[0]->last_byte_at - at(1s);
  EXPECT_GT(took, 2s);
  EXPECT_LT(took, 3s);
  world->trouble(device, {}, {});
  client.send(pattern(20'000));
  world->run_until(at(120s));
  EXPECT_EQ(accepted[0]->received.size(), 40'000u);
  EXPECT_LT(*accepted[0]->last_byte_at, at(61s));
}

TEST_F(WorldSuite, AQueueThatSomebodyElseFillsDelaysEveryPacketOfItsDirection) {
  start(link_of(30ms));
  on_accept = [](Peer& peer) { peer.echo = true; };
  Peer& client = open();
  world->run_until(at(1s));
  world->trouble(device, {}, {.wait = 2s});
  client.send("a");
  world->run_until(at(20s));
  EXPECT_EQ(client.received, "a");
  EXPECT_GE(*client.last_byte_at, at(3s + 60ms));
  EXPECT_LT(*client.last_byte_at, at(4s));
}

TEST_F(WorldSuite, DuplicatedReorderedCorruptedAndLostPacketsChangeNoByte) {
  const Trouble all[] = {
      {.lost = 0.2},
      {.duplicated = 0.5},
      {.reordered = 0.3, .held_back = 150ms},
      {.corrupted = 0.2},
      {.lost = 0.1, .duplicated = 0.2, .reordered = 0.2, .held_back = 100ms, .corrupted = 0.1}};
  for (const Trouble& trouble : all) {
    TearDown();
    start(link_of(20ms, 2e6));
    on_accept = [](Peer& peer) { peer.echo = true; };
    world->trouble(device, trouble, trouble);
    Peer& client = open();
    client.send(pattern(100'000));
    world->run_until(at(800s));
    EXPECT_TRUE(client.received == pattern(100'000)) << client.received.size();
    const World::Traffic traffic = world->traffic(device);
    EXPECT_EQ(traffic.duplicated > 0, trouble.duplicated > 0);
    EXPECT_EQ(traffic.reordered > 0, trouble.reordered > 0);
    EXPECT_EQ(traffic.corrupted > 0, trouble.corrupted > 0);
    EXPECT_EQ(traffic.lost_up > 0, trouble.lost + trouble.corrupted > 0);
  }
}

TEST_F(WorldSuite, SomebodyBetweenMayEndAllConnectionsOfADevice) {
  start(link_of(30ms));
  Peer& client = open();
  Peer& second = open();
  world->run_until(at(1s));
  world->call_at(at(10s), [&] { world->break_connections(device, World::Break::reset); });
  world->run_until(at(11s));
  for (Peer* peer : {&client, &second, accepted.at(0).get(), accepted.at(1).get()}) {
    EXPECT_EQ(peer->failure, CloseCause::reset);
    EXPECT_EQ(peer->failed_at, at(10s));
  }
}

TEST_F(WorldSuite, ADeviceThatForgetsItsConnectionsSaysNothingAndAnswersWithReset) {
  start(link_of(30ms));
  Peer& client = open();
  world->run_until(at(1s));
  world->call_at(at(10s), [&] {
    world->break_connections(device, World::Break::forgotten);
    client.drop();
  });
  world->run_until(at(20s));
  EXPECT_FALSE(accepted.at(0)->failure);
  EXPECT_FALSE(accepted[0]->end_at);
  world->call_at(at(20s), [&] { accepted[0]->send("are you there?"); });
  world->call_at(at(20s), [&] { open().send("anew"); });
  world->run_until(at(25s));
  EXPECT_EQ(accepted[0]->failure, CloseCause::reset);
  ASSERT_EQ(accepted.size(), 2u);
  EXPECT_EQ(accepted[1]->received, "anew");
}

TEST_F(WorldSuite, ACarrierMayForgetBeforeItsTime) {
  for (const link::Expiry then : {link::Expiry::silent, link::Expiry::reset}) {
    TearDown();
    start(with_parts(link_of(30ms), {.roams = true}));
    Peer& client = open();
    world->run_until(at(1s));
    world->call_at(at(10s), [&] { world->forget_connections(device, then); });
    world->call_at(at(11s), [&] { client.send("lost"); });
    world->call_at(at(12s), [&] { open().send("anew"); });
    world->run_until(at(60s));
    EXPECT_EQ(accepted.at(0)->received, "");
    ASSERT_EQ(accepted.size(), 2u);
    EXPECT_EQ(accepted[1]->received, "anew");
    EXPECT_EQ(client.failure.has_value(), then == link::Expiry::reset);
  }
}

// The broker's machine loses its power.

TEST_F(WorldSuite, WhatASiteHadNotSentWhenItsPowerFailedIsNeverSentAndNobodyHearsOfItsEnd) {
  for (const bool is_let_go : {false, true}) {
    TearDown();
    start(link_of(30ms));
    Peer& client = open();
    client.reading = false;
    Peer& idle = open();
    world->run_until(at(1s));
    world->call_at(at(1s), [&] { accepted[0]->send(pattern(2'000'000)); });
    world->call_at(at(60s), [&] {
      world->set_site_power(false);
      if (is_let_go) accepted.clear();
    });
    std::size_t arrived_before = 0;
    world->call_at(at(70s), [&] {
      client.reading = true;
      client.read_all();
      arrived_before = client.received.size();
    });
    world->run_until(at(50min));
    EXPECT_GT(arrived_before, 50'000u);
    EXPECT_EQ(client.received.size(), arrived_before);
    for (const Peer* peer : {&client, &idle}) {
      EXPECT_FALSE(peer->failure);
      EXPECT_FALSE(peer->end_at);
    }
    for (const auto& peer : accepted) EXPECT_FALSE(peer->failure) << "it is gone";
  }
}

TEST_F(WorldSuite, WhatHadLeftASiteBeforeItsPowerFailedArrives) {
  start(link_of(2s));
  Peer& client = open();
  world->call_at(at(10s), [&] { accepted.at(0)->send("the last words"); });
  world->call_at(at(11s), [&] { world->set_site_power(false); });
  world->run_until(at(20s));
  EXPECT_EQ(client.received, "the last words");
  EXPECT_FALSE(client.end_at);
}

TEST_F(WorldSuite, WhoSpeaksToASiteWithoutPowerIsAnsweredByResetWhenItIsBack) {
  start(link_of(30ms));
  Peer& client = open();
  world->call_at(at(60s), [&] { world->set_site_power(false); });
  world->call_at(at(100s), [&] { client.send("are you there?"); });
  world->call_at(at(300s), [&] { world->set_site_power(true); });
  world->run_until(at(300s));
  EXPECT_FALSE(client.failure);
  world->run_until(at(900s));
  EXPECT_EQ(client.failure, CloseCause::reset);
  EXPECT_EQ(accepted.at(0)->received, "");
}

TEST_F(WorldSuite, WhoConnectsToASiteWithoutPowerIsNotRefusedAndComesThroughWhenItIsBack) {
  start(link_of(30ms));
  on_accept = [](Peer& peer) { peer.echo = true; };
  world->call_at(at(10s), [&] { world->set_site_power(false); });
  world->call_at(at(11s), [&] { open().send("hello"); });
  world->call_at(at(20s), [&] { world->set_site_power(true); });
  world->run_until(at(20s));
  EXPECT_FALSE(clients.at(0)->connected);
  EXPECT_FALSE(clients[0]->failure);
  world->run_until(at(40s));
  EXPECT_EQ(clients[0]->received, "hello");
}

// SYN arrives after half a second, SYN-ACK after one, its acknowledgement after one and a half.
TEST_F(WorldSuite, AConnectionThatBeginsWhenThePowerFailsIsForgottenOrBeginsAfterIt) {
  for (const Duration fails_at : {250ms, 500ms, 750ms, 1250ms, 1500ms}) {
    TearDown();
    start(link_of(500ms));
    on_accept = [](Peer& peer) { peer.echo = true; };
    // Before the packets of that instant.
    world->call_at(at(fails_at), [&] { world->set_site_power(false); });
    world->call_at(at(5s), [&] { world->set_site_power(true); });
    open().send("hello");
    world->run_until(at(60s));
    const bool is_known = fails_at > 500ms;
    EXPECT_EQ(clients[0]->failure.has_value(), is_known) << seconds(fails_at);
    EXPECT_EQ(clients[0]->received, is_known ? "" : "hello") << seconds(fails_at);
  }
}

// A connection that is let go once more, after everything, is no different from others.
TEST_F(WorldSuite, APowerFailureLeavesNothingBehind) {
  start(link_of(30ms, 80'000, 0.05));
  for (int i = 0; i < 20; ++i) open().send(pattern(5'000));
  world->call_at(at(2s), [&] { world->set_site_power(false); });
  world->call_at(at(3s), [&] { accepted.clear(); });
  world->call_at(at(10s), [&] { world->set_site_power(true); });
  world->call_at(at(60s), [&] { clients.clear(); });
  world->call_at(at(61s), [&] { accepted.clear(); });
  world->run_until(at(90min));
  EXPECT_EQ(connections_alive(*world), 0u);
}

}  // namespace
}  // namespace mq::sim
