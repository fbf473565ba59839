#include "scenarios/language/links.h"

#include <string>
#include <utility>

#include "scenarios/language/grammar.h"
#include "scenarios/language/link_draft.h"
#include "scenarios/language/profiles.h"
#include "scenarios/language/walk.h"

namespace mq::scenario {
namespace {

constexpr std::string_view written_here = "the scenario";

sim::TcpPreset tcp_preset(std::string_view word) {
  if (word == "lwip") return sim::TcpPreset::lwip;
  return word == "ns3-default" ? sim::TcpPreset::ns3_default : sim::TcpPreset::linux_;
}

const Profile* read_profile(const Fields& link, Problems& problems) {
  const Node* node = link.find("profile");
  const auto name = link.maybe("profile");
  if (node == nullptr || !name) return nullptr;
  const Profile* found = find_profile(name->text);
  if (found != nullptr) return found;
  std::vector<std::string_view> names;
  for (const Profile& known : profiles()) names.push_back(known.name);
  const std::string guess = suggestion(name->text, names);
  problems.push_back({node->line, node->column,
                      "there is no profile " + quoted(name->text) +
                          (guess.empty() ? "; `mqttlab list profiles` shows them" : guess)});
  return nullptr;
}

LinkPlan read_link(const Entry& entry, Problems& problems) {
  const Fields fields(&entry.value, link_shape);
  LinkDraft draft;
  const Profile* profile = read_profile(fields, problems);
  if (profile != nullptr) {
    draft = draft_of(profile->link);
    draft.plan.profile = profile->name;
  }
  const std::string source = fields.text("source");
  const std::string link_source = source.empty() ? std::string(written_here) : source;
  apply(fields, link_source, draft);
  if (const Node* tcp = fields.find("tcp")) {
    draft.plan.model.tcp = tcp_preset(fields.text("tcp"));
    draft.tcp = written(*tcp, link_source);
  }
  if (entry.value.kind == Node::Kind::map && !fields.has("profile"))
    require_rate_and_delay(draft, entry.value, problems);
  draft.plan.name = entry.key.text;
  return finish(std::move(draft));
}

}  // namespace

std::vector<LinkPlan> read_links(const Node* node, Problems& problems) {
  std::vector<LinkPlan> links;
  if (node == nullptr || node->kind != Node::Kind::map) return links;
  for (const Entry& entry : node->entries) links.push_back(read_link(entry, problems));
  return links;
}

}  // namespace mq::scenario
