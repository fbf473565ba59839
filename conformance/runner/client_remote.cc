#include "conformance/runner/client_remote.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "conformance/runner/client_case.h"
#include "scenarios/language/units.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

constexpr Patience client_patience{.reply = 2s, .quiet = 500ms, .early = 100ms};
constexpr Duration client_slack = 40s;           // beyond that a case is given up
constexpr std::size_t clients_calm_at_once = 4;  // of what is played again

// What the steps of a case want of a client; the first thing that it has not is told.
class Demands {
 public:
  explicit Demands(const peers::ClientAdapter& adapter) : adapter_(adapter) {}

  std::string missing(const std::vector<Step>& steps) const {
    for (const Step& step : steps) {
      std::string why = step.verb == Verb::start ? missing_to_start(step) : missing_for(step);
      if (step.verb != Verb::start)
        for (const Branch& branch : step.branches)
          if (why.empty()) why = missing(branch.steps);
      if (!why.empty()) return why;
    }
    return {};
  }

 private:
  std::string missing_for(const Step& step) const {
    if (step.verb == Verb::tell)
      return adapter_.title + " takes no orders while it runs: it speaks no line protocol";
    const bool listens = step.verb == Verb::hear || step.verb == Verb::unheard;
    if (listens && step.word != "failed" && !adapter_.tells.contains(step.word))
      return adapter_.title + " does not tell on its standard output: " + step.word;
    return {};
  }

  std::string missing_to_start(const Step& step) const {
    std::string why = missing_fields(step);
    if (step.branches.empty() || !why.empty()) return why;
    const Step& then = step.branches[0].steps[0];
    if (!adapter_.commands.contains(then.word))
      return adapter_.title + " has no command to " + then.word;
    return missing_fields(then);
  }

  std::string missing_fields(const Step& step) const {
    std::set<std::string> seen;
    for (const Field& field : step.fields) {
      if (!adapter_.takes.contains(field.name))
        return adapter_.title + " cannot be started with " + field.name;
      if (!seen.insert(field.name).second)
        return adapter_.title + " cannot be started with two of " + field.name;
    }
    return {};
  }

  const peers::ClientAdapter& adapter_;
};

// Whether the words that make it connect have a place for such a thing.
bool has_place(const peers::ClientAdapter& adapter, std::string_view placeholder) {
  const peers::Command& words = adapter.commands.at("connect");
  return std::any_of(words.begin(), words.end(), [&](const std::string& one) {
    return one.find(placeholder) != std::string::npos;
  });
}

class ClientSuite {
 public:
  ClientSuite(const std::vector<const Case*>& cases, const Library& library,
              peers::ClientAdapter adapter, const ClientOptions& options)
      : adapter_(std::move(adapter)), options_(options) {
    for (const Case* one : cases)
      run_.results.push_back({one, level_of(*one, library.statements), {}, ""});
  }

  ~ClientSuite() {
    for (const auto& one : playing_)
      if (const auto playing = one.lock()) playing->give_up();
  }
  ClientSuite(const ClientSuite&) = delete;
  ClientSuite& operator=(const ClientSuite&) = delete;

  ClientRun run() {
    if (adapter_.source.empty()) run_.lost = ask();
    if (run_.lost.empty() && !is_stopped_) play_all();
    for (CaseResult& result : run_.results) {
      if (!settled_.contains(result.which) && (!run_.lost.empty() || is_stopped_))
        leave_out(result, is_stopped_ ? interrupted_reason : "the client does not connect");
      soften(result);
    }
    return std::move(run_);
  }

 private:
  struct Job {
    std::size_t at = 0;  // of the results
    Duration least{};
    bool is_second_time = false;
  };

  // What a command that nobody has described does: it says `ready`, and takes lines then, or it
  // connects by itself, in some version.
  std::string ask() {
    std::vector<Case> cases;
    read_cases({"runner",
                "case of-the-runner: What no file says\nasserts: v5/MQTT-3.1.0-1\nrole: client\n"
                "start\neither \"lines\"\nhear ready within 10s\nor \"by itself\"\nA accept\n"
                "either \"5.0\"\nA expect CONNECT version=5.0\n"
                "or \"3.1.1\"\nA expect CONNECT version=3.1.1\nend\nend\n"},
               cases);
    adapter_.speaks_lines = false;
    std::optional<Outcome> outcome;
    play(cases.at(0), "hello", options_.hello_within + 5s,
         [&](Outcome came) { outcome = std::move(came); });
    while (!outcome && !stops()) context_.run_one_for(between_questions);
    if (is_stopped_) return {};
    const auto& choices = outcome->choices;
    adapter_.speaks_lines = !choices.empty() && choices.front() == "lines";
    if (adapter_.speaks_lines) return {};
    if (outcome->verdict == Verdict::pass) {
      if (!has_place(adapter_, "${version}")) adapter_.versions = {choices.back()};
      return {};
    }
    std::string why = outcome->failure ? outcome->failure->got : outcome->reason;
    // setpriv only starts the program (peers/process.cc).
    for (const std::string_view words :
         {Play::unable, std::string_view("setpriv: failed to execute ")})
      if (const auto at = why.find(words); at != why.npos) why.erase(at, words.size());
    return "it says no `ready` on its standard output, and does not connect: " + why;
  }

  void play_all() {
    std::deque<Job> jobs;
    for (std::size_t at = 0; at < run_.results.size(); ++at) {
      const Case& one = *run_.results[at].which;
      const Duration least = least_duration(one, client_patience.quiet);
      std::string why = cannot_take_part(one, adapter_);
      if (why.empty() && least > options_.longest)
        why = "it takes " + scenario::to_text(least) + ", too long for a client in real time";
      if (why.empty()) {
        jobs.push_back({at, least, false});
        continue;
      }
      run_.results[at].outcome.verdict = Verdict::not_applicable;
      run_.results[at].outcome.reason = why;
      settled_.insert(&one);
    }
    // What takes longest begins first, and all the rest fits beside it.
    std::stable_sort(jobs.begin(), jobs.end(),
                     [](const Job& a, const Job& b) { return a.least > b.least; });
    to_come_ = jobs.size();
    play_batch(std::move(jobs), options_.at_once);
    play_batch(std::exchange(again_, {}), clients_calm_at_once);
  }

  void play_batch(std::deque<Job> jobs, std::size_t at_once) {
    std::size_t busy = 0;
    while ((!jobs.empty() || busy > 0) && !stops()) {
      while (!jobs.empty() && busy < at_once) {
        const Job job = jobs.front();
        jobs.pop_front();
        ++busy;
        play(*run_.results[job.at].which, std::to_string(job.at) + (job.is_second_time ? "b" : ""),
             job.least + client_slack, [this, job, &busy](Outcome outcome) {
               --busy;
               settle(job, std::move(outcome));
             });
      }
      context_.run_one_for(between_questions);
    }
  }

  // A signal wakes nobody up, so it is asked for.
  bool stops() {
    is_stopped_ = is_stopped_ || options_.onlooker.wants_to_stop();
    return is_stopped_;
  }

  // What was only late, many programs running at a time, is played once more in calm.
  void settle(const Job& job, Outcome outcome) {
    const bool was_late =
        outcome.verdict == Verdict::error ||
        (outcome.verdict == Verdict::fail && outcome.failure && outcome.failure->waited);
    if (was_late && !job.is_second_time) {
      again_.push_back({job.at, job.least, true});
      return;
    }
    if (job.is_second_time && outcome.verdict == Verdict::pass)
      outcome.reason = "when it was played a second time, and little else beside it";
    run_.results[job.at].outcome = std::move(outcome);
    settled_.insert(run_.results[job.at].which);
    --to_come_;
    if (options_.onlooker.progress) options_.onlooker.progress(to_come_);
  }

  void play(const Case& one, const std::string& number, Duration limit, ClientCase::Done done) {
    Surroundings around{.topic = "lab-" + options_.word + "-" + number,
                        .client_id = options_.word + number,
                        .given = {},
                        .patience = client_patience};
    const auto playing = std::make_shared<ClientCase>(context_, one, adapter_, std::move(around),
                                                      limit, std::move(done));
    std::erase_if(playing_, [](const auto& past) { return past.expired(); });
    playing_.push_back(playing);
    playing->start();
  }

  peers::ClientAdapter adapter_;
  const ClientOptions& options_;
  boost::asio::io_context context_;
  // Between two cases nothing may be under way; a context without work would stop for good.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> goes_on_{
      context_.get_executor()};
  ClientRun run_;
  std::vector<std::weak_ptr<ClientCase>> playing_;
  std::deque<Job> again_;
  std::set<const Case*> settled_;
  std::size_t to_come_ = 0;
  bool is_stopped_ = false;
};

}  // namespace

std::string cannot_take_part(const Case& one, const peers::ClientAdapter& adapter) {
  const char* const version = one.version == Version::v5 ? "5.0" : "3.1.1";
  if (std::find(adapter.versions.begin(), adapter.versions.end(), version) ==
      adapter.versions.end())
    return adapter.title + " does not speak MQTT " + version;
  // A client announces nothing of what brokers do.
  if (std::find(one.needs.begin(), one.needs.end(), "virtual_time") != one.needs.end())
    return "it takes too long for a client in real time";
  if (needs(one, "websocket") && !has_place(adapter, "${url}"))
    return "no URL is given to " + adapter.title + ", so it cannot be told to use WebSocket";
  return adapter.speaks_lines ? "" : Demands(adapter).missing(one.steps);
}

peers::ClientAdapter adapter_for(const std::string& command) {
  peers::ClientAdapter adapter;
  adapter.name = adapter.title = command;
  peers::Command words;
  std::string word;
  char quote = 0;
  bool is_word = false;
  for (const char c : command) {
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
      is_word = true;
    } else if (c == quote) {
      quote = 0;
    } else if (c == ' ' && quote == 0) {
      if (is_word) words.push_back(std::exchange(word, {}));
      is_word = false;
    } else {
      word += c;
      is_word = true;
    }
  }
  if (is_word) words.push_back(word);
  if (words.empty() || quote != 0)
    throw peers::AdapterError("`" + command + "`: a command, its quotes closed, was expected");
  for (std::string& one : words)
    for (const char* name : {"url", "host", "port", "version"}) {
      const std::string mark = "{" + std::string(name) + "}";
      for (std::size_t at = 0; (at = one.find(mark, at)) != std::string::npos;
           at += mark.size() + 1)
        one.replace(at, mark.size(), "$" + mark);
    }
  adapter.programs = {words.front()};
  adapter.commands["connect"] = words;
  return adapter;
}

ClientRun run_client(const std::vector<const Case*>& cases, const Library& library,
                     peers::ClientAdapter adapter, const ClientOptions& options) {
  // A program that has ended reads no more lines: that is an error of one write.
  std::signal(SIGPIPE, SIG_IGN);
  return ClientSuite(cases, library, std::move(adapter), options).run();
}

}  // namespace mq::conformance
