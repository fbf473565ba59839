#include "conformance/runner/remote.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "conformance/runner/hello.h"
#include "conformance/runner/needs.h"
#include "conformance/runner/socket_case.h"
#include "transport/core_clock.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

constexpr Patience patience{.reply = 2s, .quiet = 500ms, .early = 100ms};
constexpr Duration slack = 20s;            // beyond that a case is given up
constexpr Duration slack_again = 60s;      // of a second try: a broker may be slow
constexpr Duration between_looks = 200ms;  // whether the broker is there
constexpr Duration after_refusal = 1s;
constexpr std::size_t calm_at_once = 50;  // of what is played again
// A broker whose answers took so long is a slow one: what is played again has more time, and less
// beside it.
constexpr Duration slow_answer = 500ms;
constexpr std::size_t slow_at_once = 16;
constexpr Duration reply_most = 8s;
constexpr std::size_t idle_max = 300;
constexpr std::size_t playing_max = 2000;  // that are remembered
constexpr int misses_max = 2;              // signs of life that did not come, one after another
constexpr int refusals_max = 20;           // one after another, each after a second of rest
constexpr int absences_max = 3;            // the same, where nobody listened at all
constexpr int tries_max = 4;               // of a case, and of tidying up behind it

// What answers such a packet, whatever is in it.
std::string_view answer_to(std::string_view sent) {
  static constexpr std::pair<std::string_view, std::string_view> pairs[] = {
      {"CONNECT", "CONNACK"},
      {"SUBSCRIBE", "SUBACK"},
      {"UNSUBSCRIBE", "UNSUBACK"},
      {"PINGREQ", "PINGRESP"}};
  for (const auto& [request, answer] : pairs)
    if (sent.starts_with(request)) return answer;
  return {};
}

// The longest that an answer of the broker took.
Duration slowest_answer(const std::vector<Said>& transcript) {
  struct Request {
    Instant at;
    std::string_view answer;
  };
  std::map<std::uint32_t, Request> open;  // by connection
  Duration slowest{};
  for (const Said& said : transcript) {
    if (said.what == Said::What::sent) {
      if (const auto answer = answer_to(said.text); !answer.empty())
        open[said.connection] = {said.at, answer};
    } else if (const auto request = open.find(said.connection);
               said.what == Said::What::received && request != open.end() &&
               said.text.starts_with(request->second.answer)) {
      slowest = std::max(slowest, said.at - request->second.at);
      open.erase(request);
    }
  }
  return slowest;
}

// No limit, nobody is there.
bool nobody_listens(const Outcome& outcome) {
  const boost::system::error_code refused = boost::asio::error::connection_refused;
  return outcome.is_unreachable && outcome.reason.find(refused.message()) != std::string::npos;
}

class RemoteSuite {
 public:
  RemoteSuite(const std::vector<const Case*>& cases, const Library& library, const Target& target,
              const RemoteOptions& options)
      : target_(target),
        options_(options),
        dialer_(context_, target.address, tls_of(target)),
        clock_(context_),
        look_clock_(context_),
        pace_(options.pace) {
    for (const Case* one : cases)
      run_.results.push_back({one, level_of(*one, library.statements), {}, {}});
  }

  ~RemoteSuite() {
    for (const auto& one : playing_)
      if (const auto playing = one.lock()) playing->give_up();
  }
  RemoteSuite(const RemoteSuite&) = delete;
  RemoteSuite& operator=(const RemoteSuite&) = delete;

  RemoteRun run() {
    run_.lost = dialer_.resolve();
    if (run_.lost.empty()) run_.lost = ask();
    if (run_.lost.empty() && !is_stopped_) play_all();
    for (CaseResult& result : run_.results) {
      if (!settled_.contains(result.which) && (!run_.lost.empty() || is_stopped_))
        leave_out(result, is_stopped_ ? interrupted_reason : "the target does not answer");
      if (was_limited_) excuse(result.outcome);
      soften(result);
    }
    run_.was_limited = was_limited_;
    if (!run_.lost.empty()) run_.lost = target_.address.text() + ": " + run_.lost;
    run_.connections_per_second = pace_.limits().per_second;
    return std::move(run_);
  }

 private:
  static transport::TlsClientOptions tls_of(const Target& target) {
    transport::TlsClientOptions tls;
    tls.ca_file = target.ca_file;
    tls.checks_name = target.checks_certificate_name;
    return tls;
  }

  // What was turned away to the last try may have met the limit, and nobody knows.
  static void excuse(Outcome& outcome) {
    if (outcome.verdict != Verdict::fail || !outcome.was_turned_away) return;
    outcome.verdict = Verdict::error;
    outcome.is_unreachable = true;
    outcome.reason = "its connections were turned away each time, as others were";
    outcome.failure.reset();
  }

  // ---- Is anybody there?

  // Why nobody is, or nobody who lets us in; else what the target can do is known.
  std::string ask() {
    std::string why;
    std::size_t left = 0;
    const auto ask_in = [&](Version version) {
      auto hello = std::make_shared<Case>(greeting(version, options_.hello_within));
      ++left;
      play(*hello, "hello" + std::string(version == Version::v5 ? "5" : "3"),
           options_.hello_within + 1s, [&, hello, version](Outcome outcome, const Leftovers&) {
             contacts_[version] = contact_from(outcome, version, target_);
             --left;
           });
    };
    const auto answers = [&] {
      while (left > 0 && !stops()) context_.run_one_for(between_questions);
      copy_announcements();
    };
    for (const Version version : target_.versions) ask_in(version);
    answers();
    // Knowing which keep alive it takes, we may be let in.
    if (is_refused_for_its_keep_alive()) {
      ask_in(Version::v3_1_1);
      answers();
    }
    if (is_stopped_) return {};
    const auto speaks = [](const auto& one) { return one.second.speaks; };
    if (std::any_of(contacts_.begin(), contacts_.end(), speaks)) return {};
    // An answer says more than silence.
    for (const bool answered : {true, false})
      for (const auto& [version, contact] : contacts_)
        if (why.empty() && contact.answered == answered) why = contact.why;
    return why;
  }

  // 3.1.1 has no words for it, but it is the same broker.
  void copy_announcements() {
    const auto v5 = contacts_.find(Version::v5);
    const auto v3 = contacts_.find(Version::v3_1_1);
    if (v5 == contacts_.end() || v3 == contacts_.end() || !v5->second.speaks) return;
    v3->second.abilities = v5->second.abilities;
  }

  bool is_refused_for_its_keep_alive() const {
    const auto v3 = contacts_.find(Version::v3_1_1);
    return v3 != contacts_.end() && v3->second.answered && !v3->second.speaks &&
           v3->second.abilities.server_keep_alive;
  }

  // ---- Is it still there?

  // While cases are played, somebody else comes all the time, as everybody may. That says whether
  // the broker lives, and whether it has a limit that our cases run into.
  void look_in(Duration after) {
    look_clock_.keep(look_clock_.now() + after, [this] {
      for (const auto& [version, contact] : contacts_) {
        if (!contact.speaks) continue;
        auto sign = std::make_shared<Case>(sign_of_life(version, options_.hello_within));
        return play(*sign, "still", options_.hello_within + 1s,
                    [this, sign](const Outcome& outcome, const Leftovers&) { looked(outcome); });
      }
    });
  }

  void looked(const Outcome& outcome) {
    if (outcome.verdict == Verdict::pass) {
      misses_ = refusals_ = absences_ = 0;
      in_doubt_ = false;
      to_tidy_now_ = to_tidy_.size();
      suspects_.clear();
      return look_in(between_looks);
    }
    in_doubt_ = true;
    if (nobody_listens(outcome)) {
      if (++absences_ >= absences_max) lose("nobody listens there any more");
      return look_in(after_refusal);
    }
    if (outcome.was_turned_away) {
      slow_down();
      if (++refusals_ >= refusals_max) lose("it turns away every connection");
      return look_in(after_refusal);
    }
    if (++misses_ >= misses_max) lose("it stopped answering");
    look_in(between_looks);
  }

  // There is a limit: whatever was turned away until now may have met it, also what passed.
  void slow_down() {
    was_limited_ = true;
    pace_.slow_down(clock_.now());
    for (const Job& job : std::exchange(turned_away_, {})) again(job);
  }

  // Nobody knows what these cases would have come to.
  void lose(const std::string& how) {
    for (const std::size_t at : under_way_) suspects_.push_back(run_.results[at].which);
    run_.lost = how + " while these cases were played:";
    constexpr std::size_t named_max = 8;
    for (std::size_t i = 0; i < suspects_.size() && i < named_max; ++i)
      run_.lost += " " + suspects_[i]->id;
    if (suspects_.size() > named_max)
      run_.lost += " and " + std::to_string(suspects_.size() - named_max) + " more";
    for (const Case* one : suspects_) settled_.erase(one);
  }

  // ---- All cases

  struct Job {
    std::size_t at = 0;  // of the results
    Demand demand;
    int tries = 0;
    bool was_odd = false;
    bool was_turned_away = false;

    bool is_repeated() const { return tries > 1; }
  };

  void play_all() {
    for (std::size_t at = 0; at < run_.results.size(); ++at) {
      const Case& one = *run_.results[at].which;
      const std::string why = why_not(one);
      if (why.empty()) {
        Job job{.at = at, .demand = demand_of(one, patience.quiet)};
        (one.runs_alone ? alone_ : fresh_).push_back(std::move(job));
        continue;
      }
      run_.results[at].outcome.verdict = Verdict::not_applicable;
      run_.results[at].outcome.reason = why;
      settled_.insert(&one);
    }
    // What may take longest begins first, and all the rest fits beside it.
    std::stable_sort(fresh_.begin(), fresh_.end(), [](const Job& a, const Job& b) {
      return a.demand.longest > b.demand.longest;
    });
    to_come_ = fresh_.size() + alone_.size();
    if (to_come_ == 0) return;
    look_in(between_looks);
    while (run_.lost.empty() && !stops()) {
      begin_what_may();
      if (is_all_over()) return;
      context_.run_one_for(between_questions);
    }
    // Whether the target was still there when they went wrong, nobody knows any more.
    if (is_stopped_)
      for (const Case* one : suspects_) settled_.erase(one);
  }

  // A signal wakes nobody up, so it is asked for.
  bool stops() {
    is_stopped_ = is_stopped_ || options_.onlooker.wants_to_stop();
    return is_stopped_;
  }

  // What went wrong since the last sign of life is to be believed when the next one has come.
  bool is_all_over() const {
    return fresh_.empty() && again_.empty() && alone_.empty() && busy_ + idle_ == 0 &&
           suspects_.empty();
  }

  std::string why_not(const Case& one) const {
    const auto contact = contacts_.find(one.version);
    if (contact == contacts_.end())
      return std::string("the target is not to be tested in MQTT ") + name(one.version);
    if (!contact->second.speaks)
      return std::string("the target does not speak MQTT ") + name(one.version) + ": " +
             contact->second.why;
    return does_not_apply(one, contact->second.abilities, {options_.longest, patience.quiet});
  }

  void begin_what_may() {
    for (;;) {
      pace_.on_opened(dialer_.dialed() - std::exchange(dialed_, dialer_.dialed()), clock_.now());
      if (in_doubt_) return;
      if (!pace_.may_begin(dialer_.open(), clock_.now())) break;
      if (to_tidy_now_ > 0 && !to_tidy_.empty()) {
        --to_tidy_now_;
        Cleaning cleaning = std::move(to_tidy_.front());
        to_tidy_.pop_front();
        tidy(std::move(cleaning));
        continue;
      }
      auto job = next_job();
      if (!job) return;
      begin(std::move(*job));
    }
    clock_.keep(pace_.next(clock_.now()), [] {});
  }

  // Those that only wait are played beside the others, whatever their number. What was late has its
  // second time in the calm: when nothing else is left, or all goes slowly anyway.
  std::optional<Job> next_job() {
    if (runs_alone_) return std::nullopt;
    if (may_play_again())
      if (auto job = taken_from(again_, [](const Job&) { return true; })) return job;
    if (auto job = taken_from(fresh_, [this](const Job& one) {
          return one.demand.is_idle() ? idle_ < idle_max : busy_ < options_.at_once;
        }))
      return job;
    if (busy_ + idle_ > 0 || !fresh_.empty() || !again_.empty()) return std::nullopt;
    auto job = taken_from(alone_, [](const Job&) { return true; });
    runs_alone_ = job.has_value();
    return job;
  }

  std::optional<Job> taken_from(std::deque<Job>& jobs, const auto& may) {
    const auto found = std::find_if(jobs.begin(), jobs.end(), [&](const Job& job) {
      const auto is_used = [this](const std::string& id) { return ids_in_use_.contains(id); };
      return may(job) &&
             std::none_of(job.demand.common_ids.begin(), job.demand.common_ids.end(), is_used);
    });
    if (found == jobs.end()) return std::nullopt;
    std::optional<Job> job = std::move(*found);
    jobs.erase(found);
    return job;
  }

  bool may_play_again() const {
    if (!fresh_.empty() && !pace_.is_gentle()) return false;
    const std::size_t calm = is_slow() ? slow_at_once : calm_at_once;
    return (is_slow() || fresh_.empty() ? busy_ : repeated_) < std::min(calm, options_.at_once);
  }

  bool is_slow() const { return slowest_ > slow_answer; }

  Patience patience_of(const Job& job) const {
    Patience longer = patience;
    if (job.was_odd && is_slow())
      longer.reply = std::clamp<Duration>(3 * slowest_, patience.reply, reply_most);
    return longer;
  }

  void begin(Job job) {
    const Case& one = *run_.results[job.at].which;
    ++(job.demand.is_idle() ? idle_ : busy_);
    ++job.tries;
    if (job.is_repeated()) ++repeated_;
    ids_in_use_.insert(job.demand.common_ids.begin(), job.demand.common_ids.end());
    under_way_.insert(job.at);
    // What the first try has left is not to be met by the second.
    const std::string number =
        std::to_string(job.at) + (job.is_repeated() ? "t" + std::to_string(job.tries) : "");
    play(
        one, number, job.demand.least + (job.is_repeated() ? slack_again : slack),
        [this, job](Outcome outcome, const Leftovers& left) {
          slowest_ = std::max(slowest_, slowest_answer(outcome.transcript));
          settle(job, std::move(outcome));
          if (left.empty()) return leave(job);
          tidy({.after = job, .left = left});
        },
        patience_of(job));
  }

  struct Cleaning {
    Job after;
    Leftovers left;
    int tries = 0;
  };

  void tidy(Cleaning cleaning) {
    ++cleaning.tries;
    const Version version = run_.results[cleaning.after.at].which->version;
    auto script = std::make_shared<Case>(clean_up(cleaning.left, version));
    play(*script, "clean" + std::to_string(cleaning.after.at), slack,
         [this, script, cleaning](const Outcome& outcome, const Leftovers&) {
           const bool is_done = !outcome.was_turned_away && !outcome.is_unreachable;
           if (is_done || cleaning.tries >= tries_max) return leave(cleaning.after);
           // As everybody does it, and not let in: that is a limit.
           if (!was_limited_ && !nobody_listens(outcome)) slow_down();
           to_tidy_.push_back(cleaning);
         });
  }

  void leave(const Job& job) {
    --(job.demand.is_idle() ? idle_ : busy_);
    if (job.is_repeated()) --repeated_;
    for (const std::string& id : job.demand.common_ids) ids_in_use_.erase(id);
    runs_alone_ = false;
  }

  void settle(const Job& job, Outcome outcome) {
    under_way_.erase(job.at);
    CaseResult& result = run_.results[job.at];
    const bool is_bad = outcome.verdict == Verdict::fail || outcome.is_unreachable;
    if (is_bad) suspects_.push_back(result.which);
    if (outcome.was_turned_away) turned_away_.push_back(job);
    // Many cases at a time, and whatever else this machine does, may have been too much: what went
    // wrong, or was not let in, gets a second chance in calm; what takes long only at a slow
    // broker.
    const bool is_turned_away = is_bad && outcome.was_turned_away;
    const bool is_odd = is_bad || outcome.verdict == Verdict::error;
    if (job.was_odd && outcome.verdict == Verdict::pass) {
      outcome.reason = "when it was played a second time, and little else beside it";
      run_.only_at_first.push_back(result.which->id);
    }
    if (job.was_turned_away && outcome.verdict == Verdict::pass) slow_down();
    result.outcome = std::move(outcome);
    if (settled_.insert(result.which).second) --to_come_;
    Job next = job;
    next.was_odd = is_odd;
    next.was_turned_away = is_turned_away;
    const bool is_known = options_.is_known && options_.is_known(result);
    if (is_turned_away
            ? job.tries == 1 || was_limited_
            : is_odd && !is_known && job.tries == 1 && (!job.demand.is_idle() || is_slow()))
      again(next);
    if (options_.onlooker.progress) options_.onlooker.progress(to_come_ + again_.size());
  }

  void again(const Job& job) {
    const auto is_same = [&](const Job& one) { return one.at == job.at; };
    if (job.tries >= tries_max || under_way_.contains(job.at) ||
        std::any_of(again_.begin(), again_.end(), is_same))
      return;
    (run_.results[job.at].which->runs_alone ? alone_ : again_).push_back(job);
  }

  // ---- One case

  void play(const Case& one, const std::string& number, Duration limit, SocketCase::Done done,
            const Patience& patience_now = patience) {
    Surroundings around{.topic = "lab-" + options_.word + "-" + number,
                        .client_id = options_.word + number,
                        .given = target_.given,
                        .patience = patience_now,
                        .abilities = {},
                        .web_socket = {target_.address.host_and_port(), target_.address.path}};
    if (const auto contact = contacts_.find(one.version); contact != contacts_.end())
      around.abilities = contact->second.abilities;
    const auto playing =
        std::make_shared<SocketCase>(dialer_, one, std::move(around), limit, std::move(done));
    playing_.push_back(playing);
    if (playing_.size() > playing_max)
      std::erase_if(playing_, [](const auto& past) { return past.expired(); });
    playing->start();
  }

  const Target& target_;
  const RemoteOptions& options_;
  boost::asio::io_context context_;
  // Between two cases nothing may be under way; a context without work would stop for good.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> goes_on_{
      context_.get_executor()};
  Dialer dialer_;
  transport::CoreClock clock_;
  transport::CoreClock look_clock_;
  Pace pace_;
  RemoteRun run_;
  std::map<Version, Contact> contacts_;
  std::vector<std::weak_ptr<SocketCase>> playing_;
  std::deque<Job> fresh_;
  std::deque<Job> again_;
  std::deque<Job> alone_;
  std::deque<Cleaning> to_tidy_;  // once more: nobody was let in to do it
  std::set<std::string> ids_in_use_;
  std::set<std::size_t> under_way_;  // of the results
  std::set<const Case*> settled_;
  std::vector<const Case*> suspects_;  // what went wrong since the last sign of life
  std::vector<Job> turned_away_;       // since the pace was last made slower
  std::size_t dialed_ = 0;             // that the pace knows of
  std::size_t busy_ = 0;
  std::size_t idle_ = 0;
  std::size_t repeated_ = 0;  // of both, those that are played again
  std::size_t to_come_ = 0;
  Duration slowest_{};  // of the broker's answers
  int misses_ = 0;
  int refusals_ = 0;
  int absences_ = 0;
  std::size_t to_tidy_now_ = 0;  // of to_tidy_: those that the last sign of life has found
  bool runs_alone_ = false;
  bool in_doubt_ = false;
  bool was_limited_ = false;
  bool is_stopped_ = false;
};

}  // namespace

std::string word_of_a_run() {
  std::random_device chance;
  Rng rng(static_cast<std::uint64_t>(chance()) << 32 | chance());
  std::string word = "m";
  for (int i = 0; i < 6; ++i) word += "abcdefghijklmnopqrstuvwxyz234567"[rng.next() % 32];
  return word;
}

RemoteRun run_remotely(const std::vector<const Case*>& cases, const Library& library,
                       const Target& target, const RemoteOptions& options) {
  try {
    return RemoteSuite(cases, library, target, options).run();
  } catch (const transport::TlsError& error) {
    RemoteRun none;
    none.lost = error.what();
    return none;
  }
}

}  // namespace mq::conformance
