#include "cli/report_flags.h"

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
              "where the reports of one FOLDER go, which else lie in it; of several, where what "
              "stands side by side goes (results/comparison, results/conform-matrix)");
  add_rules(verb, flags.rules);
  return verb;
}

}  // namespace mq::cli
