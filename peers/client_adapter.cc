#include "peers/client_adapter.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/nearest_word.h"
#include "installation/installation.h"
#include "peers/peer.h"
#include "peers/placeholders.h"
#include "scenarios/language/grammar_files.h"
#include "scenarios/language/grammar_scalars.h"
#include "scenarios/language/walk.h"

namespace mq::peers {
namespace {

namespace fs = std::filesystem;
using scenario::a_name;
using scenario::Fields;
using scenario::Is;
using scenario::Key;
using scenario::line_of_text;
using scenario::Node;
using scenario::Problems;
using scenario::Shape;

constexpr std::array keys = {
    Key{.name = "version", .shape = &scenario::version_of_a_file, .is_required = true},
    Key{.name = "name", .shape = &a_name, .is_required = true},
    Key{.name = "title", .shape = &line_of_text, .is_required = true},
    Key{.name = "program", .shape = &one_or_words, .is_required = true},
    Key{.name = "install", .shape = &line_of_text, .is_required = true},
    Key{.name = "release", .shape = &words},
    Key{.name = "present", .shape = &words},
    Key{.name = "versions", .shape = &scenario::protocols},
    Key{.name = "speaks_lines", .shape = &scenario::yes_no, .fallback = "false"},
    Key{.name = "connect", .shape = &words, .is_required = true},
    Key{.name = "publish", .shape = &words},
    Key{.name = "subscribe", .shape = &words},
    Key{.name = "takes", .shape = &words},
    Key{.name = "tells", .shape = &words},
};
constexpr Shape shape{.is = Is::map, .title = "a client's adapter", .keys = keys};

constexpr std::array always_there = {"host", "port", "url", "version", "program", "folder"};

std::vector<std::string> texts_of(const Node* node) {
  std::vector<std::string> texts;
  if (node == nullptr) return texts;
  if (node->kind == Node::Kind::scalar) texts.push_back(node->text);
  for (const Node& item : node->items) texts.push_back(item.text);
  return texts;
}

std::set<std::string> set_of(const Node* node) {
  const auto texts = texts_of(node);
  return {texts.begin(), texts.end()};
}

// Placeholders that nothing stands behind.
void check_placeholders(const Node* command, const ClientAdapter& adapter, Problems& problems) {
  if (command == nullptr) return;
  std::vector<std::string> known(always_there.begin(), always_there.end());
  known.insert(known.end(), adapter.takes.begin(), adapter.takes.end());
  for (const Node& item : command->items)
    for (const std::string& name : placeholders_in(item.text)) {
      const bool is_condition = name.starts_with('?') || name.starts_with('!');
      const std::string plain = is_condition ? name.substr(1) : name;
      if (std::find(known.begin(), known.end(), plain) == known.end() && plain != "v5")
        problems.push_back({item.line, item.column,
                            "unknown placeholder `${" + name + "}`" + did_you_mean(plain, known) +
                                "; a field of a packet is one only if it is in `takes`"});
    }
}

std::string text_in(const std::string& file) {
  std::ostringstream text;
  std::ifstream stream(file, std::ios::binary);
  if (!(text << stream.rdbuf())) throw AdapterError(file + ": cannot be read, or is empty");
  return text.str();
}

// What installed_program and installed_release of peer.h look at.
Adapter as_broker(const ClientAdapter& client) {
  Adapter adapter;
  adapter.source = client.source;
  adapter.name = client.name;
  adapter.title = client.title;
  adapter.programs = client.programs;
  adapter.install = client.install;
  const std::string folder = fs::path(client.source).parent_path().string();
  const auto in_folder = [&](Command command) {
    for (std::string& one : command)
      for (std::size_t at; (at = one.find("${folder}")) != std::string::npos;)
        one.replace(at, 9, folder);
    return command;
  };
  adapter.present = in_folder(client.present);
  adapter.release = in_folder(client.release);
  return adapter;
}

}  // namespace

ClientAdapter parse_client_adapter(std::string_view text, const std::string& source) {
  Problems problems;
  const scenario::Document document = scenario::read_document(text, problems);
  if (!document.is_whole) refuse(problems, source);
  scenario::check(document.root, shape, "the file", problems);
  if (!problems.empty()) refuse(problems, source);
  const Fields file(&document.root, shape);
  ClientAdapter adapter{.source = source,
                        .name = file.text("name"),
                        .title = file.text("title"),
                        .programs = texts_of(file.find("program")),
                        .install = file.text("install"),
                        .release = texts_of(file.find("release")),
                        .present = texts_of(file.find("present"))};
  if (const auto versions = texts_of(file.find("versions")); !versions.empty())
    adapter.versions = versions;
  adapter.speaks_lines = file.yes("speaks_lines");
  adapter.takes = set_of(file.find("takes"));
  adapter.tells = set_of(file.find("tells"));
  for (const char* what : {"connect", "publish", "subscribe"}) {
    const Node* const command = file.find(what);
    check_placeholders(command, adapter, problems);
    if (command != nullptr) adapter.commands[what] = texts_of(command);
  }
  if (!problems.empty()) refuse(problems, source);
  return adapter;
}

std::vector<std::string> client_adapter_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_folder("peers/clients"), error))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

ClientAdapter find_client_adapter(const std::string& name_or_file) {
  if (name_or_file.find('/') != std::string::npos || name_or_file.ends_with(".yaml"))
    return parse_client_adapter(text_in(name_or_file), name_or_file);
  const auto names = client_adapter_names();
  if (std::find(names.begin(), names.end(), name_or_file) != names.end()) {
    const std::string file = data_folder("peers/clients") + "/" + name_or_file + ".yaml";
    return parse_client_adapter(text_in(file), file);
  }
  std::string all = "ours";
  for (const std::string& name : names) all += ", " + name;
  throw AdapterError("no client is known as `" + name_or_file + "`" +
                     did_you_mean(name_or_file, names) + "; known: " + all +
                     ", the path of an adapter file, or a command with {url} in it");
}

std::string installed_client(const ClientAdapter& adapter) {
  return installed_program(as_broker(adapter));
}

std::string installed_client_release(const ClientAdapter& adapter) {
  return installed_release(as_broker(adapter));
}

std::string how_to_install(const std::string& program) {
  for (const std::string& name : client_adapter_names()) {
    const ClientAdapter adapter = find_client_adapter(name);
    const bool is_one =
        std::any_of(adapter.commands.begin(), adapter.commands.end(), [&](const auto& command) {
          return !command.second.empty() && command.second.front() == program;
        });
    const auto& programs = adapter.programs;
    if (is_one || std::find(programs.begin(), programs.end(), program) != programs.end())
      return " (" + adapter.install + ")";
  }
  return {};
}

Command client_command(const ClientAdapter& adapter, const std::string& what,
                       const std::map<std::string, std::string>& fields) {
  const auto value_of = [&](std::string_view name) -> std::optional<std::string> {
    if (name == "folder") return fs::path(adapter.source).parent_path().string();
    const auto found = fields.find(std::string(name));
    return found == fields.end() ? "" : found->second;
  };
  const auto is_wanted = [&](std::string_view name) {
    if (name == "v5") return value_of("version") == "5";
    const auto value = value_of(name);
    return value && !value->empty() && *value != "0";
  };
  return filled(adapter.commands.at(what), Placeholders{value_of, is_wanted});
}

}  // namespace mq::peers
