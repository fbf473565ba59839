// mqttlab schema scenario: the JSON Schema (draft-07) by which editors complete and check.
#include "scenarios/language/schema.h"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/command_line.h"
#include "cli/verbs.h"

namespace mq::cli {

void add_schema(CLI::App& app, int& exit_code) {
  auto of_what = std::make_shared<std::string>();
  Command verb(app, "schema", "print the JSON Schema of a file format");
  verb.option("FORMAT", *of_what, "scenario").required().one_of({"scenario"});
  verb.runs([&exit_code, of_what] {  // CLI11 writes to it before it calls
    fmt::print("{}\n", scenario::scenario_schema());
    exit_code = 0;
  });
}

}  // namespace mq::cli
