// The verbs whose code is short: each adds itself to the command line and sets the exit code.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace mq::cli {

void add_bench(CLI::App& app, int& exit_code);         // brokers under load
void add_campaign(CLI::App& app, int& exit_code);      // a sweep over parameters
void add_check(CLI::App& app, int& exit_code);         // are scenario files valid?
void add_init(CLI::App& app, int& exit_code);          // a scenario to begin with
void add_list(CLI::App& app, int& exit_code);          // scenarios, profiles
void add_completion(CLI::App& app, int& exit_code);    // for bash, zsh and fish
void add_serve(CLI::App& app, int& exit_code);         // a run in the browser
void add_watch(CLI::App& app, int& exit_code);         // run again on save
void add_man(CLI::App& app, int& exit_code);           // the manual page
void add_doctor(CLI::App& app, int& exit_code);        // this machine, this installation
void add_fit(CLI::App& app, int& exit_code);           // a recorded trace as a profile
void add_export_netem(CLI::App& app, int& exit_code);  // a profile as tc netem commands
void add_explore(CLI::App& app, int& exit_code);       // find the seed that breaks it
void add_compare(CLI::App& app, int& exit_code);       // several brokers side by side
void add_compare_stored(CLI::App& app, int& exit_code);  // stored results side by side
void add_gate(CLI::App& app, int& exit_code);          // is one version worse than another?
void add_schema(CLI::App& app, int& exit_code);        // the JSON Schema of the scenario language
void add_conform(CLI::App& app, int& exit_code);       // the statements of the standard, a broker
void add_explain(CLI::App& app, int& exit_code);       // one statement in our words
void add_list_conform(CLI::App& app, int& exit_code);  // statements, cases
void add_report(CLI::App& app, int& exit_code);        // render stored results again

}  // namespace mq::cli
