// Reads events.ndjson back into the trace that it was written from.
#pragma once

#include <cstdint>
#include <istream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/trace/event.h"
#include "sim/trace/run_info.h"

namespace mq::report {

class EventReader {
 public:
  struct Fault {
    std::uint64_t line = 0;  // from 1
    std::string why;
  };

  // Reads the head at once. `in` must outlive the reader.
  explicit EventReader(std::istream& in);

  // Nothing if the head could not be read; fault() says why.
  const trace::RunInfo* run() const { return run_ ? &*run_ : nullptr; }

  // Gives the next event to `observer`; false at the end of the file and after a fault.
  bool next(trace::Observer& observer);
  // Events before `from` are passed over without being decoded.
  void skip_before(Instant from) { from_ = from; }
  // So are events of clients other than these, but for what they attempted to publish.
  void skip_others(std::span<const trace::ClientIndex> clients);

  const std::optional<Fault>& fault() const { return fault_; }
  bool truncated() const { return truncated_; }  // the writer stopped at its limit

 private:
  bool read_line();
  bool is_wanted(Instant at) const;
  bool fail(std::string why);

  std::istream& in_;
  std::string line_;
  std::uint64_t line_number_ = 0;
  Instant from_ = Instant::min();
  Instant last_ = Instant::min();
  std::vector<bool> wanted_;  // by client; empty: all
  std::optional<trace::RunInfo> run_;
  std::optional<Fault> fault_;
  bool truncated_ = false;
  std::map<std::string, Rule, std::less<>> rules_;
  std::string wire_;  // reused from event to event
};

}  // namespace mq::report
