#include "reports/pcap/capture_writer.h"

#include <algorithm>
#include <string>
#include <utility>

namespace mq::report {
namespace {

// The file format: 24 bytes of header, then records of 16 bytes of header and the packet. The magic
// number says that times have nanoseconds.
constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t linktype_exported_pdu = 252;
constexpr std::uint32_t snapshot_bytes = 0x40000;  // as much of one packet as readers accept
constexpr std::size_t record_header_bytes = 16;

// Tags of an exported PDU (Wireshark, epan/exported_pdu.h): number and length in network order.
enum class Tag : std::uint16_t {
  end = 0,
  dissector_name = 12,
  ipv4_source = 20,
  ipv4_destination = 21,
  port_type = 24,
  source_port = 25,
  destination_port = 26,
};
constexpr std::uint32_t port_type_tcp = 2;

constexpr std::uint32_t broker_address = 0xC0000201;  // 192.0.2.1
constexpr std::uint32_t broker_port = 1883;
constexpr std::uint32_t client_network = 0x0A000000;  // 10.0.0.0/8
constexpr std::uint32_t client_port_first = 10001;
constexpr std::uint32_t client_ports = 50'000;

void put_host(std::string& out, std::uint32_t value) {  // in this machine's order, as pcap has it
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put_u16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}
void put_tag(std::string& out, Tag tag, std::uint32_t value) {
  put_u16(out, static_cast<std::uint16_t>(tag));
  put_u16(out, 4);
  put_u16(out, value >> 16);
  put_u16(out, value & 0xFFFF);
}

std::string tags_of(const trace::PacketSeen& packet) {
  const auto client = static_cast<std::uint32_t>(packet.connection.client);
  const std::uint32_t address = client_network | ((client + 1) & 0xFFFFFF);
  const std::uint32_t port = client_port_first + (packet.connection.number - 1U) % client_ports;
  const bool from_client = packet.end == trace::End::client;
  std::string out;
  put_u16(out, static_cast<std::uint16_t>(Tag::dissector_name));
  put_u16(out, 4);
  out += "mqtt";
  put_tag(out, Tag::ipv4_source, from_client ? address : broker_address);
  put_tag(out, Tag::ipv4_destination, from_client ? broker_address : address);
  put_tag(out, Tag::port_type, port_type_tcp);
  put_tag(out, Tag::source_port, from_client ? port : broker_port);
  put_tag(out, Tag::destination_port, from_client ? broker_port : port);
  put_u16(out, static_cast<std::uint16_t>(Tag::end));
  put_u16(out, 0);
  return out;
}

}  // namespace

CaptureWriter::CaptureWriter(OutputFile& out, std::uint64_t bytes_max, std::vector<bool> encrypted)
    : out_(out), bytes_max_(bytes_max), encrypted_(std::move(encrypted)) {
  std::string header;
  put_host(header, magic_nanoseconds);
  put_host(header, 4U << 16 | 2U);  // version 2.4, two numbers of 16 bits
  put_host(header, 0);
  put_host(header, 0);
  put_host(header, snapshot_bytes);
  put_host(header, linktype_exported_pdu);
  out_.append(header);
}

void CaptureWriter::observe(const trace::Event& event) {
  const auto* packet = std::get_if<trace::PacketSeen>(&event.what);
  if (packet == nullptr || !packet->sent || truncated_) return;
  std::string record = tags_of(*packet);
  const std::size_t whole = record.size() + packet->wire.size();
  const std::size_t kept = std::min<std::size_t>(whole, snapshot_bytes);
  if (out_.size() + record_header_bytes + kept > bytes_max_) {
    truncated_ = true;
    return;
  }
  const auto since = static_cast<std::uint64_t>(event.at.time_since_epoch().count());
  std::string head;
  put_host(head, static_cast<std::uint32_t>(since / 1'000'000'000));
  put_host(head, static_cast<std::uint32_t>(since % 1'000'000'000));
  put_host(head, static_cast<std::uint32_t>(kept));
  put_host(head, static_cast<std::uint32_t>(whole));
  out_.append(head);
  std::string wire(reinterpret_cast<const char*>(packet->wire.data()), packet->wire.size());
  const auto* connect = std::get_if<Connect>(packet->packet);
  const auto client = static_cast<std::size_t>(packet->connection.client);
  if (connect != nullptr && connect->password && client < encrypted_.size() && encrypted_[client]) {
    const std::size_t secret = std::min(connect->password->size(), wire.size());
    wire.replace(wire.size() - secret, secret, secret, '*');  // the last field of CONNECT
  }
  record.append(wire, 0, kept - record.size());
  out_.append(record);
}

}  // namespace mq::report
