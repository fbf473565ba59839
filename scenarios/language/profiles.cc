#include "scenarios/language/profiles.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"
#include "scenarios/language/embedded_profiles.h"
#include "scenarios/language/grammar.h"
#include "scenarios/language/link_draft.h"

namespace mq::scenario {
namespace {

// No number of a profile may do without a source.
void require_sources(const Node& node, Problems& problems) {
  const auto each = [&](const Node& map) {
    for (const Entry& entry : map.entries) {
      const Key* key = find(link_shape, entry.key.text);
      if (key == nullptr) key = find(outages_shape, entry.key.text);
      if (key != nullptr && key->shape->is == Is::sourced && entry.value.kind != Node::Kind::map)
        problems.push_back({entry.value.line, entry.value.column,
                            quoted(entry.key.text) + " of a profile needs a source"});
    }
  };
  each(node);
  for (const Entry& entry : node.entries)
    if (entry.value.kind == Node::Kind::map) each(entry.value);
}

std::vector<Profile> parse_all() {
  std::vector<Profile> all;
  for (const std::string_view text : embedded_profiles()) {
    auto parsed = parse_profile(text);
    ensure(std::holds_alternative<Profile>(parsed), "the built-in profiles are legal");
    all.push_back(std::get<Profile>(std::move(parsed)));
  }
  std::sort(all.begin(), all.end(),
            [](const Profile& a, const Profile& b) { return a.name < b.name; });
  return all;
}

}  // namespace

std::variant<Profile, Problems> parse_profile(std::string_view text) {
  Problems problems;
  const Document document = read_document(text, problems);
  if (!document.is_whole) return problems;
  check(document.root, profile_file_shape, "the file", problems);
  if (!problems.empty()) return problems;
  require_sources(document.root, problems);
  const Fields fields(&document.root, profile_file_shape);
  LinkDraft draft;
  apply(fields, "", draft);
  require_rate_and_delay(draft, document.root, problems);
  if (!problems.empty()) return problems;
  draft.plan.name = fields.text("name");
  std::string name = draft.plan.name;
  return Profile{std::move(name), fields.text("description"), finish(std::move(draft)), text};
}

const std::vector<Profile>& profiles() {
  static const std::vector<Profile> all = parse_all();
  return all;
}

const Profile* find_profile(std::string_view name) {
  for (const Profile& profile : profiles())
    if (profile.name == name) return &profile;
  return nullptr;
}

}  // namespace mq::scenario
