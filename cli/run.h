// mqttlab run: simulates scenarios, judges them, writes their reports.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace mq::cli {

// Adds the verb; its callback sets `exit_code`.
void add_run(CLI::App& app, int& exit_code);

}  // namespace mq::cli
