#include "reports/conform/capture.h"

#include <fmt/format.h>

#include <algorithm>

namespace mq::report {
namespace {

constexpr std::uint64_t bytes_max = 256ULL * 1024 * 1024;
constexpr std::uint32_t target_address = 0xC0000201;  // 192.0.2.1
constexpr std::uint32_t target_port = 1883;
constexpr std::uint32_t case_network = 0x0A000000;  // 10.0.0.0/8
constexpr std::uint32_t port_first = 10000;

}  // namespace

ConformCapture::ConformCapture(OutputFile& out) : pdus_(out, bytes_max) {}

std::string ConformCapture::begin_case() {
  ++number_;
  begin_ = last_ = last_ + std::chrono::seconds(1);
  const std::string address =
      fmt::format("10.{}.{}.{}", number_ >> 16 & 0xff, number_ >> 8 & 0xff, number_ & 0xff);
  return fmt::format("exported_pdu.ipv4_src == {0} || exported_pdu.ipv4_dst == {0}", address);
}

void ConformCapture::put(Duration since, std::uint32_t connection, From from,
                         std::span<const std::byte> bytes) {
  last_ = std::max(last_, begin_ + since);
  const std::uint32_t address = case_network | (number_ & 0xffffff);
  const std::uint32_t port = port_first + connection;
  if (from == From::client)
    pdus_.put(begin_ + since, "mqtt", {address, port, target_address, target_port}, bytes);
  else
    pdus_.put(begin_ + since, "mqtt", {target_address, target_port, address, port}, bytes);
}

}  // namespace mq::report
