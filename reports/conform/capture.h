// The packets of what did not pass, as capture.pcap: one case after another, each a second behind
// the one before. The case number i (from 1) is 10.x.y.z with x.y.z = i, the target is 192.0.2.1
// port 1883; each connection of a case has a port of its own, counted from 10001.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "reports/pcap/exported_pdus.h"

namespace mq::report {

class ConformCapture {
 public:
  explicit ConformCapture(OutputFile& out);

  // What follows is of the next case. Gives a display filter for it.
  std::string begin_case();
  // `since`: the case began. `connection` counts from 1. Either side may be the runner.
  enum class From : std::uint8_t { client, broker };
  void put(Duration since, std::uint32_t connection, From from, std::span<const std::byte> bytes);

  bool truncated() const { return pdus_.truncated(); }

 private:
  ExportedPdus pdus_;
  std::uint32_t number_ = 0;
  Instant begin_{};
  Instant last_{};
};

}  // namespace mq::report
