#include "conformance/runner/remote.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "conformance/runner/needs.h"
#include "conformance/runner/parse.h"
#include "conformance/runner/socket_case.h"
#include "protocol/codec.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

constexpr Patience patience{.reply = 2s, .quiet = 500ms, .early = 100ms};
constexpr Duration slack = 20s;  // beyond that a case is given up
constexpr Duration short_wait = 5s;
constexpr std::size_t calm_at_once = 50;  // of what is played again
constexpr std::size_t idle_max = 300;
constexpr std::size_t silences_to_doubt = 8;  // one after another

std::string in_script(const std::string& text) {
  std::string quoted = "\"";
  char two[8];
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '/' || c == '-' || c == '_';
    std::snprintf(two, sizeof two, "\\x%02x", static_cast<unsigned char>(c));
    quoted += is_plain ? std::string(1, c) : c == '{' ? "{{" : two;
  }
  return quoted + "\"";
}

Case case_of(const std::string& steps, Version version) {
  const std::string header = std::string("case of-the-runner: What no file says\nasserts: ") +
                             (version == Version::v5 ? "v5" : "v3") + "/MQTT-3.1.0-1\n";
  std::vector<Case> cases;
  read_cases({"runner", header + steps}, cases);
  return std::move(cases.at(0));
}

// What a case has left is taken away: sessions first, as their end may publish a retained will.
Case clean_up(const Leftovers& left, Version version) {
  std::string steps;
  for (const std::string& id : left.client_ids)
    steps += "A connect client_id=" + in_script(id) + " clean_start=1\nA ping\nA disconnect\n";
  if (!left.topics.empty()) steps += "B connect\n";
  for (const std::string& topic : left.topics)
    steps += "B send PUBLISH retain=1 topic=" + in_script(topic) + "\n";
  if (!left.topics.empty()) steps += "B ping\nB disconnect\n";
  return case_of(steps, version);
}

// Whether it uses a client id that is not its own: no two such cases are played at the same time,
// or one would take the session of the other.
bool has_common_client_id(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    for (const Field& field : step.fields)
      if (step.packet == Kind::connect && field.name == "client_id" &&
          !field.value.alternatives.empty()) {
        const Alternative& id = field.value.alternatives[0];
        if (id.is == Alternative::Is::equal && !id.text.empty() &&
            id.text.find('{') == std::string::npos)
          return true;
      }
    for (const Branch& branch : step.branches)
      if (has_common_client_id(branch.steps)) return true;
  }
  return false;
}

// What CONNACK announced, if that is what came first.
std::optional<Packet> first_packet(const Outcome& outcome, Version version) {
  for (const Said& said : outcome.transcript) {
    if (said.what != Said::What::received) continue;
    const Decoded decoded = decode(said.bytes, version, Sender::server);
    if (const auto* packet = std::get_if<Packet>(&decoded)) return *packet;
    return std::nullopt;
  }
  return std::nullopt;
}

std::uint32_t number_seen(const Packet& packet, const char* field, std::uint32_t otherwise) {
  const auto text = seen(packet, field);
  return static_cast<std::uint32_t>(text ? number_in(*text).value_or(otherwise) : otherwise);
}
std::optional<std::uint32_t> number_if_seen(const Packet& packet, const char* field) {
  if (!seen(packet, field)) return std::nullopt;
  return number_seen(packet, field, 0);
}

void announce(const Packet& conn_ack, Abilities& abilities) {
  abilities.maximum_qos = number_seen(conn_ack, "maximum_qos", 2);
  abilities.retain = number_seen(conn_ack, "retain_available", 1) != 0;
  abilities.wildcards = number_seen(conn_ack, "wildcard_subscription_available", 1) != 0;
  abilities.subscription_identifiers =
      number_seen(conn_ack, "subscription_identifier_available", 1) != 0;
  abilities.shared_subscriptions = number_seen(conn_ack, "shared_subscription_available", 1) != 0;
  abilities.topic_alias_maximum = number_seen(conn_ack, "topic_alias_maximum", 0);
  abilities.receive_maximum = number_if_seen(conn_ack, "receive_maximum");
  abilities.maximum_packet_size = number_if_seen(conn_ack, "maximum_packet_size");
  abilities.server_keep_alive = number_if_seen(conn_ack, "server_keep_alive");
}

// What came of asking in one version.
struct Contact {
  bool speaks = false;
  bool answered = false;  // something that is MQTT
  std::string why;        // it does not speak
  Abilities abilities;
};

class RemoteSuite {
 public:
  RemoteSuite(const std::vector<const Case*>& cases, const Library& library, const Target& target,
              const RemoteOptions& options)
      : target_(target), options_(options), dialer_(context_, target.address, tls_of(target)) {
    for (const Case* one : cases)
      run_.results.push_back({one, level_of(*one, library.statements), {}});
  }

  RemoteRun run() {
    run_.lost = dialer_.resolve();
    if (run_.lost.empty()) run_.lost = ask();
    if (run_.lost.empty()) play_all();
    for (CaseResult& result : run_.results) {
      if (!run_.lost.empty() && !settled_.contains(result.which)) {
        result.outcome.verdict = Verdict::skipped;
        result.outcome.reason = "the target does not answer";
      }
      soften(result);
    }
    if (!run_.lost.empty()) run_.lost = target_.address.text() + ": " + run_.lost;
    return std::move(run_);
  }

 private:
  static transport::TlsClientOptions tls_of(const Target& target) {
    transport::TlsClientOptions tls;
    tls.ca_file = target.ca_file;
    tls.checks_name = target.checks_certificate_name;
    return tls;
  }

  // ---- Is anybody there?

  // Why nobody is, or nobody who lets us in; else what the target can do is known.
  std::string ask() {
    std::string why;
    std::size_t left = 0;
    const auto ask_in = [&](Version version) {
      auto hello = std::make_shared<Case>(
          case_of("A open\nA send CONNECT\nA expect CONNACK reason=any within " +
                      std::to_string(options_.hello_within / 1ms) + "ms\n",
                  version));
      ++left;
      play(*hello, "hello" + std::string(version == Version::v5 ? "5" : "3"),
           options_.hello_within + 1s, [&, hello, version](Outcome outcome, const Leftovers&) {
             contacts_[version] = contact_from(outcome, version);
             --left;
           });
    };
    for (const Version version : target_.versions) ask_in(version);
    while (left > 0) context_.run_one();
    const auto speaks = [](const auto& one) { return one.second.speaks; };
    if (std::any_of(contacts_.begin(), contacts_.end(), speaks)) {
      copy_announcements();
      return {};
    }
    // An answer says more than silence.
    for (const bool answered : {true, false})
      for (const auto& [version, contact] : contacts_)
        if (why.empty() && contact.answered == answered) why = contact.why;
    return why;
  }

  Contact contact_from(const Outcome& outcome, Version version) const {
    Contact contact;
    contact.abilities.given = target_.given;
    contact.abilities.lacks = target_.lacks;
    contact.abilities.configured = target_.configured;
    const auto packet = first_packet(outcome, version);
    contact.answered = packet && kind(*packet) == Kind::conn_ack;
    if (contact.answered) {
      const auto reason = reason_of(*packet).value_or(0);
      contact.speaks = reason == 0;
      char code[8];
      std::snprintf(code, sizeof code, "0x%02x", reason);
      if (!contact.speaks)
        contact.why = std::string("it refuses CONNECT with reason ") + code +
                      "; a target file (--target) can name a user and a password";
      if (version == Version::v5) announce(*packet, contact.abilities);
    } else if (outcome.is_unreachable) {
      contact.why = outcome.reason;
    } else {
      contact.why = "it is no MQTT broker, or none that answers: CONNECT was followed by " +
                    (outcome.failure ? outcome.failure->got : outcome.reason);
    }
    return contact;
  }

  // 3.1.1 has no words for it, but it is the same broker.
  void copy_announcements() {
    const auto v5 = contacts_.find(Version::v5);
    const auto v3 = contacts_.find(Version::v3_1_1);
    if (v5 == contacts_.end() || v3 == contacts_.end() || !v5->second.speaks) return;
    v3->second.abilities = v5->second.abilities;
  }

  // Whether it lets somebody in now.
  bool is_there() {
    for (int attempt = 0; attempt < 2; ++attempt) {
      for (const auto& [version, contact] : contacts_) {
        if (!contact.speaks) continue;
        const Case hello = case_of("A connect\nA ping\nA disconnect\n", version);
        bool is_over = false;
        bool is_well = false;
        play(hello, "still", options_.hello_within, [&](const Outcome& outcome, const Leftovers&) {
          is_over = true;
          is_well = outcome.verdict == Verdict::pass;
        });
        while (!is_over) context_.run_one();
        if (is_well) return true;
        break;
      }
    }
    return false;
  }

  // ---- All cases

  struct Job {
    std::size_t at = 0;  // of the results
    Duration least{};
    bool is_second_time = false;
    bool in_turn = false;  // with others that use the same client ids

    // It waits, and is no load for anybody.
    bool is_idle() const { return least > short_wait; }
  };

  void play_all() {
    std::deque<Job> together;
    std::deque<Job> alone;
    for (std::size_t at = 0; at < run_.results.size(); ++at) {
      const Case& one = *run_.results[at].which;
      const std::string why = why_not(one);
      if (why.empty()) {
        (one.runs_alone ? alone : together)
            .push_back(
                {at, least_duration(one, patience.quiet), false, has_common_client_id(one.steps)});
        continue;
      }
      run_.results[at].outcome.verdict = Verdict::not_applicable;
      run_.results[at].outcome.reason = why;
      settled_.insert(&one);
    }
    // What takes longest begins first, and all the rest fits beside it.
    std::stable_sort(together.begin(), together.end(),
                     [](const Job& a, const Job& b) { return a.least > b.least; });
    to_come_ = together.size() + alone.size();
    play_batch(std::move(together), options_.at_once);
    play_batch(std::move(alone), 1);
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

  // Those that only wait are played beside the others, whatever their number. When nothing else is
  // left, what was late has its second time in the calm.
  void play_batch(std::deque<Job> jobs, std::size_t at_once) {
    std::size_t busy = 0;
    std::size_t idle = 0;
    bool has_turn = false;  // one of those that go in turn is being played
    const auto next_of = [&](std::deque<Job>& from) {
      return std::find_if(from.begin(), from.end(),
                          [&](const Job& job) { return !has_turn || !job.in_turn; });
    };
    // Whether there was one that could be played now.
    const auto take = [&](std::deque<Job>& from) {
      const auto found = next_of(from);
      if (found == from.end()) return false;
      const Job job = *found;
      from.erase(found);
      std::size_t& count = job.is_idle() && at_once > 1 ? idle : busy;
      ++count;
      has_turn = has_turn || job.in_turn;
      begin(job, [&count, &has_turn, in_turn = job.in_turn] {
        --count;
        if (in_turn) has_turn = false;
      });
      return true;
    };
    while (run_.lost.empty() && (!jobs.empty() || !again_.empty() || busy + idle > 0)) {
      while (busy < at_once && idle < idle_max && !in_doubt_ && take(jobs)) {
      }
      while (jobs.empty() && busy < std::min(calm_at_once, at_once) && !in_doubt_ && take(again_)) {
      }
      if (busy + idle > 0) context_.run_one();
      if (busy == 0 && in_doubt_) look_whether_it_is_there();
    }
    while (busy + idle > 0) context_.run_one();
  }

  void begin(const Job& job, std::function<void()> over) {
    const Case& one = *run_.results[job.at].which;
    play(one, std::to_string(job.at), job.least + slack,
         [this, job, &one, over = std::move(over)](Outcome outcome, const Leftovers& left) {
           settle(job, std::move(outcome));
           if (left.empty()) return over();
           auto cleaning = std::make_shared<Case>(clean_up(left, one.version));
           play(*cleaning, "clean" + std::to_string(job.at), slack,
                [cleaning, over](const Outcome&, const Leftovers&) { over(); });
         });
  }

  void settle(const Job& job, Outcome outcome) {
    const bool was_silent = is_silence(outcome);
    silences_ = was_silent || outcome.is_unreachable ? silences_ + 1 : 0;
    if (!was_silent && !outcome.is_unreachable) suspects_.clear();
    if (outcome.is_unreachable || silences_ >= silences_to_doubt) in_doubt_ = true;
    CaseResult& result = run_.results[job.at];
    if (was_silent || outcome.is_unreachable) suspects_.push_back(result.which);
    // Many cases at a time, and whatever else this machine does, may have been too much: what was
    // only late gets a second chance in calm, unless it takes long.
    if ((was_silent || outcome.is_unreachable) && !job.is_second_time && !job.is_idle())
      again_.push_back({job.at, job.least, true, job.in_turn});
    if (job.is_second_time && outcome.verdict == Verdict::pass)
      outcome.reason = "when it was played a second time, and little else beside it";
    result.outcome = std::move(outcome);
    settled_.insert(result.which);
    if (!job.is_second_time) --to_come_;
    if (options_.progress) options_.progress(to_come_ + again_.size());
  }

  static bool is_silence(const Outcome& outcome) {
    return outcome.verdict == Verdict::fail && outcome.failure && outcome.failure->waited &&
           *outcome.failure->waited <= short_wait;
  }

  void look_whether_it_is_there() {
    in_doubt_ = false;
    silences_ = 0;
    if (is_there()) return;
    run_.lost = "it stopped answering while these cases were played:";
    constexpr std::size_t named_max = 8;
    for (std::size_t i = 0; i < suspects_.size() && i < named_max; ++i)
      run_.lost += " " + suspects_[i]->id;
    if (suspects_.size() > named_max)
      run_.lost += " and " + std::to_string(suspects_.size() - named_max) + " more";
    // Nobody knows what they would have come to.
    for (const Case* one : suspects_) settled_.erase(one);
    again_.clear();
  }

  // ---- One case

  void play(const Case& one, const std::string& number, Duration limit, SocketCase::Done done) {
    Surroundings around{.topic = "lab-" + options_.word + "-" + number,
                        .client_id = options_.word + number,
                        .given = target_.given,
                        .patience = patience};
    std::make_shared<SocketCase>(dialer_, one, std::move(around), limit, std::move(done))->start();
  }

  const Target& target_;
  const RemoteOptions& options_;
  boost::asio::io_context context_;
  // Between two cases nothing may be under way; a context without work would stop for good.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> goes_on_{
      context_.get_executor()};
  Dialer dialer_;
  RemoteRun run_;
  std::map<Version, Contact> contacts_;
  std::set<const Case*> settled_;
  std::deque<Job> again_;
  std::vector<const Case*> suspects_;  // silent since the last sign of life
  std::size_t silences_ = 0;
  std::size_t to_come_ = 0;
  bool in_doubt_ = false;
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
