#include "sim/ns3/stations/lte_stations.h"

#include <ns3/boolean.h>
#include <ns3/constant-position-mobility-model.h>
#include <ns3/enum.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-header.h>
#include <ns3/ipv4-l3-protocol.h>
#include <ns3/lte-enb-net-device.h>
#include <ns3/lte-enb-phy.h>
#include <ns3/lte-enb-rrc.h>
#include <ns3/lte-helper.h>
#include <ns3/lte-ue-net-device.h>
#include <ns3/lte-ue-phy.h>
#include <ns3/lte-ue-rrc.h>
#include <ns3/okumura-hata-propagation-loss-model.h>
#include <ns3/point-to-point-epc-helper.h>
#include <ns3/tcp-l4-protocol.h>
#include <ns3/virtual-net-device.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "sim/ns3/stations/way.h"

namespace mq::sim::cell {
namespace {

// A suburb, by ns-3's model of Okumura and Hata: masts beside a road.
constexpr double mast_metres = 30;
constexpr double device_metres = 1.5;
constexpr double road_metres = 50;  // from the masts
constexpr double cell_dbm = 43;     // 20 W, of a cell of some kilometres
constexpr double device_dbm = 23;   // power class 3, as every phone and modem has it

// Numbers of ns-3's random streams: cells first, then so many for each device.
constexpr std::int64_t first_stream = 1000;
constexpr std::int64_t streams_of_device = 1000;

class LteStations final : public Stations {
 public:
  LteStations(const link::StationsModel& model, StationsHooks hooks);
  void add_member(Rng rng) override;
  void send(std::size_t member, Link::End leads_to, ns3::Ptr<ns3::Packet> segment) override;

 private:
  struct Member {
    ns3::Ptr<ns3::NetDevice> device;
    ns3::Ipv4Address address;  // in the operator's network
    // What has begun and is not over.
    bool is_handed_over = false;
    bool has_failed = false;
  };

  void build_cells();
  void hear(ns3::LteUeRrc& rrc);
  std::size_t member_of(std::uint64_t imsi) const { return imsi - 1; }
  bool came_down(ns3::Ptr<ns3::NetDevice> device, ns3::Ptr<const ns3::Packet> packet, uint16_t,
                 const ns3::Address&);
  bool came_up(ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet, uint16_t,
               const ns3::Address&);
  void arrived(Link::End leads_to, const ns3::Packet& packet);
  void handover_begins(uint64_t imsi, uint16_t cell, uint16_t rnti, uint16_t target);
  void handover_ends(uint64_t imsi, uint16_t cell, uint16_t rnti);
  void link_fails(uint64_t imsi, uint16_t cell, uint16_t rnti);
  void connected(uint64_t imsi, uint16_t cell, uint16_t rnti);

  link::StationsModel model_;
  StationsHooks hooks_;
  ns3::Ptr<ns3::PointToPointEpcHelper> core_ = ns3::CreateObject<ns3::PointToPointEpcHelper>();
  ns3::Ptr<ns3::LteHelper> lte_ = ns3::CreateObject<ns3::LteHelper>();
  ns3::Ptr<ns3::VirtualNetDevice> gateway_;  // where the operator's network meets ours
  std::vector<Member> members_;
};

LteStations::LteStations(const link::StationsModel& model, StationsHooks hooks)
    : model_(model), hooks_(std::move(hooks)) {
  lte_->SetEpcHelper(core_);
  // RRC's messages are sent over the radio, and can be lost there.
  lte_->SetAttribute("UseIdealRrc", ns3::BooleanValue(false));
  lte_->SetPathlossModelType(ns3::OkumuraHataPropagationLossModel::GetTypeId());
  lte_->SetPathlossModelAttribute("Environment", ns3::EnumValue(ns3::SubUrbanEnvironment));
  lte_->SetSchedulerType("ns3::RrFfMacScheduler");
  // ns-3.37 ends the program when HARQ is to repeat something for a device that has just left the
  // cell; without HARQ, RLC sends again what is lost on the air.
  lte_->SetSchedulerAttribute("HarqEnabled", ns3::BooleanValue(false));
  lte_->SetHandoverAlgorithmType("ns3::A3RsrpHandoverAlgorithm");
  build_cells();
  const ns3::Ptr<ns3::Node> node = core_->GetPgwNode();
  for (std::uint32_t i = 0; i < node->GetNDevices(); ++i)
    if (const auto device = ns3::DynamicCast<ns3::VirtualNetDevice>(node->GetDevice(i)))
      gateway_ = device;
  ensure(gateway_ != nullptr, "the core network has a gateway");
  gateway_->SetReceiveCallback(ns3::MakeCallback(&LteStations::came_up, this));
}

void LteStations::build_cells() {
  ns3::NodeContainer nodes;
  nodes.Create(static_cast<std::uint32_t>(model_.count));
  for (std::uint32_t i = 0; i < nodes.GetN(); ++i) {
    const auto place = ns3::CreateObject<ns3::ConstantPositionMobilityModel>();
    place->SetPosition({i * model_.spacing_metres, 0, mast_metres});
    nodes.Get(i)->AggregateObject(place);
  }
  const ns3::NetDeviceContainer cells = lte_->InstallEnbDevice(nodes);
  for (std::uint32_t i = 0; i < cells.GetN(); ++i) {
    const auto cell = ns3::DynamicCast<ns3::LteEnbNetDevice>(cells.Get(i));
    // What is lost on the air is sent again there, as operators have it for data.
    cell->GetRrc()->SetAttribute("EpsBearerToRlcMapping",
                                 ns3::EnumValue(ns3::LteEnbRrc::RLC_AM_ALWAYS));
    cell->GetPhy()->SetTxPower(cell_dbm);
  }
  lte_->AddX2Interface(nodes);
  lte_->AssignStreams(cells, 0);
}

void LteStations::add_member(Rng rng) {
  const double length = static_cast<double>(model_.count - 1) * model_.spacing_metres;
  ns3::NodeContainer node;
  node.Create(1);
  node.Get(0)->AggregateObject(ns3::CreateObject<Way>(Way::Course{.metres = length,
                                                                  .start = 2 * length * rng.unit(),
                                                                  .speed = model_.metres_per_second,
                                                                  .distance = road_metres,
                                                                  .height = device_metres}));
  ns3::InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  stack.Install(node);
  const ns3::NetDeviceContainer device = lte_->InstallUeDevice(node);
  const ns3::Ipv4Address address = core_->AssignUeIpv4Address(device).GetAddress(0);
  const auto modem = ns3::DynamicCast<ns3::LteUeNetDevice>(device.Get(0));
  ensure(member_of(modem->GetImsi()) == members_.size(), "subscribers are numbered from 1");
  modem->GetPhy()->SetTxPower(device_dbm);
  modem->SetReceiveCallback(ns3::MakeCallback(&LteStations::came_down, this));
  lte_->AssignStreams(
      device, first_stream + streams_of_device * static_cast<std::int64_t>(members_.size()));
  hear(*modem->GetRrc());
  members_.push_back({modem, address});
  lte_->Attach(device);  // to the cell that it hears best, when the simulation has begun
}

void LteStations::hear(ns3::LteUeRrc& rrc) {
  rrc.TraceConnectWithoutContext("HandoverStart",
                                 ns3::MakeCallback(&LteStations::handover_begins, this));
  rrc.TraceConnectWithoutContext("HandoverEndOk",
                                 ns3::MakeCallback(&LteStations::handover_ends, this));
  rrc.TraceConnectWithoutContext("HandoverEndError",
                                 ns3::MakeCallback(&LteStations::handover_ends, this));
  rrc.TraceConnectWithoutContext("RadioLinkFailure",
                                 ns3::MakeCallback(&LteStations::link_fails, this));
  rrc.TraceConnectWithoutContext("ConnectionEstablished",
                                 ns3::MakeCallback(&LteStations::connected, this));
}

// The addresses are the operator's, so that its network finds the way. A device that is not
// connected drops what it should send.
void LteStations::send(std::size_t member, Link::End leads_to, ns3::Ptr<ns3::Packet> segment) {
  const Member& one = members_[member];
  const bool is_up = leads_to == Link::End::at_site;
  ns3::Ipv4Header header;
  header.SetSource(is_up ? one.address : site_address());
  header.SetDestination(is_up ? site_address() : one.address);
  header.SetProtocol(ns3::TcpL4Protocol::PROT_NUMBER);
  header.SetPayloadSize(static_cast<std::uint16_t>(segment->GetSize()));
  header.SetTtl(64);
  segment->AddHeader(header);
  const ns3::Ptr<ns3::NetDevice> into = is_up ? one.device : ns3::Ptr<ns3::NetDevice>(gateway_);
  into->Send(segment, into->GetAddress(), ns3::Ipv4L3Protocol::PROT_NUMBER);
}

bool LteStations::came_up(ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet, uint16_t,
                          const ns3::Address&) {
  arrived(Link::End::at_site, *packet);
  return true;
}

bool LteStations::came_down(ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet, uint16_t,
                            const ns3::Address&) {
  arrived(Link::End::at_device, *packet);
  return true;
}

void LteStations::arrived(Link::End leads_to, const ns3::Packet& packet) {
  const ns3::Ptr<ns3::Packet> segment = packet.Copy();
  ns3::Ipv4Header header;
  segment->RemoveHeader(header);
  // What the models noted on it is nobody else's.
  segment->RemoveAllPacketTags();
  segment->RemoveAllByteTags();
  const ns3::Ipv4Address address =
      leads_to == Link::End::at_site ? header.GetSource() : header.GetDestination();
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& one) { return one.address == address; });
  ensure(found != members_.end(), "an address of the operator is that of a device");
  hooks_.arrives(static_cast<std::size_t>(found - members_.begin()), leads_to, segment);
}

void LteStations::handover_begins(uint64_t imsi, uint16_t, uint16_t, uint16_t) {
  const std::size_t member = member_of(imsi);
  if (!std::exchange(members_[member].is_handed_over, true))
    hooks_.moves(member, World::Move::handover, true);
}

void LteStations::handover_ends(uint64_t imsi, uint16_t, uint16_t) {
  const std::size_t member = member_of(imsi);
  if (std::exchange(members_[member].is_handed_over, false))
    hooks_.moves(member, World::Move::handover, false);
}

void LteStations::link_fails(uint64_t imsi, uint16_t cell, uint16_t rnti) {
  handover_ends(imsi, cell, rnti);
  const std::size_t member = member_of(imsi);
  if (!std::exchange(members_[member].has_failed, true))
    hooks_.moves(member, World::Move::link_failure, true);
}

void LteStations::connected(uint64_t imsi, uint16_t, uint16_t) {
  const std::size_t member = member_of(imsi);
  if (std::exchange(members_[member].has_failed, false))
    hooks_.moves(member, World::Move::link_failure, false);
}

}  // namespace

std::unique_ptr<Stations> make_lte_stations(const link::StationsModel& model, StationsHooks hooks) {
  return std::make_unique<LteStations>(model, std::move(hooks));
}

}  // namespace mq::sim::cell
