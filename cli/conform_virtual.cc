#include "cli/conform_virtual.h"

#include <map>
#include <memory>
#include <utility>

#include "cli/virtual_broker.h"
#include "conformance/runner/adapted.h"
#include "conformance/runner/hello.h"
#include "conformance/runner/ours.h"
#include "peers/peer.h"

namespace mq::cli {
namespace {

using conformance::Case;
using conformance::Outcome;

constexpr Duration hello_within = std::chrono::seconds(5);

class Run {
 public:
  Run(peers::Adapter adapter, std::uint64_t seed) : adapter_(std::move(adapter)), seed_(seed) {
    conformance::describe(adapter_, target_);
  }

  // It is asked in both versions what it can do; why nobody can be tested, if so.
  std::string ask() {
    std::string why;
    for (const Version version : {Version::v5, Version::v3_1_1}) {
      if (!target_.versions.contains(version)) continue;
      const Case hello = conformance::greeting(version, hello_within);
      // 3.1.1 has no words for what the same broker has said in 5.0.
      if (version != Version::v5 && contacts_[Version::v5].speaks)
        contacts_[version] = contacts_[Version::v5];
      contacts_[version] = conformance::contact_from(play(hello), version, target_);
      if (!trouble_.empty()) return trouble_;
      if (!contacts_[version].speaks) why = contacts_[version].why;
    }
    bool speaks = false;
    for (auto& [version, contact] : contacts_) {
      speaks = speaks || contact.speaks;
      contact.abilities.virtual_time = true;
    }
    // 3.1.1 has no words for it, but it is the same broker.
    if (contacts_.contains(Version::v5) && contacts_.contains(Version::v3_1_1) &&
        contacts_[Version::v5].speaks)
      contacts_[Version::v3_1_1].abilities = contacts_[Version::v5].abilities;
    return speaks ? "" : why;
  }

  std::string why_not(const Case& one) const {
    const auto contact = contacts_.find(one.version);
    if (contact == contacts_.end() || !contact->second.speaks)
      return std::string("the target does not speak MQTT ") + std::string(name(one.version));
    return conformance::does_not_apply(one, contact->second.abilities, {});
  }

  Outcome play(const Case& one) {
    conformance::Across across = conformance::next_to_ours();
    if (const auto contact = contacts_.find(one.version); contact != contacts_.end())
      across.abilities = contact->second.abilities;
    const conformance::Between between = [this](sim::BrokerBackend&) {
      auto broker = virtual_broker(adapter_, {.seed = seed_, .settings = {}, .log_file = {}});
      broker->tell_of_trouble([this](const std::string& trouble) { trouble_ = trouble; });
      return broker;
    };
    return conformance::play_against_ours(one, seed_, between, across);
  }

  const std::string& trouble() const { return trouble_; }

 private:
  peers::Adapter adapter_;
  std::uint64_t seed_;
  conformance::Target target_;
  std::map<Version, conformance::Contact> contacts_;
  std::string trouble_;
};

}  // namespace

VirtualRun conform_in_virtual_time(const std::vector<const Case*>& cases,
                                   const conformance::Library& library, const std::string& broker,
                                   std::uint64_t seed, const conformance::Onlooker& onlooker) {
  const peers::Adapter adapter = peers::find_adapter(broker);
  VirtualRun all;
  all.release = peers::installed_release(adapter);
  Run run(adapter, seed);
  all.lost = run.ask();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    conformance::CaseResult result;
    result.which = cases[i];
    result.level = conformance::level_of(*cases[i], library.statements);
    if (!all.lost.empty() || onlooker.wants_to_stop()) {
      conformance::leave_out(result, all.lost.empty() ? conformance::interrupted_reason
                                                      : "the target does not answer");
    } else if (const std::string why = run.why_not(*cases[i]); why.empty()) {
      result.outcome = run.play(*cases[i]);
      conformance::soften(result);
      all.lost = run.trouble();
    } else {
      result.outcome.verdict = conformance::Verdict::not_applicable;
      result.outcome.reason = why;
    }
    all.results.push_back(std::move(result));
    if (onlooker.progress) onlooker.progress(cases.size() - i - 1);
  }
  return all;
}

}  // namespace mq::cli
