#include "cli/report_flags.h"

#include <filesystem>

#include "cli/gate_rules.h"

namespace mq::cli {

Command add_report_flags(CLI::App& app, ReportFlags& flags) {
  Command verb(
      app, "report",
      "render the reports of results folders again; ends like the runs did. Several of the "
      "same scenario stand side by side too, the differences first; several of `conform` "
      "make one matrix");
  verb.option("FOLDER", flags.folders,
              "results folders (of --seeds too), or the results.json in them")
      .required();
  verb.option("-o,--output", flags.output,
              "where what stands side by side goes (results/comparison, results/conform-matrix)");
  add_rules(verb, flags.rules);
  return verb;
}

std::string folder_named(const std::string& path) {
  const std::filesystem::path file(path);
  if (file.filename() != "results.json") return path;
  return file.has_parent_path() ? file.parent_path().string() : ".";
}

}  // namespace mq::cli
