#include "reports/pcap/capture_writer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "reports/text/secret.h"

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
constexpr std::uint32_t broker_port_tls = 8883;
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

std::string tags_of(std::string_view dissector, const trace::Connection& connection,
                    trace::End sender, std::uint32_t port_of_broker) {
  const auto client = static_cast<std::uint32_t>(connection.client);
  const std::uint32_t address = client_network | ((client + 1) & 0xFFFFFF);
  const std::uint32_t port = client_port_first + (connection.number - 1U) % client_ports;
  const bool from_client = sender == trace::End::client;
  std::string name(dissector);
  name.resize((name.size() + 3) / 4 * 4, '\0');  // padded, as readers expect tags aligned
  std::string out;
  put_u16(out, static_cast<std::uint16_t>(Tag::dissector_name));
  put_u16(out, static_cast<std::uint32_t>(name.size()));
  out += name;
  put_tag(out, Tag::ipv4_source, from_client ? address : broker_address);
  put_tag(out, Tag::ipv4_destination, from_client ? broker_address : address);
  put_tag(out, Tag::port_type, port_type_tcp);
  put_tag(out, Tag::source_port, from_client ? port : port_of_broker);
  put_tag(out, Tag::destination_port, from_client ? port_of_broker : port);
  put_u16(out, static_cast<std::uint16_t>(Tag::end));
  put_u16(out, 0);
  return out;
}

}  // namespace

CaptureWriter::CaptureWriter(OutputFile& out, Options options)
    : out_(out), options_(std::move(options)) {
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
  const bool hidden = is_encrypted(packet->connection.client);
  if (hidden != (options_.shows == Shows::what_tls_hides)) return;
  put(event.at,
      tags_of("mqtt", packet->connection, packet->end, hidden ? broker_port_tls : broker_port),
      hidden ? without_password(*packet->packet, packet->wire, scratch_) : packet->wire);
}

void CaptureWriter::observe(const trace::EncryptedRecords& records) {
  if (options_.shows != Shows::what_travels || truncated_) return;
  put(records.at, tags_of("tls", records.connection, records.from, broker_port_tls), records.bytes);
}

void CaptureWriter::put(Instant at, const std::string& tags, std::span<const std::byte> bytes) {
  const std::size_t whole = tags.size() + bytes.size();
  const std::size_t kept = std::min<std::size_t>(whole, snapshot_bytes);
  if (out_.size() + record_header_bytes + kept > options_.bytes_max) {
    truncated_ = true;
    return;
  }
  const auto since = static_cast<std::uint64_t>(at.time_since_epoch().count());
  std::string record;
  put_host(record, static_cast<std::uint32_t>(since / 1'000'000'000));
  put_host(record, static_cast<std::uint32_t>(since % 1'000'000'000));
  put_host(record, static_cast<std::uint32_t>(kept));
  put_host(record, static_cast<std::uint32_t>(whole));
  record += tags;
  record.append(reinterpret_cast<const char*>(bytes.data()), kept - tags.size());
  out_.append(record);
}

bool CaptureWriter::is_encrypted(trace::ClientIndex client) const {
  const auto index = static_cast<std::size_t>(client);
  return index < options_.encrypted.size() && options_.encrypted[index];
}

}  // namespace mq::report
