// compare_demo FOLDER: made-up comparisons, for browser_test.py and for looking at them.
#include <cstdio>
#include <string>

#include "compare/page.h"
#include "compare/testing/demo.h"
#include "reports/file/output_file.h"
#include "reports/testing/demo_run.h"

int main(int argc, char** argv) {
  using namespace mq;
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  std::string attacks;
  for (const std::string& attack : report::testing::hostile_texts()) attacks += attack + " ";
  const std::pair<std::string, compare::Comparison> pages[] = {
      {"plain", compare::testing::demo()},
      {"matrix", compare::testing::demo({.with_conformance = true})},
      {"few", compare::testing::demo({.seeds = 2})},
      {"hostile", compare::testing::demo({.late_name = attacks, .with_conformance = true})},
  };
  for (const auto& [name, comparison] : pages)
    if (const auto error =
            report::write_file(folder + "/" + name + ".html", compare::html_page(comparison))) {
      std::fprintf(stderr, "%s\n", error.message().c_str());
      return 1;
    }
  return 0;
}
