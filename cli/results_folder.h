// The folder that a run writes into, with its names; made and tried before anything runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mq::cli {

struct ResultsFolder {
  std::string path;

  std::string results() const { return path + "/results.json"; }
  std::string report() const { return path + "/report.html"; }
  std::string junit() const { return path + "/junit.xml"; }
  std::string summary() const { return path + "/summary.md"; }
  std::string events() const { return path + "/events.ndjson"; }
  std::string capture() const { return path + "/capture.pcap"; }
  std::string decrypted() const { return path + "/decrypted.pcap"; }
  std::string programs() const { return path + "/programs"; }      // what client programs print
  std::string broker_log() const { return path + "/broker.log"; }  // of a broker that is not ours
};

// "results/NAME" below the current folder for "some/where/NAME.yaml".
std::string default_results_path(const std::string& scenario_file);

// A folder is named by itself, or by the results.json in it.
std::string folder_named(const std::string& path);

// The folder itself, if it has a results.json, and every folder below it that has one, by name.
// Nothing if the folder cannot be read; `why` says so, and also that there are none in it.
std::optional<std::vector<std::string>> results_below(const std::string& path, std::string& why);

// Folders below it of runs that left no results.json: killed, or still going on. By name.
std::vector<std::string> runs_without_results(const std::string& path);
std::string why_without_results(const std::string& folder);

// Makes a folder and its parents, if it is not there. Why it cannot be made, if it cannot.
std::optional<std::string> make_folder(const std::string& path);

// Makes the folder and removes what an earlier run left under our names. Why it
// cannot be used, if it cannot.
std::optional<std::string> prepare(const ResultsFolder& folder);

}  // namespace mq::cli
