#include "sim/ns3/stations/wifi_stations.h"

#include <ns3/queue.h>
#include <ns3/wifi-mac-queue-container.h>
#include <ns3/wifi-mpdu.h>

namespace ns3 {
// Ours, below; to be known before the next header makes use of it.
template <>
void Queue<WifiMpdu, WifiMacQueueContainer>::Flush();
}  // namespace ns3

#include <ns3/ap-wifi-mac.h>
#include <ns3/boolean.h>
#include <ns3/constant-position-mobility-model.h>
#include <ns3/double.h>
#include <ns3/ipv4-header.h>
#include <ns3/ipv4-l3-protocol.h>
#include <ns3/propagation-delay-model.h>
#include <ns3/propagation-loss-model.h>
#include <ns3/ssid.h>
#include <ns3/sta-wifi-mac.h>
#include <ns3/string.h>
#include <ns3/tcp-l4-protocol.h>
#include <ns3/wifi-helper.h>
#include <ns3/wifi-mac-queue.h>
#include <ns3/wifi-net-device.h>
#include <ns3/yans-wifi-channel.h>
#include <ns3/yans-wifi-helper.h>

#include <map>
#include <utility>
#include <vector>

#include "sim/ns3/stations/way.h"

// A device that leaves its access point flushes its queues until they count nothing any more. In
// ns-3.37 frames that have waited for too long are no longer there, but still count, and it takes
// out one that is none, which ends the program. Here they no longer count; the library finds this
// before its own.
template <>
void ns3::Queue<ns3::WifiMpdu, ns3::WifiMacQueueContainer>::Flush() {
  static_cast<WifiMacQueue*>(this)->WipeAllExpiredMpdus();
  while (!IsEmpty()) Remove();
}

namespace mq::sim::cell {
namespace {

constexpr double access_point_metres = 3;  // under the ceiling
constexpr double device_metres = 1;
constexpr double aisle_metres = 3;  // from the line of the access points
constexpr double access_point_dbm = 20;
constexpr double device_dbm = 15;
// Inside a building at 2.4 GHz: 40 dB at the first metre, then shelves and walls.
constexpr double first_metre_db = 40.05;
constexpr double loss_exponent = 4;

// Numbers of ns-3's random streams: access points first, then so many for each device.
constexpr std::int64_t first_stream = 1000;
constexpr std::int64_t streams_of_device = 100;

class WifiStations final : public Stations {
 public:
  WifiStations(const link::StationsModel& model, StationsHooks hooks);
  void add_member(Rng rng) override;
  void send(std::size_t member, Link::End leads_to, ns3::Ptr<ns3::Packet> segment) override;

 private:
  struct Member {
    ns3::Ptr<ns3::WifiNetDevice> device;
    ns3::Ptr<ns3::WifiNetDevice> access_point;  // the one that took it in last
    bool is_roaming = false;
  };

  ns3::Ptr<ns3::WifiNetDevice> install(ns3::Ptr<ns3::MobilityModel> place, double dbm,
                                       const ns3::WifiMacHelper& mac);
  void add_access_point(double along);
  bool came_up(ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet, uint16_t,
               const ns3::Address& from);
  bool came_down(ns3::Ptr<ns3::NetDevice> device, ns3::Ptr<const ns3::Packet> packet, uint16_t,
                 const ns3::Address&);
  void arrived(std::size_t member, Link::End leads_to, const ns3::Packet& packet);
  void associated(std::size_t member, ns3::Mac48Address access_point);
  void left(std::size_t member, ns3::Mac48Address access_point);

  link::StationsModel model_;
  StationsHooks hooks_;
  ns3::Ptr<ns3::YansWifiChannel> air_ = ns3::CreateObject<ns3::YansWifiChannel>();
  ns3::WifiHelper wifi_;
  std::map<ns3::Mac48Address, ns3::Ptr<ns3::WifiNetDevice>> access_points_;
  std::map<ns3::Mac48Address, std::size_t> numbers_;  // of members
  std::vector<Member> members_;
};

WifiStations::WifiStations(const link::StationsModel& model, StationsHooks hooks)
    : model_(model), hooks_(std::move(hooks)) {
  const auto loss = ns3::CreateObject<ns3::LogDistancePropagationLossModel>();
  loss->SetPathLossExponent(loss_exponent);
  loss->SetReference(1, first_metre_db);
  air_->SetPropagationLossModel(loss);
  air_->SetPropagationDelayModel(ns3::CreateObject<ns3::ConstantSpeedPropagationDelayModel>());
  wifi_.SetStandard(ns3::WIFI_STANDARD_80211n);
  wifi_.SetRemoteStationManager("ns3::MinstrelHtWifiManager");
  for (std::size_t i = 0; i < model_.count; ++i)
    add_access_point(static_cast<double>(i) * model_.spacing_metres);
}

ns3::Ptr<ns3::WifiNetDevice> WifiStations::install(ns3::Ptr<ns3::MobilityModel> place, double dbm,
                                                   const ns3::WifiMacHelper& mac) {
  ns3::YansWifiPhyHelper phy;
  phy.SetChannel(air_);
  // One channel for all, so that a device need not scan others.
  phy.Set("ChannelSettings", ns3::StringValue("{1, 20, BAND_2_4GHZ, 0}"));
  phy.Set("TxPowerStart", ns3::DoubleValue(dbm));
  phy.Set("TxPowerEnd", ns3::DoubleValue(dbm));
  ns3::NodeContainer node;
  node.Create(1);
  node.Get(0)->AggregateObject(place);
  return ns3::DynamicCast<ns3::WifiNetDevice>(wifi_.Install(phy, mac, node).Get(0));
}

void WifiStations::add_access_point(double along) {
  const auto place = ns3::CreateObject<ns3::ConstantPositionMobilityModel>();
  place->SetPosition({along, 0, access_point_metres});
  ns3::WifiMacHelper mac;
  mac.SetType("ns3::ApWifiMac", "Ssid", ns3::SsidValue(ns3::Ssid("mqttlab")));
  const auto device = install(place, access_point_dbm, mac);
  device->SetReceiveCallback(ns3::MakeCallback(&WifiStations::came_up, this));
  wifi_.AssignStreams(ns3::NetDeviceContainer(device),
                      streams_of_device * static_cast<std::int64_t>(access_points_.size()));
  access_points_.emplace(ns3::Mac48Address::ConvertFrom(device->GetAddress()), device);
}

void WifiStations::add_member(Rng rng) {
  const double length = static_cast<double>(model_.count - 1) * model_.spacing_metres;
  const auto place = ns3::CreateObject<Way>(Way::Course{.metres = length,
                                                        .start = 2 * length * rng.unit(),
                                                        .speed = model_.metres_per_second,
                                                        .distance = aisle_metres,
                                                        .height = device_metres});
  ns3::WifiMacHelper mac;
  mac.SetType("ns3::StaWifiMac", "Ssid", ns3::SsidValue(ns3::Ssid("mqttlab")), "ActiveProbing",
              ns3::BooleanValue(true));
  const auto device = install(place, device_dbm, mac);
  const std::size_t member = members_.size();
  device->SetReceiveCallback(ns3::MakeCallback(&WifiStations::came_down, this));
  device->GetMac()->TraceConnectWithoutContext(
      "Assoc", ns3::MakeCallback(&WifiStations::associated, this).Bind(member));
  device->GetMac()->TraceConnectWithoutContext(
      "DeAssoc", ns3::MakeCallback(&WifiStations::left, this).Bind(member));
  wifi_.AssignStreams(ns3::NetDeviceContainer(device),
                      first_stream + streams_of_device * static_cast<std::int64_t>(member));
  numbers_.emplace(ns3::Mac48Address::ConvertFrom(device->GetAddress()), member);
  members_.push_back({device, nullptr});
}

// What is for a device goes to the access point that took it in last, which may not reach it any
// more.
void WifiStations::send(std::size_t member, Link::End leads_to, ns3::Ptr<ns3::Packet> segment) {
  const Member& one = members_[member];
  if (one.access_point == nullptr) return;
  const bool is_up = leads_to == Link::End::at_site;
  ns3::Ipv4Header header;  // its bytes are on the air; nobody looks at it
  header.SetProtocol(ns3::TcpL4Protocol::PROT_NUMBER);
  header.SetPayloadSize(static_cast<std::uint16_t>(segment->GetSize()));
  segment->AddHeader(header);
  if (is_up)
    one.device->Send(segment, one.access_point->GetAddress(), ns3::Ipv4L3Protocol::PROT_NUMBER);
  else
    one.access_point->Send(segment, one.device->GetAddress(), ns3::Ipv4L3Protocol::PROT_NUMBER);
}

bool WifiStations::came_up(ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet, uint16_t,
                           const ns3::Address& from) {
  arrived(numbers_.at(ns3::Mac48Address::ConvertFrom(from)), Link::End::at_site, *packet);
  return true;
}

bool WifiStations::came_down(ns3::Ptr<ns3::NetDevice> device, ns3::Ptr<const ns3::Packet> packet,
                             uint16_t, const ns3::Address&) {
  arrived(numbers_.at(ns3::Mac48Address::ConvertFrom(device->GetAddress())), Link::End::at_device,
          *packet);
  return true;
}

void WifiStations::arrived(std::size_t member, Link::End leads_to, const ns3::Packet& packet) {
  const ns3::Ptr<ns3::Packet> segment = packet.Copy();
  ns3::Ipv4Header header;
  segment->RemoveHeader(header);
  segment->RemoveAllPacketTags();
  segment->RemoveAllByteTags();
  hooks_.arrives(member, leads_to, segment);
}

void WifiStations::associated(std::size_t member, ns3::Mac48Address access_point) {
  Member& one = members_[member];
  one.access_point = access_points_.at(access_point);
  if (std::exchange(one.is_roaming, false)) hooks_.moves(member, World::Move::roam, false);
}

void WifiStations::left(std::size_t member, ns3::Mac48Address) {
  Member& one = members_[member];
  if (!std::exchange(one.is_roaming, true)) hooks_.moves(member, World::Move::roam, true);
}

}  // namespace

std::unique_ptr<Stations> make_wifi_stations(const link::StationsModel& model,
                                             StationsHooks hooks) {
  return std::make_unique<WifiStations>(model, std::move(hooks));
}

}  // namespace mq::sim::cell
