#include "transport/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <utility>
#include <vector>

namespace mq::transport {
namespace {

constexpr std::array<unsigned char, 12> signature{0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D,
                                                  0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};
constexpr std::size_t fixed_bytes = 16;
constexpr unsigned checksum_type = 0x03;

unsigned byte_at(std::span<const std::byte> bytes, std::size_t at) {
  return std::to_integer<unsigned>(bytes[at]);
}
unsigned u16_at(std::span<const std::byte> bytes, std::size_t at) {
  return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

std::uint32_t crc32c(std::span<const std::byte> bytes) {
  std::uint32_t crc = ~0U;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

template <class Address>
std::string address_at(std::span<const std::byte> bytes, std::size_t at, std::size_t port_at) {
  typename Address::bytes_type raw;
  for (std::size_t i = 0; i < raw.size(); ++i)
    raw[i] = static_cast<unsigned char>(byte_at(bytes, at + i));
  const std::string text = Address(raw).to_string();
  const std::string port = std::to_string(u16_at(bytes, port_at));
  return raw.size() == 4 ? text + ":" + port : "[" + text + "]:" + port;
}

// What is wrong with the additions after the addresses.
std::optional<std::string> additions_break(std::span<const std::byte> header, std::size_t at) {
  while (at < header.size()) {
    if (header.size() - at < 3) return "an addition is cut off";
    const std::size_t size = u16_at(header, at + 1);
    if (header.size() - at - 3 < size) return "an addition is longer than the header";
    if (byte_at(header, at) == checksum_type) {
      if (size != 4) return "a checksum has 4 bytes";
      std::vector<std::byte> zeroed(header.begin(), header.end());
      std::fill_n(zeroed.begin() + static_cast<std::ptrdiff_t>(at + 3), 4, std::byte{0});
      const std::uint32_t said = u16_at(header, at + 3) << 16 | u16_at(header, at + 5);
      if (crc32c(zeroed) != said) return "the checksum does not hold";
    }
    at += 3 + size;
  }
  return std::nullopt;
}

}  // namespace

std::variant<ProxyHeader, ProxyIncomplete, ProxyFault> parse_proxy_header(
    std::span<const std::byte> bytes) {
  for (std::size_t i = 0; i < std::min(bytes.size(), signature.size()); ++i) {
    if (byte_at(bytes, i) == signature[i]) continue;
    if (i == 0 && byte_at(bytes, 0) == 'P')
      return ProxyFault{
          "version 1 of the PROXY protocol is refused; the proxy must send version 2"};
    return ProxyFault{"the connection does not begin with a PROXY header"};
  }
  if (bytes.size() < fixed_bytes) return ProxyIncomplete{};
  const unsigned version = byte_at(bytes, 12) >> 4;
  const unsigned command = byte_at(bytes, 12) & 0xF;
  const unsigned family = byte_at(bytes, 13) >> 4;
  const unsigned protocol = byte_at(bytes, 13) & 0xF;
  const std::size_t size = fixed_bytes + u16_at(bytes, 14);
  if (version != 2) return ProxyFault{"the version of the PROXY header is not 2"};
  if (command > 1) return ProxyFault{"the command of the PROXY header is not known"};
  if (family > 3 || protocol > 2)
    return ProxyFault{"the address family of the PROXY header is not known"};
  if (size > proxy_header_bytes_max)
    return ProxyFault{"the PROXY header is longer than " + std::to_string(proxy_header_bytes_max) +
                      " bytes"};
  if (bytes.size() < size) return ProxyIncomplete{};
  const auto header = bytes.first(size);
  const bool is_local = command == 0;
  constexpr std::array<std::size_t, 4> address_bytes{0, 12, 36, 216};
  const std::size_t addresses = family == 0 ? 0 : address_bytes[family];
  if (size - fixed_bytes < addresses)
    return ProxyFault{"the PROXY header is too short for its addresses"};
  // Of a family that is not given the rest cannot be told apart.
  if (family != 0)
    if (const auto broken = additions_break(header, fixed_bytes + addresses))
      return ProxyFault{"the PROXY header is broken: " + *broken};
  ProxyHeader parsed{size, {}};
  if (is_local || family == 0) return parsed;
  if (protocol != 1) return ProxyFault{"the PROXY header is not for a stream"};
  if (family == 1) parsed.address = address_at<boost::asio::ip::address_v4>(header, 16, 24);
  if (family == 2) parsed.address = address_at<boost::asio::ip::address_v6>(header, 16, 48);
  return parsed;
}

namespace {

class ProxyLayer final : public Layer {
 public:
  void begin(Sides&) override {}

  void from_peer(std::span<const std::byte> bytes, Sides& sides) override {
    if (open_) {
      sides.to_owner(bytes);
      return;
    }
    if (over_) return;
    const std::size_t had = seen_.size();
    const std::size_t taken = std::min(bytes.size(), proxy_header_bytes_max - had);
    seen_.insert(seen_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    const auto parsed = parse_proxy_header(seen_);
    if (const auto* fault = std::get_if<ProxyFault>(&parsed)) {
      over_ = true;
      return sides.failed(fault->why);
    }
    const auto* header = std::get_if<ProxyHeader>(&parsed);
    if (header == nullptr) return;
    open_ = true;
    address_ = header->address;
    seen_ = {};
    sides.opened();
    const auto rest = bytes.subspan(header->bytes - had);
    if (!rest.empty()) sides.to_owner(rest);
  }

  void from_owner(std::span<const std::byte> bytes, Sides& sides) override { sides.to_peer(bytes); }
  void close(Sides&) override {}
  void tell(LinkFacts& facts) const override { facts.address = address_; }
  std::string waits_for() const override { return "PROXY header"; }

 private:
  std::vector<std::byte> seen_;
  std::string address_;
  bool open_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<Layer> proxy_layer() { return std::make_unique<ProxyLayer>(); }

}  // namespace mq::transport
