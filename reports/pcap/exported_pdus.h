// A pcap file of the link type "exported PDU": each record names the dissector (mqtt, tls), the
// addresses and the ports, so there are no made-up TCP headers, and tshark reads what travelled in
// TLS and WebSocket too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/time.h"
#include "reports/file/output_file.h"

namespace mq::report {

class ExportedPdus {
 public:
  struct Flow {
    std::uint32_t source = 0;  // IPv4
    std::uint32_t source_port = 0;
    std::uint32_t destination = 0;
    std::uint32_t destination_port = 0;
  };

  // `out` must outlive this. What would exceed `bytes_max` is left out.
  ExportedPdus(OutputFile& out, std::uint64_t bytes_max);

  void put(Instant at, std::string_view dissector, const Flow& flow,
           std::span<const std::byte> bytes);
  bool truncated() const { return truncated_; }

 private:
  OutputFile& out_;
  const std::uint64_t bytes_max_;
  bool truncated_ = false;
};

}  // namespace mq::report
