#include "conformance/runner/target_file.h"

#include <array>

#include "conformance/runner/needs.h"
#include "conformance/runner/ours.h"
#include "scenarios/language/grammar_files.h"
#include "scenarios/language/grammar_scalars.h"
#include "scenarios/language/walk.h"

namespace mq::conformance {
namespace {

using scenario::Entry;
using scenario::Fields;
using scenario::Key;
using scenario::line_of_text;
using scenario::Node;
using scenario::Problems;
using scenario::Shape;

constexpr std::array tls_keys = {
    Key{.name = "ca_file", .shape = &line_of_text},
    Key{.name = "checks_name", .shape = &scenario::yes_no, .fallback = "true"},
};
constexpr Shape tls{.is = scenario::Is::map, .title = "tls", .keys = tls_keys};

constexpr std::array login_keys = {
    Key{.name = "user", .shape = &line_of_text, .is_required = true},
    Key{.name = "password", .shape = &line_of_text, .is_required = true},
    Key{.name = "wrong_password", .shape = &line_of_text},
};
constexpr Shape login{.is = scenario::Is::map, .title = "a login", .keys = login_keys};

constexpr std::array restricted_keys = {
    Key{.name = "user", .shape = &line_of_text, .is_required = true},
    Key{.name = "password", .shape = &line_of_text, .is_required = true},
    Key{.name = "denied_topic", .shape = &line_of_text, .is_required = true},
    Key{.name = "allowed_topic", .shape = &line_of_text, .is_required = true},
};
constexpr Shape restricted{
    .is = scenario::Is::map, .title = "a restricted user", .keys = restricted_keys};

constexpr Shape number{.is = scenario::Is::whole, .min = "0", .max = "4294967295"};
constexpr Shape numbers{.is = scenario::Is::named_map, .item = &number, .entries_max = 100};
constexpr Shape reasons{.is = scenario::Is::named_map, .item = &line_of_text, .entries_max = 100};

constexpr std::array target_keys = {
    Key{.name = "version", .shape = &scenario::version_of_a_file, .is_required = true},
    Key{.name = "tls", .shape = &tls},
    Key{.name = "login", .shape = &login},
    Key{.name = "restricted", .shape = &restricted},
    Key{.name = "configured", .shape = &numbers},
    Key{.name = "lacks", .shape = &reasons},
    Key{.name = "protocols", .shape = &scenario::protocols},
};
constexpr Shape target_shape{.is = scenario::Is::map, .title = "a target", .keys = target_keys};

void read_login(const Fields& file, Target& target) {
  const Fields who = file.map("login");
  if (who.is_there()) {
    target.given["user"] = who.text("user");
    target.given["password"] = who.text("password");
    if (who.has("wrong_password")) target.given["wrong_password"] = who.text("wrong_password");
  }
  const Fields guest = file.map("restricted");
  if (!guest.is_there()) return;
  target.given["guest"] = guest.text("user");
  target.given["guest_password"] = guest.text("password");
  target.given["denied_topic"] = guest.text("denied_topic");
  target.given["allowed_topic"] = guest.text("allowed_topic");
}

void read_features(const Fields& file, Target& target, Problems& problems) {
  if (const Node* node = file.find("configured"))
    for (const Entry& entry : node->entries) {
      const std::string setting = entry.key.text + "=" + entry.value.text;
      if (const std::string fault = config_fault(setting); !fault.empty())
        problems.push_back({entry.key.line, entry.key.column, fault});
      target.configured.push_back(setting);
    }
  if (const Node* node = file.find("lacks"))
    for (const Entry& entry : node->entries) {
      if (const std::string fault = need_fault(entry.key.text); !fault.empty())
        problems.push_back({entry.key.line, entry.key.column, fault});
      target.lacks[entry.key.text] = entry.value.text;
    }
  if (const Node* node = file.find("protocols")) {
    target.versions.clear();
    for (const Node& item : node->items)
      target.versions.insert(item.text == "5.0" ? Version::v5 : Version::v3_1_1);
  }
}

}  // namespace

Problems read_target(std::string_view yaml, const std::string& folder, Target& target) {
  Problems problems;
  const scenario::Document document = scenario::read_document(yaml, problems);
  if (!document.is_whole) return problems;
  scenario::check(document.root, target_shape, "the file", problems);
  if (!problems.empty()) return problems;
  const Fields file(&document.root, target_shape);
  const Fields trust = file.map("tls");
  if (trust.has("ca_file")) {
    const std::string name = trust.text("ca_file");
    target.ca_file = name.starts_with('/') || folder.empty() ? name : folder + "/" + name;
  }
  if (trust.is_there()) target.checks_certificate_name = trust.yes("checks_name");
  read_login(file, target);
  read_features(file, target, problems);
  return problems;
}

}  // namespace mq::conformance
