#include "scenarios/language/profiles.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"
#include "scenarios/language/embedded_profiles.h"
#include "scenarios/language/grammar.h"
#include "scenarios/language/link_draft.h"

namespace mq::scenario {
namespace {

bool is_number(Is is) {
  return is == Is::whole || is == Is::decimal || is == Is::duration || is == Is::rate ||
         is == Is::size || is == Is::percentage || is == Is::power || is == Is::sourced ||
         is == Is::drawn;
}

// No number of a profile may do without a source: its own, or that of the mapping it stands in.
void require_sources(const Node& map, const Shape& shape, bool has_source, Problems& problems) {
  for (const Entry& entry : map.entries) {
    const Key* key = find(shape, entry.key.text);
    if (key == nullptr) continue;
    const Node& value = entry.value;
    const bool is_map = value.kind == Node::Kind::map;
    if (is_number(key->shape->is) && !is_map && !has_source)
      problems.push_back(
          {value.line, value.column, in_quotes(entry.key.text) + " of a profile needs a source"});
    if (key->shape->is == Is::map && is_map)
      require_sources(value, *key->shape, has_source || find(value, "source") != nullptr, problems);
    if (key->shape->is == Is::list)
      for (const Node& item : value.items)
        require_sources(item, *key->shape->item, has_source, problems);
  }
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
  require_sources(document.root, profile_file_shape, false, problems);
  const Fields fields(&document.root, profile_file_shape);
  LinkDraft draft;
  Reading reading{"", problems};
  apply(fields, "", draft, reading);
  const auto is_written = [](const auto& number) { return number.has_value(); };
  const bool is_element = std::none_of(draft.up.begin(), draft.up.end(), is_written) &&
                          std::none_of(draft.down.begin(), draft.down.end(), is_written) &&
                          !draft.blocks.empty();
  if (!is_element) require_rate_and_delay(draft, document.root, problems);
  if (!problems.empty()) return problems;
  draft.plan.name = fields.text("name");
  std::string name = draft.plan.name;
  return Profile{std::move(name), fields.text("description"), finish(std::move(draft)), is_element,
                 text};
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
