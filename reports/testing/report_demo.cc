// report_demo FOLDER [--week]: made-up reports of a broken, a held, a hostile and a tame (the same
// without hostile texts), a large and an empty run; matrices of `conform`, also hostile and tame.
// With --week only that of ten thousand clients over a week, with its whole trace.
#include <cstdio>
#include <string>

#include "reports/conform/page.h"
#include "reports/file/output_file.h"
#include "reports/html/page.h"
#include "reports/record/recorder.h"
#include "reports/results_json.h"
#include "reports/testing/demo_conform.h"
#include "reports/testing/demo_run.h"
#include "reports/testing/week_run.h"

namespace {

using namespace std::chrono_literals;
using mq::report::testing::DemoRun;

bool write_page(const std::string& folder, const std::string& name, const std::string& page) {
  const std::error_code error = mq::report::write_file(folder + "/" + name + ".html", page);
  if (error) std::fprintf(stderr, "%s: %s\n", name.c_str(), error.message().c_str());
  return !error;
}

bool write(const std::string& folder, const std::string& name, const mq::report::Results& results) {
  return write_page(folder, name, mq::report::html_page(results));
}

bool write_week(const std::string& folder) {
  mq::report::testing::WeekRun week(9'999);
  mq::report::Recorder recorder(week.run(), {.folder = folder});
  week.play(recorder);
  mq::report::Results results = recorder.finish(week.end());
  if (recorder.error()) return false;
  return write(folder, "week", results);
}

}  // namespace

int main(int argc, char** argv) {
  const bool week = argc == 3 && std::string(argv[2]) == "--week";
  if (argc != 2 && !week) return 2;
  const std::string folder = argv[1];
  if (week) return write_week(folder) ? 0 : 5;
  bool good = write(folder, "broken", DemoRun({}).results());
  good &= write(folder, "held", DemoRun({.broken = false}).results());
  good &= write(folder, "hostile", DemoRun({.sensors = 17, .hostile = true}).results());
  good &= write(folder, "tame", DemoRun({.sensors = 17}).results());
  good &= write(folder, "large", DemoRun({.sensors = 1500, .broken = false}).results());
  using mq::report::testing::demo_conform;
  const auto matrix = [&](const std::string& name, auto... targets) {
    good &= write_page(folder, name, mq::report::conform_page({targets...}));
  };
  matrix("matrix", demo_conform({}), demo_conform({.deviates = true}));
  matrix("matrix-one", demo_conform({.deviates = true}));
  matrix("matrix-hostile", demo_conform({.deviates = true, .hostile = true}));
  matrix("matrix-tame", demo_conform({.deviates = true}));
  mq::report::Results empty;
  empty.run.scenario = "nothing happens";
  empty.complete = true;
  empty.exit_code = 4;
  good &= write(folder, "empty", empty);
  return good ? 0 : 5;
}
