// Two files for Wireshark and tshark. capture.pcap is what anybody on the way could have read: the
// packets of plain connections with all that is in them, and the records of TLS where there is TLS.
// decrypted.pcap is what lay within TLS, passwords starred out.
//
// Client number i (from 0) is 10.x.y.z with x.y.z = i + 1, the broker is 192.0.2.1 port 1883, 8883
// with TLS, and the store of those who speak HTTP port 80, within TLS 443; each connection of a
// client has a port of its own, counted from 10001 and used again after 50,000.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "reports/file/output_file.h"
#include "reports/ndjson/event_writer.h"
#include "reports/pcap/exported_pdus.h"
#include "sim/trace/event.h"

namespace mq::report {

class CaptureWriter final : public trace::Observer {
 public:
  enum class Shows : std::uint8_t { what_travels, what_tls_hides };
  struct Options {
    Shows shows = Shows::what_travels;
    std::uint64_t bytes_max = trace_bytes_max;  // what would exceed it is left out
    std::vector<bool> encrypted = {};           // who uses TLS, by position in the run
  };

  // `out` must outlive the writer.
  CaptureWriter(OutputFile& out, Options options);

  void observe(const trace::Event& event) override;
  void observe(const trace::EncryptedRecords& records);
  bool truncated() const { return pdus_.truncated(); }

 private:
  void put(const trace::HttpSeen& message, Instant at);
  bool is_encrypted(trace::ClientIndex client) const;

  const Options options_;
  ExportedPdus pdus_;
  std::vector<std::byte> scratch_;
};

}  // namespace mq::report
