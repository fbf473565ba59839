#include "reports/pcap/capture_writer.h"

#include <string_view>
#include <utility>

#include "reports/text/secret.h"

namespace mq::report {
namespace {

constexpr std::uint32_t broker_address = 0xC0000201;  // 192.0.2.1
constexpr std::uint32_t broker_port = 1883;
constexpr std::uint32_t broker_port_tls = 8883;
constexpr std::uint32_t store_port = 80;
constexpr std::uint32_t store_port_tls = 443;
constexpr std::uint32_t client_network = 0x0A000000;  // 10.0.0.0/8
constexpr std::uint32_t client_port_first = 10001;
constexpr std::uint32_t client_ports = 50'000;

ExportedPdus::Flow flow_of(const trace::Connection& connection, trace::End sender,
                           std::uint32_t port_of_broker) {
  const auto client = static_cast<std::uint32_t>(connection.client);
  const std::uint32_t address = client_network | ((client + 1) & 0xFFFFFF);
  const std::uint32_t port = client_port_first + (connection.number - 1U) % client_ports;
  if (sender == trace::End::client) return {address, port, broker_address, port_of_broker};
  return {broker_address, port_of_broker, address, port};
}

}  // namespace

CaptureWriter::CaptureWriter(OutputFile& out, Options options)
    : options_(std::move(options)), pdus_(out, options_.bytes_max) {}

void CaptureWriter::observe(const trace::Event& event) {
  if (truncated()) return;
  if (const auto* message = std::get_if<trace::HttpSeen>(&event.what))
    return put(*message, event.at);
  const auto* packet = std::get_if<trace::PacketSeen>(&event.what);
  if (packet == nullptr || !packet->sent) return;
  const bool hidden = is_encrypted(packet->connection.client);
  if (hidden != (options_.shows == Shows::what_tls_hides)) return;
  pdus_.put(event.at, "mqtt",
            flow_of(packet->connection, packet->end, hidden ? broker_port_tls : broker_port),
            hidden ? without_password(*packet->packet, packet->wire, scratch_) : packet->wire);
}

void CaptureWriter::put(const trace::HttpSeen& message, Instant at) {
  const bool hidden = is_encrypted(message.connection.client);
  if (!message.sent || hidden != (options_.shows == Shows::what_tls_hides)) return;
  pdus_.put(at, "http",
            flow_of(message.connection, message.end, hidden ? store_port_tls : store_port),
            message.wire);
}

void CaptureWriter::observe(const trace::EncryptedRecords& records) {
  if (options_.shows != Shows::what_travels || truncated()) return;
  pdus_.put(records.at, "tls", flow_of(records.connection, records.from, broker_port_tls),
            records.bytes);
}

bool CaptureWriter::is_encrypted(trace::ClientIndex client) const {
  const auto index = static_cast<std::size_t>(client);
  return index < options_.encrypted.size() && options_.encrypted[index];
}

}  // namespace mq::report
