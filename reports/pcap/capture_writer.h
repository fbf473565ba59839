// capture.pcap: every packet as its sender sent it, for Wireshark and tshark. The link type is
// "exported PDU": each record names the dissector (mqtt), the addresses and the ports, so there are
// no made-up TCP headers, and what travels in TLS or WebSocket is readable too.
//
// Client number i (from 0) is 10.x.y.z with x.y.z = i + 1, the broker is 192.0.2.1 port 1883; each
// connection of a client has a port of its own, counted from 10001 and used again after 50,000.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/file/output_file.h"
#include "reports/ndjson/event_writer.h"
#include "sim/trace/event.h"

namespace mq::report {

class CaptureWriter final : public trace::Observer {
 public:
  // `out` must outlive the writer. What would exceed `bytes_max` is left out. Of clients for which
  // `encrypted` says so, by their position in the run, nobody on the way can read a password, and
  // neither can who reads the capture: it is starred out.
  explicit CaptureWriter(OutputFile& out, std::uint64_t bytes_max = trace_bytes_max,
                         std::vector<bool> encrypted = {});

  void observe(const trace::Event& event) override;
  bool truncated() const { return truncated_; }

 private:
  OutputFile& out_;
  std::uint64_t bytes_max_;
  std::vector<bool> encrypted_;
  bool truncated_ = false;
};

}  // namespace mq::report
