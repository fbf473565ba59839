#include "reports/record/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "reports/journey/journey.h"
#include "reports/judged.h"
#include "reports/sequence/sequence.h"
#include "reports/text/format.h"

namespace mq::report {

Recorder::Recorder(const trace::RunInfo& run, const Options& options)
    : options_(options), run_(run), checks_(run), monitors_(run_), collector_(run) {
  if (options_.trace == TracePolicy::none) return;
  events_file_ = std::make_unique<OutputFile>(options_.folder + "/events.ndjson");
  capture_file_ = std::make_unique<OutputFile>(options_.folder + "/capture.pcap");
  events_ = std::make_unique<EventWriter>(*events_file_, run_, options_.trace_bytes);
  const auto capture = [&](OutputFile& file, CaptureWriter::Shows shows) {
    return std::make_unique<CaptureWriter>(
        file,
        CaptureWriter::Options{
            .shows = shows, .bytes_max = options_.trace_bytes, .encrypted = options_.encrypted});
  };
  capture_ = capture(*capture_file_, CaptureWriter::Shows::what_travels);
  if (std::ranges::find(options_.encrypted, true) == options_.encrypted.end()) return;
  decrypted_file_ = std::make_unique<OutputFile>(options_.folder + "/decrypted.pcap");
  decrypted_ = capture(*decrypted_file_, CaptureWriter::Shows::what_tls_hides);
}

Recorder::~Recorder() = default;

// Each has its turn for all of them: what one needs is still near for the next event then.
void Recorder::observe_all(std::span<const trace::Event> events) {
  for (const trace::Event& event : events)
    if (const auto* ended = std::get_if<trace::RunEnded>(&event.what)) complete_ = ended->complete;
  checks_.observe_all(events);
  monitors_.observe_all(events);
  for (const trace::Event& event : events) collector_.observe(event);
  if (!events_) return;
  for (const trace::Event& event : events) events_->observe(event);
  for (const trace::Event& event : events) capture_->observe(event);
  if (!decrypted_) return;
  for (const trace::Event& event : events) decrypted_->observe(event);
}

void Recorder::observe(const trace::EncryptedRecords& records) {
  if (capture_) capture_->observe(records);
}

std::vector<OutputFile*> Recorder::files() const {
  std::vector<OutputFile*> files;
  for (OutputFile* file : {events_file_.get(), capture_file_.get(), decrypted_file_.get()})
    if (file != nullptr) files.push_back(file);
  return files;
}

std::optional<Recorder::FileError> Recorder::error() const {
  for (const OutputFile* file : files())
    if (file->error()) return FileError{file->path(), file->error()};
  return std::nullopt;
}

Results Recorder::finish(Instant end) {
  Results results;
  results.run = run_;
  results.reached = end;
  results.complete = complete_;
  checks::Judgement judgement = checks_.finish();
  monitors::Report standard = monitors_.finish(end);
  if (standard.overall.verdict == checks::Verdict::broken)
    judgement.verdict = checks::Judgement::Verdict::broken;
  judgement.findings.push_back(std::move(standard.overall));
  results.standard = std::move(standard.rules);
  results.series = collector_.finish(end, judgement.findings);
  take_judgement(judgement, results);
  close_files(results);
  return results;
}

void Recorder::close_files(Results& results) {
  if (options_.trace == TracePolicy::none) {
    results.trace.note = "no trace was kept (--trace none)";
    return;
  }
  for (OutputFile* file : files()) file->close();
  if (options_.trace == TracePolicy::failures && results.verdict == checks::Verdict::held &&
      results.complete) {
    std::error_code ignored;
    for (const OutputFile* file : files()) std::filesystem::remove(file->path(), ignored);
    results.trace.note = "no trace was kept, as no promise broke (--trace failures)";
    return;
  }
  results.trace.events = !events_file_->error();
  results.trace.capture = !capture_file_->error();
  results.trace.decrypted = decrypted_file_ && !decrypted_file_->error();
  if (const auto failed = error())
    results.trace.note = fmt::format("incomplete: {}", failed->error.message());
  else if (events_->truncated() || capture_->truncated() || (decrypted_ && decrypted_->truncated()))
    results.trace.note = fmt::format("stops at its limit of {}", bytes(options_.trace_bytes));
  if (std::ifstream events(events_file_->path(), std::ios::binary); events)
    results.sequences = draw_sequences(events, results.findings);
  if (std::ifstream events(events_file_->path(), std::ios::binary); events)
    results.journeys = follow_journeys(events, results);
}

}  // namespace mq::report
