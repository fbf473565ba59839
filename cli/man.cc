// mqttlab man: the manual page, made of what every command says with --help.
#include <cstdio>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/help_text.h"
#include "cli/programs.h"
#include "cli/verbs.h"
#include "installation/installation.h"

namespace mq::cli {
namespace {

std::string groff(const std::string& text) {
  std::string out;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) out += "\\&";
    begins = c == '\n';
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

void print_entries(const std::vector<HelpEntry>& entries) {
  for (const HelpEntry& entry : entries) {
    std::string names;
    for (const std::string& name : entry.names)
      names += (names.empty() ? "" : ", ") + std::string("\\fB") + groff(name) + "\\fR";
    if (!entry.value.empty()) names += " \\fI" + groff(entry.value) + "\\fR";
    std::printf(".TP\n%s\n%s\n", names.c_str(), groff(entry.what).c_str());
  }
}

// A command and those below it.
bool print_command(const std::vector<std::string>& verb) {
  const auto text = help_of(verb);
  if (!text) return false;
  const HelpText help = parse_help(*text);
  std::string name;
  for (const std::string& word : verb) name += (name.empty() ? "" : " ") + word;
  std::printf(".SS %s\n", groff(name).c_str());
  if (!help.usage.empty()) std::printf("\\fB%s\\fR\n.PP\n", groff(help.usage).c_str());
  if (!help.what.empty()) std::printf("%s\n", groff(help.what).c_str());
  print_entries(help.arguments);
  std::vector<HelpEntry> options;
  for (const HelpEntry& entry : help.options)
    if (entry.names.front() != "--help") options.push_back(entry);
  print_entries(options);
  if (!help.footer.empty()) std::printf(".PP\n%s", groff(help.footer).c_str());
  bool all = true;
  for (const HelpEntry& below : help.below) {
    std::vector<std::string> words = verb;
    words.push_back(below.names.front());
    all = print_command(words) && all;
  }
  return all;
}

constexpr char head[] =
    ".SH NAME\n"
    "mqttlab \\- does MQTT keep its promises on the network it will really live on?\n"
    ".SH SYNOPSIS\n"
    ".B mqttlab\n.I COMMAND\n.RI [ ARGUMENT ...]\n"
    ".SH DESCRIPTION\n"
    "mqttlab puts a real MQTT broker and real clients into a simulated mobile network, runs hours\n"
    "of it in seconds of virtual time, the same to the byte for the same seed, and judges what "
    "was\n"
    "promised: what was lost, duplicated, late, and which sentence of the standard was broken.\n"
    "A scenario file describes the fleet, its network and what goes wrong.\n"
    ".SH COMMANDS\n";

constexpr char tail[] =
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\nEvery promise that was tried was kept.\n"
    ".TP\n.B 1\nA promise was broken, or a limit of the scenario was missed.\n"
    ".TP\n.B 2\nWrong usage, or an invalid file.\n"
    ".TP\n.B 3\nThe target could not be reached or started.\n"
    ".TP\n.B 4\nNothing was selected, or nothing was measured: that is not a pass.\n"
    ".TP\n.B 5\nA fault of mqttlab itself, or of this machine in mid\\-run.\n"
    ".TP\n.BR 130 \", \" 143\nInterrupted. What was measured is written, and marked.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B NO_COLOR\nIf it is set and not empty, nothing is coloured.\n"
    ".TP\n.BR GITHUB_ACTIONS \", \" GITHUB_STEP_SUMMARY\n"
    "In GitHub Actions, gates and conformance write annotations and the summary of the step.\n"
    ".SH FILES\n"
    ".TP\n.I results/NAME\n"
    "report.html, results.json, junit.xml, summary.md, events.ndjson and capture.pcap of a run.\n"
    ".SH EXAMPLES\n"
    ".nf\nmqttlab init my.yaml && mqttlab run my.yaml\n"
    "mqttlab run cold\\-counter \\-\\-broker mosquitto \\-\\-seeds 10\n"
    "mqttlab conform mqtt://localhost\n.fi\n"
    ".SH SEE ALSO\n"
    ".BR mosquitto (8),\n.BR mosquitto.conf (5),\n.BR tc\\-netem (8)\n";

int print_manual() {
  std::printf(".TH MQTTLAB 1 \"\" \"mqttlab %s\" \"User Commands\"\n", groff(version()).c_str());
  std::fputs(head, stdout);
  bool all = true;
  for (const Verb& verb : all_verbs()) {
    if (print_command({std::string(verb.name)})) continue;
    std::fprintf(stderr, "mqttlab man: %s is left out: %s is not there, or not whole\n",
                 std::string(verb.name).c_str(), std::string(verb.program).c_str());
    all = false;
  }
  std::fputs(tail, stdout);
  return all ? exit_code::held : exit_code::fault;
}

}  // namespace

void add_man(CLI::App& app, int& exit_code) {
  Command verb(app, "man", "print the manual page (groff): mqttlab man | man -l -");
  verb.runs([&exit_code] { exit_code = print_manual(); });
}

}  // namespace mq::cli
