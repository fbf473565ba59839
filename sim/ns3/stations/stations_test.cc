// Networks of stations behind the world's interface: TCP lives through what its device meets on the
// way, and the world tells it.
#include "sim/link/parts.h"
#include "sim/ns3/ns3_world.h"
#include "sim/ns3/stations/ns3_stations.h"
#include "sim/world_fixture.h"

namespace mq::sim {

std::unique_ptr<World> make_world(std::uint64_t seed) {
  return std::make_unique<Ns3World>(seed, Ns3Limits{}, &ns3_stations);
}

namespace {

using Move = World::Move;

using Kind = link::StationsModel::Kind;

LinkModel along(Kind kind, double spacing_metres, double metres_per_second) {
  link::Parts parts;
  parts.stations = link::StationsModel{.kind = kind,
                                       .count = 3,
                                       .spacing_metres = spacing_metres,
                                       .metres_per_second = metres_per_second};
  LinkModel link = link_of(20ms);
  link.parts = std::make_shared<const link::Parts>(parts);
  return link;
}

LinkModel road(double spacing_metres, double metres_per_second) {
  return along(Kind::lte, spacing_metres, metres_per_second);
}
LinkModel corridor(double spacing_metres, double metres_per_second) {
  return along(Kind::wifi, spacing_metres, metres_per_second);
}

// A device that sends a line every 100 ms, and gets each back.
class Stations : public WorldSuite {
 protected:
  struct Told {
    Move what;
    bool begins;
    Instant at;
    bool operator==(const Told&) const = default;
  };

  void drive(const LinkModel& link, Duration length, std::uint64_t seed = 1) {
    start(link, seed);
    world->hear_moves([this](const World::Moved& moved) {
      EXPECT_EQ(moved.device, device);
      told.push_back({moved.what, moved.begins, world->now()});
    });
    on_accept = [](Peer& peer) { peer.echo = true; };
    world->call_at(at(1s), [this] { open(); });
    for (Duration when = 2s; when < length - 10s; when += 100ms, ++lines)
      world->call_at(at(when), [this] { clients[0]->send(line); });
    world->run_until(at(length));
  }
  std::size_t count(Move what, bool begins) const {
    return static_cast<std::size_t>(std::count_if(told.begin(), told.end(), [&](const Told& one) {
      return one.what == what && one.begins == begins;
    }));
  }
  bool everything_came_back() const {
    std::string all;
    for (std::size_t i = 0; i < lines; ++i) all += line;
    return clients[0]->received == all;
  }

  const std::string line = pattern(200);
  std::size_t lines = 0;
  std::vector<Told> told;
};

TEST_F(Stations, AVehicleIsHandedOverFromCellToCellAndKeepsItsConnection) {
  drive(road(400, 40), 30s);
  EXPECT_GE(count(Move::handover, true), 2);
  EXPECT_EQ(count(Move::handover, true), count(Move::handover, false));
  EXPECT_EQ(count(Move::link_failure, true), 0);
  EXPECT_FALSE(clients[0]->failure);
  EXPECT_TRUE(everything_came_back());
  const World::Traffic traffic = world->traffic(device);
  EXPECT_GT(traffic.bytes_up, lines * line.size());
}

TEST_F(Stations, WhoStandsStillStaysWhereItIs) {
  drive(road(400, 0), 15s);
  EXPECT_TRUE(told.empty());
  EXPECT_TRUE(everything_came_back());
  const World::Traffic traffic = world->traffic(device);
  EXPECT_EQ(traffic.lost_up + traffic.lost_down, 0u);
}

TEST_F(Stations, BetweenCellsThatAreTooFarApartTheLinkFailsAndComesBack) {
  drive(road(2000, 100), 60s);
  EXPECT_GE(count(Move::link_failure, true), 1);
  EXPECT_EQ(count(Move::link_failure, true), count(Move::link_failure, false));
  const World::Traffic traffic = world->traffic(device);
  EXPECT_GT(traffic.lost_up, 0u);
  EXPECT_LT(traffic.lost_up, traffic.packets_up);
}

// It keeps to its access point as long as it hears it, and loses nothing but time.
TEST_F(Stations, AForkliftRoamsFromOneAccessPointToTheNext) {
  drive(corridor(50, 5), 40s);
  EXPECT_GE(count(Move::roam, true), 2);
  EXPECT_GT(world->traffic(device).lost_up, 0u);
  EXPECT_EQ(count(Move::roam, true), count(Move::roam, false));
  EXPECT_FALSE(clients[0]->failure);
  EXPECT_TRUE(everything_came_back());
}

TEST_F(Stations, InACorridorTheSameSeedGivesTheSameWalk) {
  drive(corridor(50, 5), 25s, 3);
  const auto first = told;
  const auto last = clients[0]->last_byte_at;
  TearDown();
  told.clear();
  lines = 0;
  drive(corridor(50, 5), 25s, 3);
  EXPECT_EQ(told, first);
  EXPECT_EQ(clients[0]->last_byte_at, last);
}

// In one process, too: nothing of a world outlives it.
TEST_F(Stations, TheSameSeedGivesTheSameDrive) {
  drive(road(400, 40), 20s, 7);
  const auto first = told;
  const auto last = clients[0]->last_byte_at;
  EXPECT_FALSE(first.empty());
  TearDown();
  told.clear();
  lines = 0;
  drive(road(400, 40), 20s, 7);
  EXPECT_EQ(told, first);
  EXPECT_EQ(clients[0]->last_byte_at, last);
}

TEST_F(Stations, ACutLinkCarriesNothingThroughThem) {
  start(road(400, 0));
  on_accept = [](Peer& peer) { peer.echo = true; };
  world->call_at(at(1s), [this] { open(); });
  world->call_at(at(2s), [this] { world->set_link(device, false, true); });
  world->call_at(at(3s), [this] { clients[0]->send("lost for now"); });
  world->run_until(at(5s));
  EXPECT_EQ(clients[0]->received, "");
  world->set_link(device, true, true);
  world->run_until(at(20s));
  EXPECT_EQ(clients[0]->received, "lost for now");
}

TEST_F(Stations, EveryDeviceGetsItsOwn) {
  world = make_world(3);
  std::vector<DeviceId> devices;
  const LinkModel link = road(400, 30);
  for (const char* name : {"a", "b", "c"}) devices.push_back(world->add_device(name, link));
  world->accept_with([this](std::unique_ptr<Socket> socket, std::string, DeviceId) {
    accepted.push_back(std::make_unique<Peer>(*world, std::move(socket)));
    accepted.back()->echo = true;
  });
  world->call_at(at(1s), [&] {
    for (const DeviceId one : devices) {
      clients.push_back(std::make_unique<Peer>(*world, world->connect(one)));
      clients.back()->send("I am " + std::to_string(static_cast<int>(one)));
    }
  });
  world->run_until(at(5s));
  ASSERT_EQ(clients.size(), 3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(clients[i]->received, "I am " + std::to_string(i));
}

}  // namespace
}  // namespace mq::sim
