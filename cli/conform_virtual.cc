#include "cli/conform_virtual.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "cli/virtual_broker.h"
#include "conformance/runner/adapted.h"
#include "conformance/runner/crowd.h"
#include "conformance/runner/hello.h"
#include "conformance/runner/ours.h"
#include "peers/peer.h"

namespace mq::cli {
namespace {

using conformance::Case;
using conformance::CaseResult;
using conformance::Outcome;
using conformance::Verdict;

constexpr Duration hello_within = std::chrono::seconds(5);

class Run {
 public:
  Run(const std::vector<const Case*>& cases, const conformance::Library& library,
      conformance::Target target, const VirtualOptions& options)
      : options_(options),
        adapter_(peers::find_adapter(options.broker)),
        target_(std::move(target)) {
    all_.release = peers::installed_release(adapter_);
    conformance::describe(adapter_, target_);
    for (const Case* one : cases)
      all_.results.push_back({one, conformance::level_of(*one, library.statements), {}, {}});
  }

  VirtualRun run() {
    all_.lost = ask();
    if (all_.lost.empty()) play_all();
    const bool is_lost = !all_.lost.empty();
    for (const std::size_t at : undecided_)
      conformance::leave_out(all_.results[at], is_lost ? "the target does not answer"
                                                       : conformance::interrupted_reason);
    return std::move(all_);
  }

 private:
  using Outcomes = std::vector<std::optional<Outcome>>;

  // With a broker of their own.
  Outcomes play(const std::vector<const Case*>& cases, conformance::Onlooker onlooker = {}) {
    trouble_.clear();
    const auto broker = virtual_broker(adapter_, {.seed = options_.seed,
                                                  .settings = {},
                                                  .log_file = {},
                                                  .listeners = {},
                                                  .takes_time = false});
    broker->tell_of_trouble([this](const std::string& trouble) { trouble_ = trouble; });
    conformance::Crowd crowd;
    crowd.seed = options_.seed;
    crowd.link = conformance::next_to_ours().link;
    crowd.given = target_.given;
    for (const auto& [version, contact] : contacts_) crowd.abilities[version] = contact.abilities;
    crowd.is_gone = [this, &broker] {
      return !trouble_.empty() || !broker->unexpected_ends().empty();
    };
    crowd.onlooker = std::move(onlooker);
    return conformance::play_at_once(cases, *broker, crowd);
  }

  // It is asked in both versions what it can do; why nobody can be tested, if so.
  std::string ask() {
    std::string why;
    bool speaks = false;
    for (const Version version : {Version::v5, Version::v3_1_1}) {
      if (!target_.versions.contains(version)) continue;
      // 3.1.1 has no words for what the same broker has said in 5.0.
      const auto said = contacts_.find(Version::v5);
      if (version != Version::v5 && said != contacts_.end() && said->second.speaks)
        contacts_[version] = said->second;
      const Case hello = conformance::greeting(version, hello_within);
      const auto outcome = std::move(play({&hello}).front());
      if (!trouble_.empty()) return trouble_;
      const conformance::Contact contact =
          conformance::contact_from(outcome.value_or(Outcome{}), version, target_);
      if (contact.speaks && said != contacts_.end() && said->second.speaks)
        contacts_[version].speaks = true;
      else
        contacts_[version] = contact;
      contacts_[version].abilities.virtual_time = true;
      speaks = speaks || contact.speaks;
      if (!contact.speaks) why = contact.why;
    }
    return speaks ? "" : why;
  }

  std::string why_not(const Case& one) const {
    const auto contact = contacts_.find(one.version);
    if (contact == contacts_.end() || !contact->second.speaks)
      return std::string("the target does not speak MQTT ") + std::string(name(one.version));
    return conformance::does_not_apply(one, contact->second.abilities, {options_.longest, {}});
  }

  void play_all() {
    std::vector<std::size_t> together, alone;
    for (std::size_t at = 0; at < all_.results.size(); ++at) {
      CaseResult& result = all_.results[at];
      if (std::string why = why_not(*result.which); !why.empty()) {
        result.outcome.verdict = Verdict::not_applicable;
        result.outcome.reason = std::move(why);
      } else {
        (result.which->runs_alone ? alone : together).push_back(at);
      }
    }
    std::vector<const Case*> cases;
    for (const std::size_t at : together) cases.push_back(all_.results[at].which);
    Outcomes outcomes = play(cases, options_.onlooker);
    for (std::size_t i = 0; i < together.size(); ++i)
      if (!outcomes[i] || !settle(together[i], std::move(*outcomes[i])))
        alone.push_back(together[i]);
    std::size_t to_come = alone.size();
    for (const std::size_t at : alone) {
      if (!all_.lost.empty() || options_.onlooker.wants_to_stop()) {
        undecided_.push_back(at);
        continue;
      }
      play_alone(at);
      if (options_.onlooker.progress) options_.onlooker.progress(--to_come);
    }
  }

  // False if it has to be looked at more closely.
  bool settle(std::size_t at, Outcome outcome) {
    CaseResult& result = all_.results[at];
    result.outcome = std::move(outcome);
    conformance::soften(result);
    const Verdict verdict = result.outcome.verdict;
    const bool is_odd = verdict == Verdict::fail || verdict == Verdict::error;
    return !is_odd || (options_.is_known && options_.is_known(result));
  }

  void play_alone(std::size_t at) {
    CaseResult& result = all_.results[at];
    const Verdict before = result.outcome.verdict;
    auto outcome = std::move(play({result.which}).front());
    all_.lost = trouble_;
    if (!outcome) {
      undecided_.push_back(at);
      return;
    }
    result.outcome = std::move(*outcome);
    conformance::soften(result);
    if (before == Verdict::fail && result.outcome.verdict == Verdict::pass)
      all_.only_at_first.push_back(result.which->id);
  }

  const VirtualOptions& options_;
  const peers::Adapter adapter_;
  conformance::Target target_;
  VirtualRun all_;
  std::map<Version, conformance::Contact> contacts_;
  std::vector<std::size_t> undecided_;
  std::string trouble_;
};

}  // namespace

VirtualRun conform_in_virtual_time(const std::vector<const Case*>& cases,
                                   const conformance::Library& library, conformance::Target target,
                                   const VirtualOptions& options) {
  return Run(cases, library, std::move(target), options).run();
}

}  // namespace mq::cli
