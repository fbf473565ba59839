#include "scenarios/language/parse.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <tuple>
#include <utility>

#include "protocol/topic.h"
#include "scenarios/language/document.h"
#include "scenarios/language/faults.h"
#include "scenarios/language/fleet.h"
#include "scenarios/language/grammar.h"
#include "scenarios/language/limits.h"
#include "scenarios/language/links.h"
#include "scenarios/language/units.h"
#include "scenarios/language/walk.h"

namespace mq::scenario {
namespace {

trace::Durability durability(std::string_view word) {
  if (word == "none") return trace::Durability::none;
  return word == "process" ? trace::Durability::process : trace::Durability::power;
}

std::vector<std::string> filters(const Fields& fields, std::string_view key, Problems& problems) {
  std::vector<std::string> found;
  const auto add = [&](const Node& node) {
    if (const auto broken = topic_filter_breaks(node.text))
      problems.push_back({node.line, node.column, std::string(info(*broken).sentence)});
    else
      found.push_back(node.text);
  };
  const Node* node = fields.find(key);
  if (node != nullptr && node->kind == Node::Kind::list)
    std::for_each(node->items.begin(), node->items.end(), add);
  else if (node != nullptr)
    add(*node);
  return found;
}

std::vector<std::string> texts(const Node* node) {
  std::vector<std::string> found;
  if (node == nullptr) return found;
  if (node->kind != Node::Kind::list) return {node->text};
  for (const Node& item : node->items) found.push_back(item.text);
  return found;
}

std::vector<UserPlan> read_users(const Node* users, Problems& problems) {
  std::vector<UserPlan> found;
  if (users == nullptr) return found;
  for (const Entry& entry : users->entries) {
    const Fields fields(&entry.value, user_shape);
    found.push_back({entry.key.text, fields.text("password"), filters(fields, "publish", problems),
                     filters(fields, "subscribe", problems)});
  }
  return found;
}

Plan build(const Node& root, std::string_view file_name, Problems& problems) {
  const Fields fields(&root, scenario_shape);
  Plan plan;
  plan.file = file_name;
  plan.name = fields.text("name");
  plan.description = fields.text("description");
  plan.tags = texts(fields.find("tags"));
  plan.duration = fields.duration("duration");
  plan.calm = fields.duration("calm");
  plan.seed = fields.whole("seed");
  plan.world = fields.text("world") == "memory" ? WorldKind::memory : WorldKind::ns3;
  plan.broker.durability = durability(fields.map("broker").text("durability"));
  plan.broker.sync = fields.map("broker").duration("sync");
  if (const auto most = fields.map("broker").maybe("receive_maximum"))
    plan.broker.receive_maximum = static_cast<std::uint16_t>(most->whole);
  plan.broker.external = fields.map("broker").text("external");
  if (plan.broker.external == "ours") plan.broker.external.clear();
  if (const auto time = fields.map("broker").maybe("service_time"))
    plan.broker.service_time = ServiceTime{.each = time->duration, .is_measured = time->is_word};
  const Node* const users = fields.map("broker").find("users");
  plan.broker.users = read_users(users, problems);
  if (users != nullptr && !plan.broker.external.empty())
    problems.push_back(
        {users->line, users->column,
         "`users` are those of our own broker; with `external` everybody is let in"});
  for (const std::string_view key : {"sync", "receive_maximum"})
    if (const Node* const place = fields.map("broker").find(key);
        place != nullptr && !plan.broker.external.empty())
      problems.push_back({place->line, place->column,
                          in_quotes(key) + " is for our own broker; another has its own"});
  Reading reading{std::filesystem::path(file_name).parent_path().string(), problems};
  plan.links = read_links(fields.find("links"), reading);
  plan.groups = read_fleet(fields.find("fleet"), plan.duration, plan.links, problems);
  check_stations(fields.find("links"), fields.find("world"), plan, problems);
  plan.faults = read_faults(fields.find("faults"), plan, problems);
  plan.store.idle_timeout = fields.map("store").duration("idle_timeout");
  const Node* const store = fields.find("store");
  if (store != nullptr && std::none_of(plan.groups.begin(), plan.groups.end(),
                                       [](const GroupPlan& group) { return group.rest; }))
    problems.push_back({store->line, store->column, "no group has `rest`: nobody speaks with it"});
  plan.expectations = read_expectations(fields.find("expect"), plan, problems);
  return plan;
}

// Whether the parts that refer to each other are there: names that look for a refused part would
// only bring further, untrue problems.
bool can_be_built(const Node& root) {
  const Fields fields(&root, scenario_shape);
  for (const std::string_view part : {"links", "fleet", "faults", "expect"})
    if (find(root, part) != nullptr && fields.find(part) == nullptr) return false;
  return true;
}

Problems sorted(Problems problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  // What a link says beside `up` and `down` is read for each of them.
  const auto is_same = [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column, a.text) == std::tie(b.line, b.column, b.text);
  };
  problems.erase(std::unique(problems.begin(), problems.end(), is_same), problems.end());
  if (problems.size() > problems_max) {
    problems.resize(problems_max);
    Problem& last = problems.back();
    problems.push_back({last.line, last.column, "there are more problems below"});
  }
  return problems;
}

}  // namespace

std::variant<Plan, Problems> parse(std::string_view text, std::string_view file_name) {
  Problems problems;
  const Document document = read_document(text, problems);
  if (!document.is_whole) return sorted(std::move(problems));
  check(document.root, scenario_shape, "the file", problems);
  if (!can_be_built(document.root)) return sorted(std::move(problems));
  Plan plan = build(document.root, file_name, problems);
  if (!problems.empty()) return sorted(std::move(problems));
  give_borders(plan);
  return plan;
}

std::variant<Plan, Problems> load(const std::string& path) {
  const auto refuse = [](std::string text) { return Problems{{1, 1, std::move(text)}}; };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || !std::filesystem::exists(status))
    return refuse("cannot be read: " + (error ? error.message() : "no such file"));
  if (std::filesystem::is_directory(status)) return refuse("this is a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) return refuse(std::string("cannot be read: ") + std::strerror(errno));
  // One byte more tells that there is more.
  std::string text(file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return refuse("cannot be read");
  return parse(text, path);
}

}  // namespace mq::scenario
