// events.ndjson: the whole trace as text, one JSON object a line. The first line is the head
// (RunInfo). Packets stand there readably and, as base64, byte for byte but for passwords, which
// are starred out, so that a reader can judge the run again. What is read with EventReader and
// written again gives the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "reports/file/output_file.h"
#include "sim/trace/event.h"
#include "sim/trace/run_info.h"

namespace mq::report {

inline constexpr std::uint64_t trace_bytes_max = 512'000'000;  // of events.ndjson and of a capture
inline constexpr int events_version = 1;

class EventWriter final : public trace::Observer {
 public:
  // `out` must outlive the writer. Once a line would exceed `bytes_max`, a last line says that the
  // trace stops here, and nothing further is written.
  EventWriter(OutputFile& out, const trace::RunInfo& run,
              std::uint64_t bytes_max = trace_bytes_max);

  void observe(const trace::Event& event) override;
  bool truncated() const { return truncated_; }

 private:
  OutputFile& out_;
  std::uint64_t bytes_max_;
  bool truncated_ = false;
  std::vector<std::byte> scratch_;
};

}  // namespace mq::report
