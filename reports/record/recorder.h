// Everything that listens to a run, as one observer: the checks, the collector and the files that
// are streamed. At the end it gives the Results, but for what only the runner knows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "conformance/checks/check_set.h"
#include "conformance/monitors/monitors.h"
#include "reports/collect/collector.h"
#include "reports/file/output_file.h"
#include "reports/ndjson/event_writer.h"
#include "reports/pcap/capture_writer.h"
#include "reports/results.h"
#include "sim/trace/batch.h"

namespace mq::report {

// Which runs keep events.ndjson, capture.pcap and, where there is TLS, decrypted.pcap.
enum class TracePolicy : std::uint8_t {
  full,      // every run
  failures,  // those that broke a promise or proved nothing; written meanwhile, removed otherwise
  none,
};

class Recorder final : public trace::BatchObserver {
 public:
  struct Options {
    std::string folder;  // that exists
    TracePolicy trace = TracePolicy::full;
    std::uint64_t trace_bytes = trace_bytes_max;  // of each of the files
    std::vector<bool> encrypted = {};             // who uses TLS, by position in the run
  };
  struct FileError {
    std::string path;
    std::error_code error;
  };

  Recorder(const trace::RunInfo& run, const Options& options);
  ~Recorder() override;

  void observe(const trace::Event& event) override { observe_all({&event, 1}); }
  void observe_all(std::span<const trace::Event> events) override;
  void observe(const trace::EncryptedRecords& records);
  bool keeps_trace() const { return options_.trace != TracePolicy::none; }

  // A file that could not be opened or written (a full disk); look at it as often as is useful, and
  // after finish(). Everything else goes on.
  std::optional<FileError> error() const;

  // Once, after the last event, which is at `end`. Fills in all but hash, command, version,
  // configuration, traffic and what is not reproducible.
  Results finish(Instant end);

 private:
  std::vector<OutputFile*> files() const;
  void close_files(Results& results);

  Options options_;
  trace::RunInfo run_;
  checks::CheckSet checks_;
  monitors::Monitors monitors_;
  Collector collector_;
  std::unique_ptr<OutputFile> events_file_;
  std::unique_ptr<OutputFile> capture_file_;
  std::unique_ptr<OutputFile> decrypted_file_;  // only if somebody uses TLS
  std::unique_ptr<EventWriter> events_;
  std::unique_ptr<CaptureWriter> capture_;
  std::unique_ptr<CaptureWriter> decrypted_;
  bool complete_ = false;
};

}  // namespace mq::report
