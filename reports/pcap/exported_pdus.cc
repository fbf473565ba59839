#include "reports/pcap/exported_pdus.h"

#include <algorithm>
#include <string>

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

std::string tags_of(std::string_view dissector, const ExportedPdus::Flow& flow) {
  std::string name(dissector);
  name.resize((name.size() + 3) / 4 * 4, '\0');  // padded, as readers expect tags aligned
  std::string out;
  put_u16(out, static_cast<std::uint16_t>(Tag::dissector_name));
  put_u16(out, static_cast<std::uint32_t>(name.size()));
  out += name;
  put_tag(out, Tag::ipv4_source, flow.source);
  put_tag(out, Tag::ipv4_destination, flow.destination);
  put_tag(out, Tag::port_type, port_type_tcp);
  put_tag(out, Tag::source_port, flow.source_port);
  put_tag(out, Tag::destination_port, flow.destination_port);
  put_u16(out, static_cast<std::uint16_t>(Tag::end));
  put_u16(out, 0);
  return out;
}

}  // namespace

ExportedPdus::ExportedPdus(OutputFile& out, std::uint64_t bytes_max)
    : out_(out), bytes_max_(bytes_max) {
  std::string header;
  put_host(header, magic_nanoseconds);
  put_host(header, 4U << 16 | 2U);  // version 2.4, two numbers of 16 bits
  put_host(header, 0);
  put_host(header, 0);
  put_host(header, snapshot_bytes);
  put_host(header, linktype_exported_pdu);
  out_.append(header);
}

void ExportedPdus::put(Instant at, std::string_view dissector, const Flow& flow,
                       std::span<const std::byte> bytes) {
  if (truncated_) return;
  const std::string tags = tags_of(dissector, flow);
  const std::size_t whole = tags.size() + bytes.size();
  const std::size_t kept = std::min<std::size_t>(whole, snapshot_bytes);
  if (out_.size() + record_header_bytes + kept > bytes_max_) {
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

}  // namespace mq::report
