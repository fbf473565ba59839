#include "sim/ns3/caller.h"

#include <ns3/packet.h>
#include <ns3/simulator.h>

#include <utility>

namespace mq::sim::cell {

void Caller::call(DeviceId device, const TcpSettings& settings, std::function<void(bool)> tell) {
  do {
    last_port_ = last_port_ == 40'000 ? 20'001 : static_cast<std::uint16_t>(last_port_ + 1);
  } while (calls_.contains(last_port_));
  calls_.emplace(last_port_, Call{device, &settings, std::move(tell)});
  ring(last_port_);
}

void Caller::ring(std::uint16_t port) {
  const auto found = calls_.find(port);
  if (found == calls_.end()) return;  // answered
  Call& call = found->second;
  if (call.tries == call.settings->syn_tries.value) return end(port, false);
  const Duration wait = call.settings->first_syn_timeout.value * (std::int64_t{1} << call.tries++);
  ns3::TcpHeader header;
  header.SetFlags(ns3::TcpHeader::SYN);
  header.SetSourcePort(port);
  header.SetDestinationPort(service_port);
  header.SetSequenceNumber(ns3::SequenceNumber32(0));
  header.SetWindowSize(65'535);
  const auto packet = ns3::Create<ns3::Packet>();
  packet->AddHeader(header);
  Link& link = *air_.links[static_cast<std::size_t>(call.device)];
  link.base->send(packet, site_address(), address_of(call.device));
  ns3::Simulator::Schedule(ns3::NanoSeconds(wait.count()), &Caller::ring, this, port);
}

ns3::TcpHeader Caller::answer_of_service(const ns3::TcpHeader& header) {
  ns3::TcpHeader answer;
  answer.SetFlags(ns3::TcpHeader::SYN | ns3::TcpHeader::ACK);
  answer.SetSourcePort(service_port);
  answer.SetDestinationPort(header.GetSourcePort());
  answer.SetAckNumber(header.GetSequenceNumber() + ns3::SequenceNumber32(1));
  answer.SetWindowSize(65'535);
  return answer;
}

void Caller::is_answered(std::uint16_t port) {
  if (calls_.contains(port)) end(port, true);
}

void Caller::end(std::uint16_t port, bool answered) {
  const auto tell = std::move(calls_.at(port).tell);
  calls_.erase(port);
  tell(answered);
}

}  // namespace mq::sim::cell
