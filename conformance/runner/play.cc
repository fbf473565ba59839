#include "conformance/runner/play.h"

#include <algorithm>
#include <utility>

#include "conformance/runner/application.h"
#include "conformance/runner/catalogue.h"
#include "conformance/runner/links.h"
#include "conformance/runner/progress.h"
#include "conformance/runner/speaker.h"
#include "conformance/runner/values.h"
#include "conformance/runner/watched.h"
#include "protocol/describe.h"

namespace mq::conformance {
namespace {

constexpr unsigned steps_max = 100'000;  // of one case: repeats multiply

}  // namespace

class Play::Stage {
 public:
  Stage(const Case& one, Surroundings around)
      : links(one.version, one.role,
              needs(one, "websocket") ? std::optional(around.web_socket) : std::nullopt),
        watched(one, around.slack),
        case_(one),
        around_(std::move(around)),
        values_(around_, links, [this] { return round(); }),
        speaker_(one.version, around_, links, values_) {
    frames_.push_back({&one.steps});
  }

  Links links;
  Application application;
  WatchedBroker watched;
  Outcome outcome;
  Instant began{};
  bool is_over = false;
  std::optional<Instant> wake;

  void go_on() {
    while (!is_over && advance()) {
    }
    if (values_.fault) leave(Verdict::error, *values_.fault);
  }

  Link* link_at(LinkNumber number, Instant now) { return links.now = now, links.find(number); }

  void hear(Told told) {
    if (Application::knows(told.word))
      links.note("", "the client says " + told.word + " " + text_of(told.fields));
    application.told(std::move(told));
  }

  // A program that dies of what we send it is at fault, whatever the script looks for.
  void die(const std::string& how) {
    if (!is_over) outcome.failure = {case_.place, case_.title, "a client that lives on", how};
    leave(Verdict::fail, "");
  }

  void leave(Verdict verdict, const std::string& why) {
    if (std::exchange(is_over, true)) return;
    outcome.verdict = verdict;
    outcome.reason = why;
  }

 private:
  // ---- The course of the script

  // Whether there is more to do at this instant.
  bool advance() {
    wake.reset();
    while (!frames_.empty() && frames_.back().at == frames_.back().steps->size()) {
      Frame& frame = frames_.back();
      if (frame.rounds_left == 0) {
        frames_.pop_back();
        continue;
      }
      --frame.rounds_left;
      ++frame.round;
      frame.at = 0;
    }
    if (frames_.empty()) return end();
    if (++taken_ > steps_max * 10) return fault("the case goes on and on");
    const Step& step = (*frames_.back().steps)[frames_.back().at];
    if (!memory_.is_begun) memory_ = {.is_begun = true, .began = links.now};
    if (step.verb == Verb::either) return choose(step);
    Progress progress = attempt(step, memory_);
    if (values_.fault || progress.state == waiting) return false;
    if (progress.state == failed && !miss(step, std::move(progress))) return false;
    next();
    if (step.verb == Verb::repeat) enter_repeat(step);
    return !is_over;
  }

  void next() {
    ++frames_.back().at;
    memory_ = {};
  }

  bool end() {
    for (const std::string& name : links.names()) {
      const Link* const link = links.current(name);
      if (link == nullptr || !link->malformed) continue;
      outcome.verdict = Verdict::fail;
      outcome.failure = Failure{case_.place, case_.title, "packets that are well-formed on " + name,
                                "malformed: " + *link->malformed};
    }
    if (outcome.verdict == Verdict::pass && !outcome.advice.empty())
      outcome.verdict = Verdict::non_strict;
    is_over = true;
    return false;
  }

  bool fault(const std::string& why) {
    values_.fail(why);
    return false;
  }

  // Whether the case goes on all the same.
  bool miss(const Step& step, Progress progress) {
    if (step.verb == Verb::accept && application.is_gone())
      return leave(Verdict::not_applicable, progress.got), false;
    Failure failure{step.place, step.source, std::move(progress.expected), std::move(progress.got),
                    progress.waited};
    if (step.is_advice) {
      outcome.advice.push_back(std::move(failure));
      return true;
    }
    outcome.verdict = Verdict::fail;
    outcome.failure = std::move(failure);
    is_over = true;
    return false;
  }

  void enter_repeat(const Step& step) {
    const auto count = values_.number(*step.count);
    if (values_.fault || count == 0) return;
    frames_.push_back({&step.branches[0].steps, 0, count - 1, 1});
  }

  bool choose(const Step& step) {
    std::string expected;
    std::string got;
    std::optional<Duration> waited;
    bool is_waiting = false;
    if (branch_memories_.empty())
      branch_memories_.resize(step.branches.size(), {.is_begun = true, .began = links.now});
    for (std::size_t i = 0; i < step.branches.size(); ++i) {
      const Branch& branch = step.branches[i];
      Progress progress = attempt(branch.steps[0], branch_memories_[i]);
      if (values_.fault) return false;
      if (progress.state == done) {
        chose(branch.name);
        branch_memories_.clear();
        next();
        frames_.push_back({&branch.steps, 1});
        return true;
      }
      is_waiting |= progress.state == waiting;
      if (progress.waited) waited = std::max(waited.value_or(Duration{}), *progress.waited);
      expected += (expected.empty() ? "" : "; or ") + branch.name;
      if (progress.state == failed && progress.got != got)
        got += (got.empty() ? "" : "; ") + progress.got;
    }
    if (is_waiting) return false;
    branch_memories_.clear();
    if (!miss(step, {failed, expected, got, waited})) return false;
    next();
    return true;
  }

  void chose(const std::string& what) {
    outcome.choices.push_back(what);
    links.note("", "choice: " + what);
  }

  std::uint64_t round() const {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame)
      if (frame->round > 0) return frame->round;
    return 0;
  }

  // ---- Steps

  Progress attempt(const Step& step, Memory& memory) {
    switch (step.verb) {
      case Verb::open:
        return try_open(step, memory);
      case Verb::send:
        speaker_.send(step);
        return {done};
      case Verb::send_bytes:
        speaker_.send_bytes(step);
        return {done};
      case Verb::close:
      case Verb::cut:
      case Verb::half_close:
      case Verb::vanish:
        links.end(step.who[0], way_to_end(step.verb));
        return {done};
      case Verb::automatic:
        links.party(step.who[0]).is_automatic = step.is_on;
        links.party(step.who[0]).answers_pings = step.is_on;
        return {done};
      case Verb::wait:
        return until(memory.began + values_.duration(step.lasting, {})) ? Progress{done}
                                                                        : Progress{};
      case Verb::check:
        return check(step, values_);
      case Verb::repeat:
      case Verb::either:
        return {done};
      case Verb::any_order:
        return in_time(step, memory, any_order(step, memory));
      case Verb::start:
      case Verb::tell:
        application.order(step, values_, case_.version, around_.client_id);
        return {done};
      case Verb::hear:
      case Verb::unheard:
        return in_time(step, memory, listen(step, memory));
      case Verb::accept:
        return in_time(step, memory, accept(step));
      default:
        return in_time(step, memory, expectation(step, memory));
    }
  }

  // Whether it is `when` already; else the stage wakes up then.
  bool until(Instant when) {
    if (links.now >= when) return true;
    wake = wake ? std::min(*wake, when) : when;
    return false;
  }

  Progress in_time(const Step& step, Memory& memory, Progress progress) {
    if (values_.fault) return progress;
    if (progress.state == done && step.not_before) {
      const Duration least = values_.duration(step.not_before, {});
      const Duration took = links.now - memory.began;
      if (took + around_.patience.early < least) return too_early(least, took);
    }
    if (progress.state != waiting || step.verb == Verb::nothing || step.verb == Verb::unheard)
      return progress;
    // A program takes its time to start, and a client to try again.
    const Duration usual = around_.patience.reply * (step.verb == Verb::accept ? 5 : 1);
    const Duration most = values_.duration(step.within, usual) + around_.patience.late;
    if (!until(memory.began + most)) return progress;
    return in_vain(std::move(progress), most);
  }

  Progress listen(const Step& step, Memory& memory) {
    const Application::Heard heard = application.hear(step, case_.version, values_);
    if (values_.fault) return {};
    const std::string what = step.source.substr(step.source.find("hear"));
    if (step.verb == Verb::unheard) {
      if (heard.is_there) return {failed, what, "it was told: " + heard.nearest};
      const Duration quiet = values_.duration(step.lasting, around_.patience.quiet);
      return until(memory.began + quiet) ? Progress{done} : Progress{};
    }
    if (heard.is_there) return {done};
    // A program that ends instead of doing what it was told has refused it.
    if (application.is_gone())
      return step.word == "failed" ? Progress{done}
                                   : Progress{failed, what, application.how_it_ended()};
    return {waiting, what, heard.nearest};
  }

  Progress accept(const Step& step) {
    if (links.accept(step.who[0]) != nullptr) return {done};
    if (application.is_gone()) return {failed, "a connection", application.how_it_ended()};
    return {waiting, "a connection of the client", ""};
  }

  Progress expectation(const Step& step, Memory& memory) {
    if (step.verb == Verb::nothing) return nothing(step, memory);
    Progress all;
    for (const std::string& name : step.who) {
      Link* const link = links.current(name);
      if (link == nullptr) {
        fault("connection " + name + " has not been opened");
        return {};
      }
      Progress one = of_link(step, memory, *link);
      if (one.state == done) return one;
      if (one.state == failed) all.state = failed;
      if (!one.got.empty())
        all.got +=
            (all.got.empty() ? "" : "; ") + (step.who.size() > 1 ? name + ": " : "") + one.got;
      all.expected = one.expected;
    }
    return all;
  }

  Progress of_link(const Step& step, Memory& memory, Link& link) {
    if (link.malformed && link.inbox.empty())
      return {failed, "packets that are well-formed", "malformed: " + *link.malformed};
    switch (step.verb) {
      case Verb::closed:
        return closed(step, memory, link, false);
      case Verb::refused:
        return closed(step, memory, link, true);
      case Verb::accepted:
        return accepted(memory, link);
      default:
        return packet(step, memory, link);
    }
  }

  Progress packet(const Step& step, Memory& memory, Link& link) {
    if (memory.released) return released(memory, link);
    std::string nearest;
    for (std::size_t at = 0; at < link.inbox.size(); ++at) {
      const Match matched = try_match(step, link, at);
      if (values_.fault) return {};
      if (matched.mismatch.empty()) {
        if (step.verb == Verb::await)
          while (at > 0) links.take(link, --at);
        return found(step, memory, link, at, matched);
      }
      const Packet& arrived = link.inbox[at];
      const std::string shown = describe(arrived, link.reader.version(), 64);
      if (step.verb == Verb::expect || step.verb == Verb::receive)
        return {failed, expected_text(step), shown + " (" + matched.mismatch + ")"};
      if (nearest.empty() || kind(arrived) == *step.packet)
        nearest = shown + " (" + matched.mismatch + ")";
    }
    Progress progress{waiting, expected_text(step), nearest};
    if (!is_ended(link)) return progress;
    progress = over(link, expected_text(step));
    if (!nearest.empty()) progress.got = nearest + ", then " + progress.got;
    return progress;
  }

  Match try_match(const Step& step, Link& link, std::size_t at) {
    Expectation expected{*step.packet, &step.fields, links.party(link.name).sent_id,
                         link.inbox_wire[at]};
    Match matched = match(link.inbox[at], link.reader.version(), expected, values_.look_up());
    if (matched.fault) fault(matched.fault->text);
    return matched;
  }

  Progress found(const Step& step, Memory& memory, Link& link, std::size_t at,
                 const Match& matched) {
    for (const auto& [name, value] : matched.captured) values_.keep(name, value);
    const Packet arrived = links.take(link, at);
    if (step.verb != Verb::receive) return {done};
    const auto& publish = std::get<Publish>(arrived);
    if (publish.qos == Qos::at_least_once)
      speaker_.answer(link.name, Kind::pub_ack, id_of(arrived));
    if (publish.qos != Qos::exactly_once) return {done};
    speaker_.answer(link.name, Kind::pub_rec, id_of(arrived));
    memory.released = id_of(arrived);
    memory.receiver = link.number;
    return released(memory, link);
  }

  // After PUBREC: its PUBREL, which is answered.
  Progress released(Memory& memory, Link& link) {
    if (link.number != memory.receiver) return {};
    for (std::size_t at = 0; at < link.inbox.size(); ++at) {
      if (kind(link.inbox[at]) != Kind::pub_rel || id_of(link.inbox[at]) != *memory.released)
        continue;
      links.take(link, at);
      speaker_.answer(link.name, Kind::pub_comp, *memory.released);
      return {done};
    }
    const std::string expected = "PUBREL id=" + std::to_string(*memory.released);
    if (is_ended(link)) return over(link, expected);
    return {waiting, expected, ""};
  }

  Progress nothing(const Step& step, Memory& memory) {
    for (const std::string& name : step.who) {
      Link* const link = links.current(name);
      if (link == nullptr) continue;
      if (!link->inbox.empty())
        return {failed, "nothing", describe(link->inbox.front(), link->reader.version(), 64)};
      if (is_ended(*link)) return over(*link, "nothing, and that the connection stays open");
    }
    const Duration quiet = values_.duration(step.lasting, around_.patience.quiet);
    return until(memory.began + quiet) ? Progress{done} : Progress{};
  }

  // The connection is closed, and only what says why comes before; a refusal may also be an
  // acknowledgement that refuses, on a connection that stays.
  Progress closed(const Step& step, Memory& memory, Link& link, bool may_stay) {
    const std::string expected =
        may_stay ? "a refusal, or that the connection is closed" : "that the connection is closed";
    while (!link.inbox.empty()) {
      const Packet& front = link.inbox.front();
      const Version version = link.reader.version();
      const bool says_why =
          kind(front) == Kind::disconnect || (kind(front) == Kind::conn_ack && is_refusal(front));
      const std::string shown = describe(front, version, 64);
      if (!says_why && !(may_stay && is_refusal(front))) return {failed, expected, shown};
      if (const std::string wrong = wrong_reason(step, front); !wrong.empty())
        return {failed, expected, shown + " (reason: " + wrong + ")"};
      const bool stays = !says_why;
      links.take(link, 0);
      memory.refusal = shown;
      if (!stays) continue;
      chose(shown);
      return {done};
    }
    if (!link.ended) return {waiting, expected, memory.refusal.value_or("")};
    if (!link.is_open) return over(link, "a connection");
    chose(memory.refusal ? *memory.refusal + ", " + *link.ended : *link.ended);
    return {done};
  }

  std::string wrong_reason(const Step& step, const Packet& packet) {
    for (const Field& field : step.fields) {
      const Match matched = match_value(seen(packet, field.name), field.value, values_.look_up());
      if (matched.fault) fault(matched.fault->text);
      if (!matched.mismatch.empty()) return matched.mismatch;
    }
    return {};
  }

  Progress accepted(Memory& memory, Link& link) {
    const Kind wanted = answer_to(link.last_sent, speaker_.last_qos());
    if (wanted == Kind::ping_resp && !memory.asked) {
      memory.asked = true;
      const auto before = link.last_sent;
      if (before != Kind::ping_req)
        links.send(link.name, Kind::ping_req, {std::byte{0xc0}, std::byte{0}});
      link.last_sent = before;
    }
    const Step plain{.verb = Verb::find, .source = name(wanted), .packet = wanted};
    Memory fresh;
    return packet(plain, fresh, link);
  }

  Progress any_order(const Step& step, Memory& memory) {
    const std::vector<Step>& all = step.branches[0].steps;
    memory.happened.resize(all.size());
    Progress progress;
    for (bool again = true; again;) {
      again = false;
      progress = {done};
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (memory.happened[i]) continue;
        Memory fresh{.is_begun = true, .began = memory.began};
        Progress one = expectation(all[i], fresh);
        if (values_.fault) return {};
        if (one.state == done) {
          memory.happened[i] = again = true;
          continue;
        }
        const bool is_fatal = one.state == failed && !another_takes(step, memory, all[i]);
        progress.state = is_fatal || progress.state == failed ? failed : waiting;
        progress.expected += (progress.expected.empty() ? "" : "; ") + all[i].source;
        if (one.got != progress.got) progress.got += (progress.got.empty() ? "" : "; ") + one.got;
      }
    }
    return progress;
  }

  // Whether what lies in front of this step is for another one that has not happened yet: it will
  // be taken in the next round.
  bool another_takes(const Step& step, const Memory& memory, const Step& one) {
    const std::vector<Step>& all = step.branches[0].steps;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (memory.happened[i] || &all[i] == &one) continue;
      for (const std::string& name : all[i].who) {
        Link* const link = links.current(name);
        const bool is_same = std::find(one.who.begin(), one.who.end(), name) != one.who.end();
        if (link == nullptr || link->inbox.empty() || !is_same) continue;
        if (try_match(all[i], *link, 0).mismatch.empty()) return true;
      }
    }
    return false;
  }

  // ---- Doing

  Progress try_open(const Step& step, Memory& memory) {
    const std::string& name = step.who[0];
    Link* link = links.current(name);
    if (!memory.asked) {
      if (link != nullptr && !is_ended(*link)) {
        fault("connection " + name + " is open already; close or cut it first");
        return {};
      }
      memory.asked = true;
      link = step.bytes.empty() ? &links.open(name)
                                : &links.open(name, values_.text(step.bytes.front()));
    }
    if (link->is_open) return {done};
    const bool too_late = until(memory.began + around_.patience.reply);
    if (!link->ended && !too_late) return {};
    outcome.is_unreachable = true;
    fault("no connection could be had: " + link->ended.value_or("no answer"));
    return {};
  }

  const Case& case_;
  const Surroundings around_;
  Values values_;
  Speaker speaker_;
  std::vector<Frame> frames_;
  Memory memory_;
  std::vector<Memory> branch_memories_;  // of an either, while it waits
  unsigned taken_ = 0;
};

Play::Play(const Case& one, Surroundings around)
    : stage_(std::make_unique<Stage>(one, std::move(around))) {}
Play::~Play() = default;

void Play::start(Instant now) {
  stage_->began = now;
  on_tick(now);
}

void Play::on_open(LinkNumber number, Instant now) {
  if (Link* link = stage_->link_at(number, now)) stage_->links.on_open(*link);
  stage_->watched.opened(number, now);
  stage_->go_on();
}

void Play::on_bytes(LinkNumber number, std::span<const std::byte> bytes, Instant now) {
  stage_->watched.broker_sent(number, bytes, now);
  if (Link* link = stage_->link_at(number, now)) stage_->links.on_bytes(*link, bytes);
  stage_->go_on();
}

void Play::on_end(LinkNumber number, const std::string& how, Instant now) {
  stage_->watched.ended(number, now, true);
  if (Link* link = stage_->link_at(number, now)) stage_->links.on_end(*link, how);
  stage_->go_on();
}

void Play::on_tick(Instant now) {
  stage_->links.now = now;
  stage_->go_on();
}

void Play::abandon(const std::string& why, Instant now) {
  stage_->links.now = now;
  stage_->leave(Verdict::error, why);
}

LinkNumber Play::on_arrival(Instant now) {
  stage_->links.now = now;
  const LinkNumber number = stage_->links.arrive().number;
  stage_->go_on();
  return number;
}

void Play::on_told(Told told, Instant now) {
  stage_->links.now = now;
  if (told.word == "unsupported")
    stage_->leave(Verdict::not_applicable, "the client cannot do this: " +
                                               (told.fields.empty() ? "" : told.fields[0].second));
  stage_->hear(std::move(told));
  stage_->go_on();
}

void Play::on_gone(Death death, const std::string& how, Instant now) {
  stage_->links.now = now;
  stage_->links.note("", how);
  if (death == Death::by_signal) stage_->die(how);
  stage_->application.gone(how);
  stage_->go_on();
}

std::optional<Order> Play::poll_order() { return stage_->application.poll(); }
std::optional<Action> Play::poll() {
  auto& actions = stage_->links.actions;
  if (actions.empty()) return std::nullopt;
  Action action = std::move(actions.front());
  actions.pop_front();
  stage_->watched.done(action, stage_->links.now);
  return action;
}

std::optional<Instant> Play::deadline() const {
  return stage_->is_over ? std::nullopt : stage_->wake;
}
bool Play::is_over() const { return stage_->is_over; }
Leftovers Play::leftovers() const { return stage_->links.leftovers; }
Outcome Play::take_outcome() {
  stage_->outcome.watched = stage_->watched.finish(stage_->links.now);
  stage_->outcome.transcript = std::move(stage_->links.transcript);
  stage_->outcome.was_turned_away = stage_->links.was_turned_away;
  stage_->outcome.took = stage_->links.now - stage_->began;
  return std::move(stage_->outcome);
}

}  // namespace mq::conformance
