#include "sim/world_suite.h"

#include <set>

#include "base/rng.h"
#include "sim/world_fixture.h"

namespace mq::sim {
namespace {

TEST_F(WorldSuite, TimersFireInOrderAtTheirInstantAndNotWhenCancelled) {
  start(link_of(10ms));
  std::vector<std::pair<int, Instant>> fired;
  auto note = [&](int which) { return [&, which] { fired.emplace_back(which, world->now()); }; };
  world->call_at(at(2s), note(2));
  world->call_at(at(1s), note(1));
  world->call_at(at(2s), note(3));
  const TimerId gone = world->call_at(at(1500ms), note(9));
  world->cancel(gone);
  world->call_at(at(3s), note(4));
  EXPECT_EQ(world->now(), at(0s));
  world->run_until(at(2s));
  EXPECT_EQ(world->now(), at(2s));
  const std::vector<std::pair<int, Instant>> expected{{1, at(1s)}, {2, at(2s)}, {3, at(2s)}};
  EXPECT_EQ(fired, expected);
  world->cancel(gone);
  world->run_until(at(4s));
  EXPECT_EQ(fired.back(), (std::pair{4, at(3s)}));
}

TEST_F(WorldSuite, ATimerThatStopsTheWorldLeavesTheRestForLater) {
  start(link_of(10ms));
  int fired = 0;
  world->call_at(at(1s), [&] { world->stop(); });
  world->call_at(at(2s), [&] { ++fired; });
  world->run_until(at(5s));
  EXPECT_EQ(fired, 0);
  EXPECT_EQ(world->now(), at(1s));
  world->run_until(at(5s));
  EXPECT_EQ(fired, 1);
}

TEST_F(WorldSuite, ATimerOfThePastFiresNow) {
  start(link_of(10ms));
  Instant fired{};
  world->call_at(at(1s), [&] { world->call_at(at(0s), [&] { fired = world->now(); }); });
  world->run_until(at(2s));
  EXPECT_EQ(fired, at(1s));
}

TEST_F(WorldSuite, AConnectionTakesOneRoundTripAndNamesItsPeer) {
  start(link_of(50ms));
  Peer& client = open();
  const std::string address = client.socket().device_address();
  world->run_until(at(1s));
  ASSERT_TRUE(client.connected);
  EXPECT_GE(*client.connected, at(100ms));
  EXPECT_LE(*client.connected, at(101ms));
  ASSERT_EQ(peers.size(), 1u);
  EXPECT_EQ(peers[0].substr(0, 3), "10.");
  EXPECT_NE(peers[0].find(':'), std::string::npos);
  EXPECT_EQ(address, peers[0]);
  EXPECT_EQ(accepted[0]->socket().device_address(), peers[0]);
}

TEST_F(WorldSuite, WhatIsWrittenBeforeTheConnectionStandsIsSentAndEchoed) {
  start(link_of(50ms));
  on_accept = [](Peer& peer) { peer.echo = true; };
  Peer& client = open();
  client.send("hello");
  world->run_until(at(1s));
  EXPECT_EQ(client.received, "hello");
  EXPECT_GE(*client.last_byte_at, at(200ms));
  EXPECT_LE(*client.last_byte_at, at(203ms));
}

TEST_F(WorldSuite, BytesThatCameBeforeAnybodyListenedAreAnnounced) {
  world = make_world(1);
  device = world->add_device("sensor-1", link_of(10ms));
  std::unique_ptr<Socket> held;
  world->accept_with([&](std::unique_ptr<Socket> socket, const std::string&, DeviceId) {
    held = std::move(socket);
  });
  Peer& client = open();
  client.send_and_finish("early");
  world->run_until(at(1s));
  Peer late(*world, std::move(held));
  world->run_until(at(2s));
  EXPECT_EQ(late.received, "early");
  EXPECT_TRUE(late.end_at);
}

TEST_F(WorldSuite, AMegabyteComesBackWholeOverARateLimitedLossyLink) {
  start(link_of(20ms, 20e6, 0.01, 5ms));
  on_accept = [](Peer& peer) { peer.echo = true; };
  Peer& client = open();
  const std::string sent = pattern(1 << 20);
  client.send_and_finish(sent);
  world->run_until(at(600s));
  EXPECT_EQ(client.received.size(), sent.size());
  EXPECT_TRUE(client.received == sent);
  EXPECT_TRUE(client.end_at);
  EXPECT_FALSE(client.failure);
  EXPECT_GT(world->traffic(device).lost_up + world->traffic(device).lost_down, 0u);
}

TEST_F(WorldSuite, EveryTcpPresetCarriesBytesBothWaysOverALossyLink) {
  for (const TcpPreset preset : {TcpPreset::linux_, TcpPreset::lwip, TcpPreset::ns3_default}) {
    TearDown();
    LinkModel link = link_of(20ms, 5e6, 0.02, 5ms);
    link.tcp = preset;
    start(link);
    on_accept = [](Peer& peer) { peer.echo = true; };
    Peer& client = open();
    const std::string sent = pattern(100'000);
    client.send_and_finish(sent);
    world->run_until(at(3000s));
    EXPECT_TRUE(client.received == sent) << static_cast<int>(preset);
    EXPECT_TRUE(client.end_at);
    EXPECT_FALSE(client.failure);
  }
}

TEST_F(WorldSuite, TheRateLimitsATransfer) {
  start(link_of(10ms, 1e6));
  Peer& client = open();
  const std::string sent = pattern(250'000);  // 2 Mb: two seconds and the headers
  client.send_and_finish(sent);
  world->run_until(at(60s));
  ASSERT_EQ(accepted.size(), 1u);
  EXPECT_EQ(accepted[0]->received.size(), sent.size());
  EXPECT_GE(*accepted[0]->last_byte_at, at(2s));
  EXPECT_LE(*accepted[0]->last_byte_at, at(2500ms));
  EXPECT_GE(world->traffic(device).bytes_up, sent.size() + sent.size() / 1460 * 40);
}

TEST_F(WorldSuite, AReaderThatDoesNotReadStopsTheWriterAndLosesNothing) {
  start(link_of(10ms, 50e6));
  on_accept = [](Peer& peer) { peer.reading = false; };
  Peer& client = open();
  const std::string sent = pattern(2 << 20);
  client.send_and_finish(sent);
  world->run_until(at(200s));
  EXPECT_FALSE(client.everything_sent());
  EXPECT_FALSE(client.failure);
  ASSERT_EQ(accepted.size(), 1u);
  accepted[0]->reading = true;
  world->call_at(at(200s), [&] { accepted[0]->read_all(); });
  world->run_until(at(230s));
  EXPECT_TRUE(accepted[0]->received == sent);
  EXPECT_TRUE(accepted[0]->end_at);
}

TEST_F(WorldSuite, AFullWindowWithNothingMoreToSendIsHarmless) {
  start(link_of(10ms));
  on_accept = [](Peer& peer) { peer.reading = false; };
  Peer& client = open();
  std::size_t taken = 0;
  world->call_at(at(1s), [&] {
    const std::string bytes = pattern(1 << 20);
    taken = client.socket().write(std::as_bytes(std::span(bytes)));
    EXPECT_LT(taken, bytes.size());
  });
  world->run_until(at(300s));
  EXPECT_FALSE(client.failure);
  accepted[0]->reading = true;
  world->call_at(at(300s), [&] { accepted[0]->read_all(); });
  world->run_until(at(301s));
  EXPECT_EQ(accepted[0]->received.size(), taken);
}

TEST_F(WorldSuite, AWindowThatOpensIsFilledAtOnce) {
  start(link_of(30ms));
  on_accept = [](Peer& peer) { peer.reading = false; };
  Peer& client = open();
  client.send(pattern(1 << 20));
  world->call_at(at(200s), [&] {
    accepted[0]->reading = true;
    accepted[0]->read_all();
  });
  world->run_until(at(200s + 150ms));
  EXPECT_GE(accepted[0]->received.size(), 2u * 128 * 1024);
}

TEST_F(WorldSuite, AHalfClosedConnectionStillCarriesTheOtherDirection) {
  start(link_of(30ms));
  Peer& client = open();
  client.send_and_finish("question");
  world->run_until(at(10s));
  ASSERT_EQ(accepted.size(), 1u);
  EXPECT_EQ(accepted[0]->received, "question");
  ASSERT_TRUE(accepted[0]->end_at);
  EXPECT_LE(*accepted[0]->end_at, at(300ms));
  world->call_at(at(20s), [&] { accepted[0]->send_and_finish("answer"); });
  world->run_until(at(30s));
  EXPECT_EQ(client.received, "answer");
  EXPECT_TRUE(client.end_at);
  EXPECT_FALSE(client.failure);
  EXPECT_FALSE(accepted[0]->failure);
}

TEST_F(WorldSuite, DestroyingASocketStillSendsWhatWasWrittenAndThenTheEnd) {
  start(link_of(30ms, 1e6, 0.05));
  Peer& client = open();
  const std::string sent = pattern(100'000);
  world->call_at(at(1s), [&] {
    client.send(sent);
    EXPECT_TRUE(client.everything_sent());
    client.drop();
  });
  world->run_until(at(60s));
  ASSERT_EQ(accepted.size(), 1u);
  EXPECT_TRUE(accepted[0]->received == sent);
  EXPECT_TRUE(accepted[0]->end_at);
  EXPECT_FALSE(accepted[0]->failure);
}

TEST_F(WorldSuite, DestroyingASocketRightAfterConnectingLeavesNothingBehind) {
  start(link_of(30ms));
  open().drop();
  world->call_at(at(1s), [&] { open(); });
  world->call_at(at(1s) + 45ms, [&] { clients.back()->drop(); });
  world->run_until(at(2s));
  for (auto& peer : accepted) peer->drop();
  world->run_until(at(300s));
  EXPECT_EQ(connections_alive(*world), 0u);
}

TEST_F(WorldSuite, ResetReachesThePeerAsReset) {
  start(link_of(30ms));
  Peer& client = open();
  client.send("x");
  world->run_until(at(1s));
  ASSERT_EQ(accepted.size(), 1u);
  world->call_at(at(2s), [&] { accepted[0]->reset(); });
  world->run_until(at(3s));
  EXPECT_EQ(client.failure, CloseCause::reset);
  EXPECT_EQ(*client.failed_at, at(2s) + 30ms);
  EXPECT_FALSE(accepted[0]->failure) << "who resets is not told";
  EXPECT_FALSE(client.end_at);
}

// Devices have the same ports, each of its own.
TEST_F(WorldSuite, WhatComesForAConnectionThatIsGoneReachesNoOtherDevice) {
  start(link_of(100ms));
  const DeviceId other = world->add_device("sensor-2", link_of(100ms));
  std::vector<std::unique_ptr<Peer>> taken;
  world->accept_with([&](std::unique_ptr<Socket> socket, const std::string&, DeviceId) {
    taken.push_back(std::make_unique<Peer>(*world, std::move(socket)));
  });
  Peer staying(*world, world->connect(other));
  Peer& leaving = open();
  world->run_until(at(1s));
  ASSERT_EQ(taken.size(), 2u);
  world->call_at(at(2s), [&] {
    for (const auto& peer : taken) peer->send("on its way");
    leaving.reset();
  });
  world->call_at(at(3s), [&] { staying.send("still here"); });
  world->run_until(at(10s));
  EXPECT_EQ(staying.received, "on its way");
  EXPECT_FALSE(staying.failure);
  EXPECT_EQ(leaving.received, "");
  EXPECT_EQ(taken[0]->received + taken[1]->received, "still here");
}

TEST_F(WorldSuite, ResetAfterTheEndOfTheStreamIsStillTold) {
  start(link_of(30ms));
  Peer& client = open();
  client.send_and_finish("x");
  world->run_until(at(1s));
  ASSERT_EQ(accepted.size(), 1u);
  ASSERT_TRUE(accepted[0]->end_at);
  world->call_at(at(2s), [&] { accepted[0]->reset(); });
  world->run_until(at(3s));
  EXPECT_EQ(client.failure, CloseCause::reset);
}

TEST_F(WorldSuite, ASiteWithoutAHandlerRefusesAndTakesConnectionsAgainLater) {
  start(link_of(30ms));
  world->accept_with(nullptr);
  Peer& client = open();
  world->run_until(at(1s));
  EXPECT_EQ(client.failure, CloseCause::refused);
  EXPECT_EQ(*client.failed_at, at(60ms));
  EXPECT_FALSE(client.connected);
  serve();
  world->call_at(at(2s), [&] { open(); });
  world->run_until(at(3s));
  EXPECT_TRUE(clients.back()->connected);
}

TEST_F(WorldSuite, ACutOfAMinuteDelaysBytesAndLosesNone) {
  start(link_of(30ms));
  on_accept = [](Peer& peer) { peer.echo = true; };
  Peer& client = open();
  world->call_at(at(10s), [&] { world->set_link(device, false, false); });
  world->call_at(at(11s), [&] { client.send(pattern(5000)); });
  world->call_at(at(70s), [&] { world->set_link(device, true, true); });
  world->run_until(at(69s));
  EXPECT_TRUE(accepted[0]->received.empty());
  world->run_until(at(200s));
  EXPECT_TRUE(client.received == pattern(5000));
  EXPECT_GE(*client.last_byte_at, at(70s));
  EXPECT_FALSE(client.failure);
}

TEST_F(WorldSuite, BytesUnderWayWhenTheLinkGoesDownAreSentAgain) {
  start(link_of(100ms));
  Peer& client = open();
  world->call_at(at(10s), [&] { client.send(pattern(50'000)); });
  world->call_at(at(10s) + 50ms, [&] { world->set_link(device, false, false); });
  world->call_at(at(20s), [&] { world->set_link(device, true, true); });
  world->run_until(at(120s));
  EXPECT_TRUE(accepted[0]->received == pattern(50'000));
}

TEST_F(WorldSuite, ALinkThatStaysDownTimesOutTheEndThatHasUnsentData) {
  start(link_of(30ms));
  Peer& client = open();
  world->call_at(at(10s), [&] { world->set_link(device, false, false); });
  world->call_at(at(11s), [&] { client.send("lost"); });
  world->run_until(at(2000s));
  ASSERT_TRUE(client.failure);
  EXPECT_EQ(client.failure, CloseCause::timed_out);
  EXPECT_GE(*client.failed_at, at(11s + 850s));
  EXPECT_LE(*client.failed_at, at(11s + 1000s));
  EXPECT_FALSE(accepted[0]->failure) << "who has nothing to send cannot know";
}

TEST_F(WorldSuite, AnEndWhosePeerHasGivenUpIsResetWhenItSpeaks) {
  for (const bool client_gives_up : {true, false}) {
    TearDown();
    start(link_of(30ms));
    Peer& client = open();
    world->run_until(at(1s));
    Peer& loser = client_gives_up ? client : *accepted[0];
    Peer& other = client_gives_up ? *accepted[0] : client;
    world->call_at(at(10s), [&] { world->set_link(device, false, false); });
    world->call_at(at(11s), [&] { loser.send("lost"); });
    world->call_at(at(1500s), [&] { world->set_link(device, true, true); });
    world->call_at(at(1600s), [&] { other.send("anybody there?"); });
    world->run_until(at(1700s));
    EXPECT_EQ(loser.failure, CloseCause::timed_out);
    EXPECT_EQ(other.failure, CloseCause::reset);
  }
}

TEST_F(WorldSuite, BackingOffDoesNotStartAgainBecauseThePeerCanStillBeHeard) {
  start(link_of(30ms));
  Peer& client = open();
  world->call_at(at(10s), [&] { world->set_link(device, false, true); });
  world->call_at(at(11s), [&] { client.send("never arrives"); });
  for (int i = 0; i < 60; ++i)
    world->call_at(at(15s + 30s * i), [&] { accepted[0]->send("still here"); });
  world->run_until(at(2000s));
  EXPECT_EQ(client.failure, CloseCause::timed_out);
  EXPECT_GE(*client.failed_at, at(11s + 850s));
}

TEST_F(WorldSuite, AWriterAtAClosedWindowNoticesThatThePeerIsGone) {
  start(link_of(30ms));
  on_accept = [](Peer& peer) { peer.reading = false; };
  Peer& client = open();
  client.send(pattern(1 << 20));
  world->call_at(at(10s), [&] { world->set_link(device, false, false); });
  world->run_until(at(2000s));
  EXPECT_EQ(client.failure, CloseCause::timed_out);
}

TEST_F(WorldSuite, AWindowThatOpensDuringACutIsFoundOutAfterIt) {
  start(link_of(30ms));
  on_accept = [](Peer& peer) { peer.reading = false; };
  Peer& client = open();
  client.send(pattern(1 << 20));
  world->call_at(at(100s), [&] { world->set_link(device, false, false); });
  world->call_at(at(101s), [&] {
    accepted[0]->reading = true;
    accepted[0]->read_all();
  });
  world->call_at(at(110s), [&] { world->set_link(device, true, true); });
  world->run_until(at(300s));
  EXPECT_TRUE(accepted[0]->received == pattern(1 << 20));
}

TEST_F(WorldSuite, AReaderThatReadsInBitsOverALossyLinkGetsEverything) {
  start(link_of(20ms, 5e6, 0.05, 5ms));
  std::string received;
  std::unique_ptr<Socket> reader;
  world->accept_with([&](std::unique_ptr<Socket> socket, const std::string&, DeviceId) {
    reader = std::move(socket);
  });
  Peer& client = open();
  const std::string sent = pattern(2 << 20);
  client.send(sent);
  Rng rng(5);
  std::function<void()> read_a_bit = [&] {
    std::vector<std::byte> buffer(rng.below(60'000) + 1);
    const std::size_t count = reader ? reader->read(buffer) : 0;
    received.append(reinterpret_cast<const char*>(buffer.data()), count);
    world->call_at(world->now() + Duration(rng.below(2'000'000'000)), read_a_bit);
  };
  world->call_at(at(1s), read_a_bit);
  world->run_until(at(900s));
  EXPECT_EQ(received.size(), sent.size());
  EXPECT_TRUE(received == sent);
  EXPECT_FALSE(client.failure);
  reader.reset();
}

TEST_F(WorldSuite, ConnectingOverALinkThatIsDownTimesOut) {
  start(link_of(30ms));
  world->set_link(device, false, false);
  Peer& client = open();
  world->run_until(at(300s));
  EXPECT_EQ(client.failure, CloseCause::timed_out);
  EXPECT_EQ(*client.failed_at, at(127s));
}

TEST_F(WorldSuite, ALinkThatIsDeafInOneDirectionTimesOutTheSender) {
  start(link_of(30ms));
  Peer& client = open();
  world->call_at(at(10s), [&] { world->set_link(device, true, false); });
  world->call_at(at(11s), [&] { client.send("delivered, never acknowledged"); });
  world->run_until(at(2000s));
  EXPECT_EQ(accepted[0]->received, "delivered, never acknowledged");
  EXPECT_EQ(client.failure, CloseCause::timed_out);
}

TEST_F(WorldSuite, AnEndThatWasLostInACutIsSentAgain) {
  for (const bool client_finishes : {true, false}) {
    clients.clear();
    accepted.clear();
    world.reset();
    start(link_of(30ms));
    Peer& client = open();
    world->run_until(at(1s));
    Peer& first = client_finishes ? client : *accepted[0];
    Peer& second = client_finishes ? *accepted[0] : client;
    world->call_at(at(10s), [&] { world->set_link(device, false, false); });
    world->call_at(at(11s), [&] { first.send_and_finish("last words"); });
    world->call_at(at(20s), [&] { world->set_link(device, true, true); });
    world->call_at(at(100s), [&] { world->set_link(device, false, false); });
    world->call_at(at(101s), [&] { second.send_and_finish("and mine"); });
    world->call_at(at(110s), [&] { world->set_link(device, true, true); });
    world->run_until(at(200s));
    EXPECT_EQ(second.received, "last words");
    EXPECT_TRUE(second.end_at);
    EXPECT_EQ(first.received, "and mine");
    EXPECT_TRUE(first.end_at);
    EXPECT_FALSE(first.failure);
    EXPECT_FALSE(second.failure);
  }
}

TEST_F(WorldSuite, AnEndWhoseAcknowledgementWasLostDoesNotKillTheHalfOpenConnection) {
  start(link_of(30ms));
  Peer& client = open();
  world->call_at(at(10s), [&] { world->set_link(device, true, false); });
  world->call_at(at(11s), [&] { client.send_and_finish(""); });
  world->call_at(at(20s), [&] { world->set_link(device, true, true); });
  world->call_at(at(2000s), [&] { accepted[0]->send_and_finish("late answer"); });
  world->run_until(at(2010s));
  EXPECT_TRUE(accepted[0]->end_at);
  EXPECT_EQ(client.received, "late answer");
  EXPECT_FALSE(client.failure);
}

TEST_F(WorldSuite, AnEndIsRepeatedMoreAndMoreSeldom) {
  start(link_of(30ms));
  Peer& client = open();
  world->call_at(at(10s), [&] { world->set_link(device, false, false); });
  world->call_at(at(11s), [&] { client.send_and_finish(""); });
  world->run_until(at(600s));
  EXPECT_LE(world->traffic(device).lost_up, 20u);
}

TEST_F(WorldSuite, EndsThatWereLetGoDuringACutAreForgottenInTheEnd) {
  start(link_of(30ms));
  Peer& client = open();
  world->call_at(at(10s), [&] { world->set_link(device, false, false); });
  world->call_at(at(11s), [&] {
    client.drop();
    accepted[0]->drop();
  });
  world->run_until(at(2000s));
  EXPECT_EQ(connections_alive(*world), 0u);
}

TEST_F(WorldSuite, AnEndThatWasLetGoDoesNotWaitForeverForItsPeer) {
  start(link_of(30ms));
  Peer& client = open();
  world->call_at(at(10s), [&] { client.drop(); });
  world->run_until(at(500s));
  EXPECT_TRUE(accepted[0]->end_at);
  EXPECT_EQ(connections_alive(*world), 1u) << "the end that the peer still holds";
}

TEST_F(WorldSuite, BothEndsMayCloseAtOnce) {
  start(link_of(30ms, 0, 0.2));
  Instant both_speak{};
  // Loss may delay what completes the start until the client speaks.
  on_accept = [&](Peer& peer) {
    world->call_at(both_speak, [&peer] { peer.send_and_finish("b"); });
  };
  for (int i = 0; i < 50; ++i) {
    world->call_at(at(100s * i), [&, i] {
      both_speak = at(100s * i + 50s);
      Peer& client = open();
      world->call_at(both_speak, [&client] { client.send_and_finish("a"); });
    });
  }
  world->run_until(at(6000s));
  ASSERT_EQ(accepted.size(), 50u);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(clients[i]->received, "b") << i;
    EXPECT_EQ(accepted[i]->received, "a") << i;
    EXPECT_TRUE(clients[i]->end_at) << i;
    EXPECT_TRUE(accepted[i]->end_at) << i;
    EXPECT_FALSE(clients[i]->failure) << i;
  }
  clients.clear();
  accepted.clear();
  world->run_until(at(8000s));
  EXPECT_EQ(connections_alive(*world), 0u);
}

TEST_F(WorldSuite, ThousandsOfReconnectsOverALossyLinkLoseNothingAndLeaveNothingBehind) {
  start(link_of(10ms, 0, 0.03));
  constexpr int rounds = 3000;
  std::set<Peer*> open_peers;
  on_accept = [](Peer& peer) {
    peer.echo = true;
    peer.drop_at_end = true;
  };
  for (int i = 0; i < rounds; ++i) {
    world->call_at(at(10s * i), [&, i] {
      Peer& client = open();
      client.drop_at_end = i % 3 != 0;  // who closes first differs
      client.send("ping " + std::to_string(i));
    });
    world->call_at(at(10s * i + 8s), [&, i] {
      if (i % 3 == 0) {
        clients.back()->drop();
      } else if (i % 3 == 1) {
        clients.back()->send_and_finish("");
      } else {
        accepted.back()->send_and_finish("");
        clients.back()->finish_when_sent = true;
      }
    });
  }
  world->run_until(at(10s * rounds));
  ASSERT_EQ(accepted.size(), static_cast<std::size_t>(rounds));
  for (int i = 0; i < rounds; ++i) EXPECT_EQ(accepted[i]->received, "ping " + std::to_string(i));
  clients.clear();
  accepted.clear();
  world->run_until(at(10s * rounds + 900s));
  EXPECT_EQ(connections_alive(*world), 0u);
}

TEST_F(WorldSuite, SocketsMayGoAwayInsideTheirOwnCallbacks) {
  start(link_of(10ms));
  std::unique_ptr<Socket> client = nullptr;
  std::unique_ptr<Socket> server = nullptr;
  int told = 0;
  world->accept_with([&](std::unique_ptr<Socket> socket, const std::string&, DeviceId) {
    server = std::move(socket);
    server->listen_to({.connected = {},
                       .readable =
                           [&] {
                             ++told;
                             server.reset();
                           },
                       .writable = {},
                       .failed = {}});
  });
  client = world->connect(device);
  client->listen_to({.connected = [&] { client->write(std::as_bytes(std::span("x"))); },
                     .readable =
                         [&] {
                           ++told;
                           client.reset();
                         },
                     .writable = {},
                     .failed = {}});
  world->run_until(at(300s));
  EXPECT_EQ(told, 2);
  EXPECT_EQ(connections_alive(*world), 0u);
}

// A fleet with loss, jitter and cuts: everything that happens, with its instant.
std::string history(std::uint64_t seed) {
  const std::unique_ptr<World> world = make_world(seed);
  std::string log;
  std::vector<std::unique_ptr<Peer>> peers;
  world->accept_with([&](std::unique_ptr<Socket> socket, const std::string& peer, DeviceId) {
    log += peer + '@' + std::to_string(world->now().time_since_epoch().count()) + '\n';
    peers.push_back(std::make_unique<Peer>(*world, std::move(socket)));
    peers.back()->echo = true;
  });
  for (int i = 0; i < 100; ++i) {
    const DeviceId device =
        world->add_device("device-" + std::to_string(i), link_of(40ms, 1e6, 0.02, 20ms));
    world->call_at(at(10ms * i), [&, device] {
      peers.push_back(std::make_unique<Peer>(*world, world->connect(device)));
      peers.back()->send(pattern(3000));
    });
    if (i % 10 == 0) {
      world->call_at(at(1s), [&, device, i] { world->set_link(device, false, i % 20 == 0); });
      world->call_at(at(5s), [&, device] { world->set_link(device, true, true); });
    }
  }
  world->run_until(at(120s));
  for (const auto& peer : peers) {
    log += std::to_string(peer->received.size()) + ' ';
    log += peer->last_byte_at ? std::to_string(peer->last_byte_at->time_since_epoch().count())
                              : "never";
    log += '\n';
  }
  log += std::to_string(world->chance_digest());
  return log;
}

std::uint64_t fingerprint(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

TEST_F(WorldSuite, TheSameSeedGivesTheSameHistoryAndAnotherSeedAnother) {
  const std::string first = history(7);
  EXPECT_EQ(first, history(7));
  EXPECT_NE(first, history(8));
  EXPECT_EQ(fingerprint(first), known_history());
}

TEST_F(WorldSuite, AnotherDeviceDoesNotChangeTheChanceOfTheFirst) {
  std::vector<Instant> arrivals;
  for (const bool crowded : {false, true}) {
    clients.clear();
    accepted.clear();
    world.reset();
    world = make_world(3);
    if (crowded) world->add_device("other", link_of(40ms, 0, 0.3, 20ms));
    device = world->add_device("sensor-1", link_of(40ms, 0, 0.3, 20ms));
    serve();
    Peer& client = open();
    client.send(pattern(4000));
    world->run_until(at(100s));
    arrivals.push_back(*accepted.at(0)->last_byte_at);
  }
  EXPECT_EQ(arrivals[0], arrivals[1]);
}

}  // namespace
}  // namespace mq::sim
