#include "cli/command_line.h"

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/nearest_word.h"
#include "cli/exit_code.h"
#include "cli/programs.h"
#include "installation/installation.h"

namespace mq::cli {
namespace {

constexpr std::size_t names_width = 26;
constexpr std::size_t line_width = 80;

// Text from a column on, no longer than a line.
std::string wrapped(const std::string& text, std::size_t column = names_width) {
  std::istringstream words(text);
  std::string all, line, word;
  while (words >> word) {
    if (!line.empty() && column + line.size() + 1 + word.size() > line_width) {
      all += line + "\n" + std::string(column, ' ');
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return all + line;
}

std::string in_columns(std::string left, const std::string& text) {
  left = "  " + left;
  if (left.size() + 2 > names_width)
    left += "\n" + std::string(names_width, ' ');
  else
    left.resize(names_width, ' ');
  return left + wrapped(text) + "\n";
}

// "FILE", "N", "ns3|memory": what stands for the value. CLI11 calls a choice "TEXT:{ns3,memory}".
std::string value_of(const CLI::Option& option) {
  if (!option.get_option_text().empty()) return option.get_option_text();
  std::string type = option.get_type_name();
  const auto open = type.find('{');
  if (open != type.npos) {
    type = type.substr(open + 1, type.find('}') - open - 1);
    std::replace(type.begin(), type.end(), ',', '|');
    return type;
  }
  const bool is_number =
      type.starts_with("INT") || type.starts_with("UINT") || type.starts_with("FLOAT");
  return is_number ? "N" : type;
}

// CLI11's help without the names of C++ types, and no wider than a terminal.
class Help final : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    std::string left =
        is_positional ? option->get_name(true, false) : option->get_name(false, true);
    std::string text = option->get_description();
    if (option->get_type_size() != 0) {
      const std::string value = value_of(*option);
      if (!is_positional || value.find('|') != value.npos) left += " " + value;
      if (option->get_expected_max() > 1) left += "...";
      if (!option->get_default_str().empty()) text += " (" + option->get_default_str() + ")";
    }
    return in_columns(std::move(left), text);
  }
  std::string make_subcommand(const CLI::App* below) const override {
    return in_columns(below->get_display_name(true), below->get_description());
  }
  std::string make_description(const CLI::App* app) const override {
    std::string text = app->get_description();
    if (text.empty()) return text;
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return wrapped(text, 0) + (text.ends_with('.') || text.ends_with('?') ? "\n" : ".\n");
  }
};

std::vector<std::string> names_in(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(below->get_name());
  return names;
}

const CLI::Option* option_named(const CLI::App& app, const std::string& name) {
  for (const CLI::Option* option : app.get_options())
    if (option->check_name(name) || option->get_name() == name ||
        option->get_name(true, true) == name)
      return option;
  return nullptr;
}

std::string what_is_missing(const CLI::App& app, const std::string& name) {
  std::string names;
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; }))
    names += (names.empty() ? "" : ", ") + below->get_name();
  if (name == "A subcommand") return "expected one of: " + names;
  const CLI::Option* option = option_named(app, name);
  return "expected " + name + (option == nullptr ? "" : ": " + option->get_description());
}

std::string before(const std::string& text, const std::string& mark) {
  return text.substr(0, text.find(mark));
}

std::string not_one_of(const std::vector<std::string>& words, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i)
    all += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return "expected " + all + ", got `" + text + "`" + did_you_mean(text, words);
}

// CLI11's "--level: foo not in {must,may}".
std::string not_a_member(const std::string& text, std::size_t at) {
  const std::string mark = " not in {";
  const auto colon = text.find(": ");
  std::vector<std::string> words;
  std::istringstream in(text.substr(at + mark.size(), text.rfind('}') - at - mark.size()));
  for (std::string word; std::getline(in, word, ',');) words.push_back(word);
  return text.substr(0, colon) + ": " + not_one_of(words, text.substr(colon + 2, at - colon - 2));
}

// An option that takes fractions has no trouble with any of these but words.
std::string why_no_number(const std::string& written) {
  const std::string digits = written.substr(written.starts_with('-') ? 1 : 0);
  const bool is_whole = !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
  if (is_whole && written.starts_with('-')) return "`" + written + "` is less than 0";
  if (is_whole) return "`" + written + "` is too large";
  const bool is_fraction =
      !digits.empty() && digits.find_first_not_of("0123456789.") == digits.npos;
  return std::string("expected a ") + (is_fraction ? "whole number" : "number") + ", got `" +
         written + "`";
}

// CLI11's complaint as a sentence that says what was expected.
std::string in_words(const CLI::App& app, const CLI::ParseError& error) {
  const std::string text = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const auto extras = app.remaining();
    const std::string first = extras.empty() ? "" : extras.front();
    if (!first.starts_with('-') &&
        app.get_subcommands([](const CLI::App*) { return true; }).empty())
      return "`" + first + "` is one argument too many";
    return "`" + first + "` is not known" + did_you_mean(before(first, "="), names_in(app));
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
    return what_is_missing(app, before(text, " is required"));
  const bool is_mismatch = dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr;
  if (is_mismatch && text.find(" missing") != text.npos) {
    const std::string name = before(text, ":");
    const CLI::Option* option = option_named(app, name);
    return name + " needs a value" + (option == nullptr ? "" : ": " + option->get_description());
  }
  if (is_mismatch) return before(text, ":") + " was given more than once";
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
    const std::string rest = text.substr(text.find(": ") + 2);
    const std::string name = before(rest, " = ");
    return name + ": " + why_no_number(rest.substr(name.size() + 3));
  }
  const auto member = text.find(" not in {");
  if (member != text.npos && text.find(": ") < member) return not_a_member(text, member);
  return text;
}

// strtoull takes `-1` for a very large number, and a very large number for the largest.
std::string why_no_seed(const std::string& written) {
  if (written.starts_with('-')) return "`" + written + "` is less than 0";
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(written.data(), written.data() + written.size(), value);
  return fault == std::errc::result_out_of_range ? "`" + written + "` is too large" : "";
}

int refuse(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* verb = &app;
  std::string name = "mqttlab";
  while (!verb->get_subcommands().empty()) {
    verb = verb->get_subcommands().front();
    name += " " + verb->get_name();
  }
  std::fprintf(stderr, "%s: %s\nTry: %s --help\n", name.c_str(), in_words(*verb, error).c_str(),
               name.c_str());
  return exit_code::usage;
}

int unknown_verb(const std::string& word) {
  std::fprintf(stderr, "mqttlab: there is no command `%s`%s\nTry: mqttlab help\n", word.c_str(),
               verb_meant(word).c_str());
  return exit_code::usage;
}

int parse_and_run(int argc, char** argv, std::span<const AddVerb> verbs) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (first.empty() || first == "--help" || first == "help") {
    std::fputs(overview().c_str(), first.empty() ? stderr : stdout);
    return first.empty() ? exit_code::usage : exit_code::held;
  }
  CLI::App app("", "mqttlab");
  app.formatter(std::make_shared<Help>());
  app.set_help_flag("--help", "print this help");
  app.set_version_flag("--version", std::string("mqttlab ") + version());
  app.require_subcommand(1);
  int code = exit_code::held;
  for (const AddVerb add : verbs) add(app, code);
  const auto is_first = [&](const CLI::App* verb) { return verb->get_name() == first; };
  if (!first.starts_with('-') && std::as_const(app).get_subcommands(is_first).empty())
    return unknown_verb(first);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return refuse(app, error);
    app.exit(error);
    return exit_code::held;
  }
  return code;
}

// `text` is a number or it is not: the conversion has its own complaint.
template <class Number>
CLI::Validator within_limits(Number low, Number high) {
  return CLI::Validator(
      [low, high](std::string& text) {
        Number value{};
        if (!CLI::detail::lexical_cast(text, value)) return std::string();
        if (value >= low && value <= high) return std::string();
        std::ostringstream out;
        out << "expected " << low << " to " << high << ", got `" << text << "`";
        return out.str();
      },
      "");
}

}  // namespace

Argument Argument::required() {
  option_.required();
  return *this;
}

Argument Argument::one_of(std::vector<std::string> words) {
  std::string shown;
  for (const std::string& word : words) shown += (shown.empty() ? "" : "|") + word;
  constexpr std::size_t shown_max = 60;  // a longer list has a place of its own in the help
  option_.type_name(shown.size() <= shown_max ? shown : "KIND")
      ->check(CLI::Validator(
          [words](std::string& text) {
            if (std::find(words.begin(), words.end(), text) != words.end()) return std::string();
            return not_one_of(words, text);
          },
          ""));
  return *this;
}

Argument Argument::within(std::int64_t low, std::int64_t high) {
  option_.check(within_limits(low, high));
  return *this;
}

Argument Argument::between(double low, double high) {
  option_.check(within_limits(low, high));
  return *this;
}

Argument Argument::shown_as(const std::string& placeholder) {
  option_.option_text(placeholder);
  return *this;
}

Argument Argument::with_default_shown() {
  option_.capture_default_str();
  return *this;
}

Argument Argument::split_at(char delimiter) {
  option_.delimiter(delimiter);
  return *this;
}

Argument Argument::one_each() {
  option_.take_all()->expected(1);
  return *this;
}

Command::Command(CLI::App& parent, const std::string& name, const std::string& what)
    : verb_(*parent.add_subcommand(name, what)) {}

Command Command::below(const std::string& name, const std::string& what) {
  verb_.require_subcommand(1);
  return Command(*verb_.add_subcommand(name, what));
}

Argument Command::option(const std::string& name, std::string& into, const std::string& what) {
  return Argument(*verb_.add_option(name, into, what));
}

Argument Command::option(const std::string& name, std::vector<std::string>& into,
                         const std::string& what) {
  return Argument(*verb_.add_option(name, into, what));
}

Argument Command::option(const std::string& name, std::uint16_t& into, const std::string& what) {
  return Argument(*verb_.add_option(name, into, what)->type_name("N"));
}

Argument Command::option(const std::string& name, std::uint32_t& into, const std::string& what) {
  return Argument(*verb_.add_option(name, into, what)->type_name("N"));
}

Argument Command::option(const std::string& name, std::optional<std::uint64_t>& into,
                         const std::string& what) {
  return Argument(
      *verb_.add_option(name, into, what)->type_name("N")->check(CLI::Validator(why_no_seed, "")));
}

Argument Command::option(const std::string& name, int& into, const std::string& what) {
  return Argument(*verb_.add_option(name, into, what)->type_name("N"));
}

Argument Command::option(const std::string& name, double& into, const std::string& what) {
  return Argument(*verb_.add_option(name, into, what)->type_name("N"));
}

void Command::flag(const std::string& name, bool& into, const std::string& what) {
  verb_.add_flag(name, into, what);
}

void Command::footer(const std::string& text) { verb_.footer(text); }

void Command::runs(std::function<void()> work) { verb_.callback(std::move(work)); }

namespace {

// What was printed must not be lost unheard; a reader that has gone has what it wanted.
int after_the_last_word(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  struct stat output {};
  if (fstat(STDOUT_FILENO, &output) == 0 && (S_ISFIFO(output.st_mode) || S_ISSOCK(output.st_mode)))
    return code;
  std::fputs("mqttlab: the output could not be written\n", stderr);
  return graver(code, exit_code::fault);
}

}  // namespace

int run_command_line(int argc, char** argv, std::span<const AddVerb> verbs) {
  try {
    return after_the_last_word(parse_and_run(argc, argv, verbs));
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "mqttlab: a fault of mqttlab itself: %s\n", fault.what());
    return exit_code::fault;
  }
}

}  // namespace mq::cli
