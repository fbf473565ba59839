#include "peers/adapter.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/nearest_word.h"
#include "installation/installation.h"
#include "peers/adapter_shape.h"
#include "peers/placeholders.h"
#include "scenarios/language/limits.h"
#include "scenarios/language/walk.h"

namespace mq::peers {
namespace {

namespace fs = std::filesystem;
using scenario::Fields;
using scenario::Node;
using scenario::Problems;

std::chrono::milliseconds milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

// The placeholders that every adapter may use; `port.NAME` is a free port for any NAME.
constexpr std::array<std::string_view, 8> known_values = {
    "program", "dir", "folder", "certificate", "key", "authority", "user", "password"};

class Reader {
 public:
  Reader(const Node& root, std::string source, Problems& problems)
      : fields_(&root, adapter_shape), problems_(problems) {
    adapter_.source = std::move(source);
  }

  Adapter read() {
    adapter_.name = fields_.text("name");
    adapter_.title = fields_.text("title");
    adapter_.install = fields_.text("install");
    adapter_.listeners = words("listeners");
    adapter_.settings = words("settings");
    adapter_.programs = words("program");
    if (std::find(adapter_.listeners.begin(), adapter_.listeners.end(), "mqtt") ==
        adapter_.listeners.end())
      say(*fields_.find("listeners"), "`mqtt` must be among the listeners: it tells readiness");
    adapter_.release = command("release");
    adapter_.present = command("present");
    adapter_.command = command("command");
    adapter_.prepare = commands("prepare");
    adapter_.helpers = commands("helpers");
    read_environment();
    read_files();
    read_times();
    read_capabilities();
    read_virtual();
    adapter_.untested = fields_.text("untested");
    return std::move(adapter_);
  }

 private:
  void say(const Node& node, std::string text) {
    problems_.push_back({node.line, node.column, std::move(text)});
  }

  static std::vector<std::string> texts_of(const Node* node) {
    std::vector<std::string> texts;
    if (node == nullptr) return texts;
    if (node->kind == Node::Kind::scalar) texts.push_back(node->text);
    for (const Node& item : node->items) texts.push_back(item.text);
    return texts;
  }

  std::vector<std::string> words(std::string_view key) { return texts_of(fields_.find(key)); }

  void check_placeholders(const Node& node) {
    for (const std::string& name : placeholders_in(node.text)) check_placeholder(node, name);
  }

  void check_placeholder(const Node& node, const std::string& name) {
    if (name == "${") return say(node, "`${` without its `}`");
    if (name.starts_with("port.")) return;
    std::vector<std::string> known(known_values.begin(), known_values.end());
    const bool is_condition = name.starts_with('?') || name.starts_with('!');
    if (is_condition) {
      known = adapter_.listeners;
      known.insert(known.end(), adapter_.settings.begin(), adapter_.settings.end());
      known.emplace_back("virtual");
    }
    const std::string word = is_condition ? name.substr(1) : name;
    if (std::find(known.begin(), known.end(), word) != known.end()) return;
    say(node, is_condition ? "`${" + name + "}`: neither a listener nor a setting of this adapter" +
                                 did_you_mean(word, known)
                           : "unknown placeholder `${" + name + "}`" + did_you_mean(word, known));
  }

  Command command_of(const Node* node) {
    if (node != nullptr)
      for (const Node& item : node->items) check_placeholders(item);
    return texts_of(node);
  }

  Command command(std::string_view key) { return command_of(fields_.find(key)); }

  std::vector<Command> commands(std::string_view key) {
    std::vector<Command> found;
    if (const Node* node = fields_.find(key))
      for (const Node& item : node->items) found.push_back(command_of(&item));
    return found;
  }

  void read_environment() {
    const Node* node = fields_.find("environment");
    if (node == nullptr) return;
    for (const scenario::Entry& entry : node->entries) {
      check_placeholders(entry.value);
      adapter_.environment.push_back({entry.key.text, entry.value.text});
    }
  }

  void read_files() {
    const Node* node = fields_.find("files");
    if (node == nullptr) return;
    for (const Node& item : node->items) {
      const Fields file(&item, file_shape);
      if (const Node* text = file.find("text")) check_placeholders(*text);
      const std::string name = file.text("name");
      if (name.find('/') != std::string::npos || name.starts_with('.'))
        say(item, "a file is written into the fresh directory: a name without `/`");
      adapter_.files.push_back({name, file.text("text")});
    }
  }

  void read_times() {
    adapter_.ready_within = milliseconds(fields_.duration("ready_within"));
    const Fields stop = fields_.map("stop");
    adapter_.stop_signal = stop.text("signal") == "KILL"  ? SIGKILL
                           : stop.text("signal") == "INT" ? SIGINT
                                                          : SIGTERM;
    adapter_.stop_within = milliseconds(stop.duration("within"));
    const Fields login = fields_.map("login");
    if (login.is_there()) adapter_.login = Login{login.text("user"), login.text("password")};
  }

  void read_capabilities() {
    const Fields known = fields_.map("capabilities");
    Capabilities& can = adapter_.capabilities;
    if (const auto versions = texts_of(known.find("versions")); !versions.empty())
      can.versions = versions;
    can.qos = static_cast<int>(known.whole("qos"));
    can.retain = known.yes("retain");
    can.wildcards = known.yes("wildcards");
    can.shared_subscriptions = known.yes("shared_subscriptions");
  }

  void read_virtual() {
    using Mode = InVirtualTime::Mode;
    const Fields how = fields_.map("virtual");
    InVirtualTime& found = adapter_.in_virtual_time;
    const std::string mode = how.text("mode");
    found.mode = mode == "token"     ? Mode::token
                 : mode == "threads" ? Mode::threads
                 : mode == "none"    ? Mode::none
                                     : Mode::automatic;
    found.why = how.text("why");
    if (found.mode == Mode::none && found.why.empty())
      say(*how.find("mode"), "`mode: none` needs `why`: the reason, for whoever asks for it");
    found.command = command_of(how.find("command"));
    found.settles = milliseconds(how.duration("settles"));
    const Node* node = how.find("environment");
    if (node == nullptr) return;
    for (const scenario::Entry& entry : node->entries) {
      check_placeholders(entry.value);
      found.environment.push_back({entry.key.text, entry.value.text});
    }
  }

  const Fields fields_;
  Problems& problems_;
  Adapter adapter_;
};

}  // namespace

void refuse(const Problems& problems, const std::string& source) {
  std::string text;
  for (const scenario::Problem& problem : problems)
    text += (text.empty() ? "" : "\n") + scenario::to_text(source, problem);
  throw AdapterError(text);
}

Adapter parse_adapter(std::string_view text, const std::string& source) {
  Problems problems;
  const scenario::Document document = scenario::read_document(text, problems);
  if (!document.is_whole) refuse(problems, source);
  scenario::check(document.root, adapter_shape, "the file", problems);
  if (!problems.empty()) refuse(problems, source);
  Adapter adapter = Reader(document.root, source, problems).read();
  if (!problems.empty()) refuse(problems, source);
  return adapter;
}

Adapter read_adapter(const std::string& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) throw AdapterError(file + ": " + error.message());
  if (size > scenario::file_bytes_max) throw AdapterError(file + ": too large for an adapter");
  std::ostringstream text;
  std::ifstream stream(file, std::ios::binary);
  if (!(text << stream.rdbuf())) throw AdapterError(file + ": cannot be read, or is empty");
  return parse_adapter(text.str(), file);
}

std::vector<std::string> adapter_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_folder("peers/adapters"), error))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

Adapter find_adapter(const std::string& name_or_file) {
  if (name_or_file.find('/') != std::string::npos || name_or_file.ends_with(".yaml"))
    return read_adapter(name_or_file);
  const auto names = adapter_names();
  if (std::find(names.begin(), names.end(), name_or_file) != names.end())
    return read_adapter(data_folder("peers/adapters") + "/" + name_or_file + ".yaml");
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  throw AdapterError("no broker is known as `" + name_or_file + "`" +
                     did_you_mean(name_or_file, names) + "; known: " + all +
                     ", or the path of an adapter file");
}

}  // namespace mq::peers
