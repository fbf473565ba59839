#include "conformance/runner/play.h"

#include <algorithm>
#include <utility>

#include "conformance/runner/await.h"
#include "conformance/runner/progress.h"
#include "conformance/runner/scene.h"

namespace mq::conformance {
namespace {

constexpr unsigned steps_max = 100'000;  // of one case: repeats multiply

}  // namespace

class Play::Stage {
 public:
  Stage(const Case& one, Surroundings around)
      : scene(one, std::move(around), [this] { return round(); }),
        links(scene.links),
        application(scene.application),
        await_(scene),
        values_(scene.values) {
    frames_.push_back({&one.steps});
  }

  Scene scene;
  Links& links;
  Application& application;
  Outcome outcome;
  Instant began{};
  bool is_over = false;

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

  // The peer has ended a connection, or says that it does.
  void look_at_end(const Link& link) {
    const bool says_so = !link.inbox.empty() && kind(link.inbox.back()) == Kind::disconnect;
    if (link.ended_by_us || (!link.ended && !says_so)) return;
    if (const std::string why = scene.endurance.after_end(link.number, links.now); !why.empty())
      leave(Verdict::not_applicable, why);
  }

  // A program that dies of what we send it is at fault, whatever the script looks for.
  void die(const std::string& how) {
    if (!is_over)
      outcome.failure = {scene.one.place, scene.one.title, "a client that lives on", how};
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
    scene.wake.reset();
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
      outcome.failure =
          Failure{scene.one.place, scene.one.title, "packets that are well-formed on " + name,
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
    // That it knows the scheme of this URL is more than the standard asks of it.
    if (step.verb == Verb::accept && needs(scene.one, "websocket") && links.names().empty())
      return leave(Verdict::not_applicable, "the client opens no WebSocket, told a ws:// URL"),
             false;
    Failure failure{step.place, step.source, std::move(progress.expected), std::move(progress.got),
                    progress.waited};
    if (step.is_advice) {
      outcome.advice.push_back(std::move(failure));
      return true;
    }
    if (const std::string why = scene.endurance.after_failure(links.now); !why.empty())
      return leave(Verdict::not_applicable, why), false;
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
        scene.chose(branch.name);
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
        scene.speaker.send(step);
        return said();
      case Verb::send_bytes:
        scene.speaker.send_bytes(step);
        return said();
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
        return scene.until(memory.began + values_.duration(step.lasting, {})) ? Progress{done}
                                                                              : Progress{};
      case Verb::check:
        return check(step, values_);
      case Verb::repeat:
      case Verb::either:
        return {done};
      case Verb::any_order:
        return in_time(step, memory, await_.any_order(step, memory));
      case Verb::start:
      case Verb::tell:
        application.order(step, values_, scene.one.version, scene.around.client_id);
        return {done};
      case Verb::hear:
      case Verb::unheard:
        return in_time(step, memory, await_.listen(step, memory));
      case Verb::accept:
        return in_time(step, memory, await_.accept(step));
      default:
        return in_time(step, memory, await_.expectation(step, memory));
    }
  }

  Progress in_time(const Step& step, Memory& memory, Progress progress) {
    if (values_.fault) return progress;
    if (progress.state == done && step.not_before) {
      const Duration least = values_.duration(step.not_before, {});
      const Duration took = links.now - memory.began;
      if (took + scene.around.patience.early < least) return too_early(least, took);
    }
    if (progress.state != waiting || step.verb == Verb::nothing || step.verb == Verb::unheard)
      return progress;
    // A program takes its time to start, and a client to try again.
    const Duration usual = scene.around.patience.reply * (step.verb == Verb::accept ? 5 : 1);
    const Duration most = values_.duration(step.within, usual) + scene.around.patience.late;
    if (!scene.until(memory.began + most)) return progress;
    return in_vain(std::move(progress), most);
  }

  Progress said() {
    if (!scene.speaker.refrained().empty())
      leave(Verdict::not_applicable, scene.speaker.refrained());
    return {done};
  }

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
    const bool too_late = scene.until(memory.began + scene.around.patience.reply);
    if (!link->ended && !too_late) return {};
    outcome.is_unreachable = true;
    fault("no connection could be had: " + link->ended.value_or("no answer"));
    return {};
  }

  Await await_;
  Values& values_;
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
  stage_->go_on();
}

void Play::on_bytes(LinkNumber number, std::span<const std::byte> bytes, Instant now) {
  if (Link* link = stage_->link_at(number, now)) {
    stage_->links.on_bytes(*link, bytes);
    stage_->look_at_end(*link);
  }
  stage_->go_on();
}

void Play::on_end(LinkNumber number, const std::string& how, Instant now) {
  if (Link* link = stage_->link_at(number, now)) {
    stage_->links.on_end(*link, how);
    stage_->look_at_end(*link);
  }
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
    stage_->leave(Verdict::not_applicable,
                  std::string(unable) + (told.fields.empty() ? "" : told.fields[0].second));
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
  return action;
}

std::optional<Instant> Play::deadline() const {
  return stage_->is_over ? std::nullopt : stage_->scene.wake;
}
bool Play::is_over() const { return stage_->is_over; }
Leftovers Play::leftovers() const { return stage_->links.leftovers; }
Outcome Play::take_outcome() {
  stage_->outcome.watched = stage_->scene.watched.finish(stage_->links.now);
  stage_->outcome.choices = std::move(stage_->scene.choices);
  stage_->outcome.transcript = std::move(stage_->links.transcript);
  stage_->outcome.was_turned_away = stage_->links.was_turned_away;
  stage_->outcome.took = stage_->links.now - stage_->began;
  return std::move(stage_->outcome);
}

}  // namespace mq::conformance
