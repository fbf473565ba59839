// report_demo FOLDER: made-up reports of a broken, a held, a hostile and a tame (the same
// without hostile texts), a large and an empty run.
#include <cstdio>
#include <string>

#include "reports/file/output_file.h"
#include "reports/html/page.h"
#include "reports/results_json.h"
#include "reports/testing/demo_run.h"

namespace {

using namespace std::chrono_literals;
using mq::report::testing::DemoRun;

bool write(const std::string& folder, const std::string& name, const mq::report::Results& results) {
  const std::error_code error =
      mq::report::write_file(folder + "/" + name + ".html", mq::report::html_page(results));
  if (error) std::fprintf(stderr, "%s: %s\n", name.c_str(), error.message().c_str());
  return !error;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  bool good = write(folder, "broken", DemoRun({}).results());
  good &= write(folder, "held", DemoRun({.broken = false}).results());
  good &= write(folder, "hostile", DemoRun({.sensors = 17, .hostile = true}).results());
  good &= write(folder, "tame", DemoRun({.sensors = 17}).results());
  good &= write(folder, "large", DemoRun({.sensors = 1500, .broken = false}).results());
  mq::report::Results empty;
  empty.run.scenario = "nothing happens";
  empty.complete = true;
  empty.exit_code = 4;
  good &= write(folder, "empty", empty);
  return good ? 0 : 5;
}
