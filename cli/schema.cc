// mqttlab schema scenario: the JSON Schema (draft-07) by which editors complete and check.
#include "scenarios/language/schema.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/verbs.h"

namespace mq::cli {

void add_schema(CLI::App& app, int& exit_code) {
  auto of_what = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("schema", "print the JSON Schema of a file format");
  verb->add_option("FORMAT", *of_what, "scenario")->required()->check(CLI::IsMember({"scenario"}));
  verb->callback([&exit_code, of_what] {  // CLI11 writes to it before it calls
    fmt::print("{}\n", scenario::scenario_schema());
    exit_code = 0;
  });
}

}  // namespace mq::cli
