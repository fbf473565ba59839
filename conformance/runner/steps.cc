#include "conformance/runner/steps.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/nearest_word.h"
#include "conformance/runner/catalogue.h"
#include "conformance/runner/line.h"
#include "conformance/runner/needs.h"
#include "conformance/runner/placeholders.h"
#include "scenarios/language/units.h"

namespace mq::conformance {
namespace {

using scenario::in_quotes;
using scenario::Problem;
using scenario::Problems;
using Is = Alternative::Is;

struct Fault {
  Place place;
  std::string text;
};

const std::vector<std::string> link_verbs = {
    "open",    "connect",   "send",       "expect",      "await",     "find",
    "receive", "subscribe", "publish",    "unsubscribe", "ping",      "auto",
    "close",   "cut",       "half-close", "vanish",      "disconnect"};
const std::vector<std::string> plain_verbs = {"wait", "either", "in", "repeat", "check"};
// Where the script is the broker of a client that is tested.
const std::vector<std::string> broker_verbs = {"accept", "welcome", "send",    "expect",
                                               "await",  "find",    "receive", "probe",
                                               "auto",   "close",   "cut",     "half-close"};
const std::vector<std::string> client_verbs = {"wait",  "either", "in", "repeat",
                                               "check", "start",  "do", "hear"};
// What a client can be told to do, and of which packet the fields are.
const std::vector<std::pair<std::string, Kind>> orders = {
    {"publish", Kind::publish},         {"subscribe", Kind::subscribe},
    {"unsubscribe", Kind::unsubscribe}, {"disconnect", Kind::disconnect},
    {"reconnect", Kind::connect},       {"authenticate", Kind::auth}};

// The words of one line, taken one after another. A fault ends the line, not the file.
class Words {
 public:
  Words(std::vector<Word> words, Place begin) : words_(std::move(words)), place_(begin) {}

  bool more() const { return at_ < words_.size(); }
  bool next_is(std::string_view word) const { return more() && words_[at_].is(word); }
  bool next_is_field() const { return more() && words_[at_].value && !words_[at_].name.empty(); }
  bool take(std::string_view word) {
    if (!next_is(word)) return false;
    ++at_;
    return true;
  }
  const Word& next(const std::string& expected) {
    if (!more()) throw Fault{place(), "expected " + expected + " at the end of the line"};
    return words_[at_++];
  }
  Place place() const { return more() ? words_[at_].place : place_; }
  void end() const {
    if (more())
      throw Fault{place(), "nothing more was expected here: " + in_quotes(words_[at_].name)};
  }

 private:
  std::vector<Word> words_;
  Place place_;
  std::size_t at_ = 0;
};

class Script {
 public:
  Script(const std::vector<Line>& lines, Version version, Role role)
      : lines_(lines), version_(version), role_(role) {}

  Problems all(std::vector<Step>& steps) {
    steps = block({});
    const Names names = names_in(steps);
    for (const auto& fault : placeholder_faults(steps, names))
      problems_.push_back({fault.place.line, fault.place.column, fault.text});
    return std::move(problems_);
  }

 private:
  // Up to the line that begins with one of `ends`, which is left for the caller.
  std::vector<Step> block(const std::vector<std::string_view>& ends) {
    std::vector<Step> steps;
    for (; at_ < lines_.size(); ++at_) {
      const std::string_view text = lines_[at_].text;
      const std::string_view first = text.substr(0, text.find(' '));
      if (std::find(ends.begin(), ends.end(), first) != ends.end()) return steps;
      line_ = &lines_[at_];
      try {
        read_line(steps);
      } catch (const Fault& fault) {
        problems_.push_back({fault.place.line, fault.place.column, fault.text});
      }
    }
    if (!ends.empty())
      problems_.push_back({lines_.back().place.line, 1, "a block is not closed by `end`"});
    return steps;
  }

  void read_line(std::vector<Step>& steps) {
    std::string_view text = line_->text;
    Place begin = line_->place;
    const auto skip = [&](std::size_t count) {
      const std::size_t on = text.find_first_not_of(" \t", count);
      begin.column += on;
      text = text.substr(std::min(on, text.size()));
    };
    Step step{.place = begin, .source = line_->text};
    if (text.starts_with("v5:") || text.starts_with("v3:")) {
      step.only_for = text[1] == '5' ? Version::v5 : Version::v3_1_1;
      skip(3);
    }
    if (text.starts_with("should ")) {
      step.is_advice = true;
      skip(7);
    }
    std::vector<Word> read;
    if (const auto fault = read_words(text, begin, read)) throw Fault{fault->place, fault->text};
    Words words(std::move(read), begin);
    const bool is_for_us = !step.only_for || *step.only_for == version_;
    std::vector<Step> made;
    if (text.front() >= 'A' && text.front() <= 'Z')
      of_link(std::move(step), words, made);
    else
      plain(std::move(step), words, made);
    if (is_for_us) std::move(made.begin(), made.end(), std::back_inserter(steps));
  }

  // ---- Steps without a connection

  void plain(Step step, Words& words, std::vector<Step>& out) {
    const Word verb = words.next("a step");
    if (verb.is("wait")) {
      step.verb = Verb::wait;
      step.lasting = duration(words.next("a duration"));
    } else if (verb.is("check")) {
      read_check(step, words);
    } else if (verb.is("either")) {
      return read_either(std::move(step), words, out);
    } else if (verb.is("in")) {
      step.verb = Verb::any_order;
      if (!words.take("any") || !words.take("order"))
        throw Fault{words.place(), "expected `in any order`"};
      words.end();
      step.branches.push_back({"", inner({"end"})});
      for (const Step& one : step.branches[0].steps)
        if (one.verb != Verb::expect) throw Fault{one.place, "only `expect PACKET` can stand here"};
    } else if (verb.is("repeat")) {
      step.verb = Verb::repeat;
      step.count = value_of(words.next("how often"));
      words.end();
      step.branches.push_back({"", inner({"end"})});
    } else if (role_ == Role::client && verb.is("start")) {
      starting(step, words);
    } else if (role_ == Role::client && verb.is("do")) {
      telling(step, words);
    } else if (role_ == Role::client && verb.is("hear")) {
      hearing(step, words);
    } else {
      const auto& known = role_ == Role::client ? client_verbs : plain_verbs;
      throw Fault{verb.place, "expected a connection (`A`, `B`, ...) and what it does, or one of " +
                                  joined(known) + did_you_mean(verb.name, known)};
    }
    words.end();
    out.push_back(std::move(step));
  }

  // ---- What a client that is tested is told, and tells

  void starting(Step& step, Words& words) {
    step.verb = Verb::start;
    step.packet = Kind::connect;
    read_fields(step, words, true);
    if (!words.take("then")) return;
    Step then{.place = step.place, .source = step.source};
    telling(then, words);
    step.branches.push_back({"", {std::move(then)}});
  }

  void telling(Step& step, Words& words) {
    step.verb = Verb::tell;
    const Word what = words.next("what the client is to do");
    std::vector<std::string> names;
    for (const auto& [name, kind] : orders) {
      names.push_back(name);
      if (what.is(name)) step.packet = kind;
    }
    if (!step.packet)
      throw Fault{what.place, in_quotes(what.name) + " is nothing that a client is told to do: " +
                                  joined(names) + did_you_mean(what.name, names)};
    step.word = what.name;
    read_fields(step, words, true);
  }

  void hearing(Step& step, Words& words) {
    step.verb = words.take("no") ? Verb::unheard : Verb::hear;
    const Word what = words.next("what its application is told");
    if (std::find(told_words().begin(), told_words().end(), what.name) == told_words().end())
      throw Fault{what.place, in_quotes(what.name) + " is nothing that an application is told: " +
                                  joined(told_words()) + did_you_mean(what.name, told_words())};
    step.word = what.name;
    read_fields(step, words, false);
    read_times(step, words);
  }

  std::vector<Step> inner(const std::vector<std::string_view>& ends) {
    const Line* const begin = line_;
    ++at_;
    std::vector<Step> steps = block(ends);
    line_ = begin;
    return steps;
  }

  void read_either(Step step, Words& words, std::vector<Step>& out) {
    step.verb = Verb::either;
    std::string name = branch_name(words);
    for (;;) {
      Branch branch{name, inner({"or", "end"})};
      if (branch.steps.empty() || !can_choose(branch.steps[0]))
        throw Fault{step.place, "each branch begins with something expected: " + in_quotes(name)};
      step.branches.push_back(std::move(branch));
      if (at_ >= lines_.size() || lines_[at_].text == "end") break;
      std::vector<Word> read;
      read_words(std::string_view(lines_[at_].text).substr(2), lines_[at_].place, read);
      Words rest(std::move(read), lines_[at_].place);
      name = branch_name(rest);
    }
    out.push_back(std::move(step));
  }

  static std::string branch_name(Words& words) {
    const Word& word = words.next("the branch's name in quotes: `either \"it is accepted\"`");
    if (!word.value || !word.name.empty()) throw Fault{word.place, "a branch has a name in quotes"};
    words.end();
    return word.value->alternatives.at(0).text;
  }

  static bool can_choose(const Step& step) {
    switch (step.verb) {
      case Verb::expect:
      case Verb::await:
      case Verb::find:
      case Verb::receive:
      case Verb::nothing:
      case Verb::closed:
      case Verb::refused:
      case Verb::accepted:
      case Verb::accept:
      case Verb::hear:
      case Verb::unheard:
        return true;
      default:
        return false;
    }
  }

  void read_check(Step& step, Words& words) {
    step.verb = Verb::check;
    step.compared.push_back(value_of(words.next("a value")));
    const Word sign = words.next("one of = != < <= > >=");
    static constexpr std::pair<std::string_view, Is> signs[] = {
        {"=", Is::equal},    {"!=", Is::unequal}, {"<", Is::less},
        {"<=", Is::at_most}, {">", Is::more},     {">=", Is::at_least}};
    const auto found = std::find_if(std::begin(signs), std::end(signs),
                                    [&](const auto& one) { return sign.is(one.first); });
    if (found == std::end(signs)) throw Fault{sign.place, "expected one of = != < <= > >="};
    step.comparison = found->second;
    step.compared.push_back(value_of(words.next("a value")));
  }

  // ---- Steps of connections

  void of_link(Step step, Words& words, std::vector<Step>& out) {
    const Word names = words.next("a connection");
    for (std::size_t begin = 0; begin <= names.name.size();) {
      const std::size_t bar = std::min(names.name.find('|', begin), names.name.size());
      step.who.push_back(names.name.substr(begin, bar - begin));
      begin = bar + 1;
    }
    const Word verb = words.next("what the connection does");
    const std::string& what = verb.name;
    if (what == "expect" || what == "await" || what == "find" || what == "receive")
      return expectation(std::move(step), what, words, out);
    if (step.who.size() > 1)
      throw Fault{names.place, "only what is expected can concern several connections"};
    if (what == "send") return sending(std::move(step), words, out);
    const auto& known = role_ == Role::client ? broker_verbs : link_verbs;
    if (std::find(known.begin(), known.end(), what) == known.end())
      throw Fault{verb.place, in_quotes(what) + " is nothing that a connection does: " +
                                  joined(known) + did_you_mean(what, known)};
    if (what == "welcome") return welcoming(std::move(step), words, out);
    if (what == "probe") return probing(std::move(step), words, out);
    if (what == "open" || what == "close" || what == "cut" || what == "half-close" ||
        what == "accept" || what == "vanish") {
      step.verb = what == "open"     ? Verb::open
                  : what == "accept" ? Verb::accept
                  : what == "close"  ? Verb::close
                  : what == "cut"    ? Verb::cut
                  : what == "vanish" ? Verb::vanish
                                     : Verb::half_close;
      if (step.verb == Verb::open && words.take("offering"))
        step.bytes.push_back(value_of(words.next("subprotocols, \"other, mqtt\"")));
    } else if (what == "auto") {
      step.verb = Verb::automatic;
      const Word& setting = words.next("on or off");
      if (!setting.is("on") && !setting.is("off")) throw Fault{setting.place, "expected on or off"};
      step.is_on = setting.is("on");
    } else {
      return short_form(std::move(step), what, words, out);
    }
    words.end();
    out.push_back(std::move(step));
  }

  // ---- What stands for several steps

  static Field field_of(const Step& step, const std::string& name, const std::string& text) {
    Value value{.place = step.place};
    value.alternatives.push_back({.text = text});
    return {.name = name, .value = value, .place = step.place};
  }

  // The client connects, and is let in.
  void welcoming(Step step, Words& words, std::vector<Step>& out) {
    step.packet = Kind::conn_ack;
    step.verb = Verb::send;
    read_fields(step, words, true);
    Step before{.place = step.place, .source = step.source, .who = step.who};
    before.verb = Verb::accept;
    read_times(before, words);
    words.end();
    out.push_back(before);
    before.verb = Verb::expect;
    before.packet = Kind::connect;
    before.fields = {field_of(step, "version", version_ == Version::v5 ? "5.0" : "3.1.1")};
    out.push_back(std::move(before));
    out.push_back(std::move(step));
  }

  // Is it still there, and has it read all before?
  void probing(Step step, Words& words, std::vector<Step>& out) {
    words.end();
    step.verb = Verb::send;
    step.packet = Kind::publish;
    step.fields = {field_of(step, "topic", "{t}/probe"), field_of(step, "payload", "probe"),
                   field_of(step, "qos", "1")};
    Step answer{.place = step.place, .source = step.source, .who = step.who};
    answer.verb = Verb::find;
    answer.packet = Kind::pub_ack;
    out.push_back(std::move(step));
    out.push_back(std::move(answer));
  }

  void short_form(Step step, const std::string& what, Words& words, std::vector<Step>& out) {
    static constexpr std::pair<std::string_view, Kind> sent[] = {
        {"connect", Kind::connect},         {"subscribe", Kind::subscribe},
        {"unsubscribe", Kind::unsubscribe}, {"publish", Kind::publish},
        {"ping", Kind::ping_req},           {"disconnect", Kind::disconnect}};
    step.packet = std::find_if(std::begin(sent), std::end(sent), [&](const auto& one) {
                    return one.first == what;
                  })->second;
    step.verb = Verb::send;
    read_fields(step, words, true);
    words.end();
    const Step plain{.place = step.place, .source = step.source, .who = step.who};
    const auto then = [&](Verb verb, std::optional<Kind> packet, std::vector<Field> fields = {}) {
      Step next = plain;
      next.verb = verb;
      next.packet = packet;
      next.fields = std::move(fields);
      out.push_back(std::move(next));
    };
    if (what == "publish") return publishing(std::move(step), then, out);
    if (what == "connect") then(Verb::open, std::nullopt);
    out.push_back(step);
    if (what == "connect") then(Verb::find, Kind::conn_ack);
    if (what == "subscribe") then(Verb::find, Kind::sub_ack);
    if (what == "unsubscribe") then(Verb::find, Kind::unsub_ack);
    if (what == "ping") then(Verb::find, Kind::ping_resp);
    if (what == "disconnect") then(Verb::close, std::nullopt);
  }

  template <class Then>
  void publishing(Step step, Then then, std::vector<Step>& out) {
    const auto field = [&](std::string_view name) {
      return std::find_if(step.fields.begin(), step.fields.end(),
                          [&](const Field& one) { return one.name == name && !one.is_twist; });
    };
    const auto qos = field("qos");
    const std::string level = qos == step.fields.end() ? "0" : qos->value.alternatives.at(0).text;
    if (level != "0" && level != "1" && level != "2")
      throw Fault{qos->place, "`publish` goes through with QoS 0, 1 or 2, found " +
                                  in_quotes(level) + "; use `send PUBLISH`"};
    if (level == "0") return out.push_back(std::move(step));
    auto id = field("id");
    if (id == step.fields.end()) {
      step.fields.push_back({.name = "id", .value = {.capture = "sent"}, .place = step.place});
      id = std::prev(step.fields.end());
    } else if (id->value.capture.empty()) {
      id->value.capture = "sent";
    }
    Value same{.place = step.place};
    same.alternatives.push_back({.text = "{" + id->value.capture + "}"});
    const std::vector<Field> fields{{.name = "id", .value = same, .place = step.place}};
    out.push_back(step);
    then(Verb::find, level == "1" ? Kind::pub_ack : Kind::pub_rec, fields);
    if (level == "1") return;
    then(Verb::send, Kind::pub_rel, fields);
    then(Verb::find, Kind::pub_comp, fields);
  }

  // ---- Sending and expecting

  void sending(Step step, Words& words, std::vector<Step>& out) {
    const Word what = words.next("a packet, or `bytes`");
    if (what.is("bytes")) {
      step.verb = Verb::send_bytes;
      while (words.more()) {
        step.bytes.push_back(value_of(words.next("bytes")));
        const Alternative& one = step.bytes.back().alternatives.at(0);
        const bool is_clear = one.is_quoted || one.text.find_first_of(":{") != std::string::npos;
        if (!is_clear) throw Fault{step.bytes.back().place, "expected hex:1000 or \"text\""};
      }
      if (step.bytes.empty()) throw Fault{what.place, "expected bytes: hex:1000 or \"text\""};
    } else {
      step.verb = Verb::send;
      step.packet = packet(what);
      read_fields(step, words, true);
      words.end();
    }
    out.push_back(std::move(step));
  }

  void expectation(Step step, const std::string& how, Words& words, std::vector<Step>& out) {
    const Word what = words.next("a packet, close, refusal, accepted or nothing");
    static constexpr std::pair<std::string_view, Verb> plain_ones[] = {
        {"nothing", Verb::nothing},
        {"close", Verb::closed},
        {"refusal", Verb::refused},
        {"accepted", Verb::accepted}};
    const auto found = std::find_if(std::begin(plain_ones), std::end(plain_ones),
                                    [&](const auto& one) { return what.is(one.first); });
    if (how == "expect" && found != std::end(plain_ones)) {
      step.verb = found->second;
      read_fields(step, words, false);
      for (const Field& field : step.fields)
        if (field.name != "reason" || step.verb == Verb::nothing || step.verb == Verb::accepted)
          throw Fault{field.place, "only `reason=` of a close or a refusal can be named here"};
    } else {
      step.verb = how == "expect"  ? Verb::expect
                  : how == "await" ? Verb::await
                  : how == "find"  ? Verb::find
                                   : Verb::receive;
      step.packet = packet(what);
      if (step.verb == Verb::receive && step.packet != Kind::publish)
        throw Fault{what.place, "`receive` takes a PUBLISH and acknowledges it"};
      const bool only_v5 =
          step.packet == Kind::auth || (step.packet == Kind::disconnect && role_ == Role::broker);
      if (only_v5 && version_ != Version::v5 && !step.only_for)
        throw Fault{what.place,
                    "no server sends this in 3.1.1: write `v5:` before the step, or "
                    "`expect close`"};
      read_fields(step, words, false);
    }
    read_times(step, words);
    words.end();
    out.push_back(std::move(step));
  }

  void read_times(Step& step, Words& words) {
    while (words.more()) {
      const Word word = words.next("within, for or not before");
      if (word.is("within") && !step.within) {
        step.within = duration(words.next("a duration"));
      } else if (word.is("for") && (step.verb == Verb::nothing || step.verb == Verb::unheard)) {
        step.lasting = duration(words.next("a duration"));
      } else if (word.is("not") && words.take("before")) {
        step.not_before = duration(words.next("a duration"));
      } else {
        throw Fault{word.place,
                    "expected a field `name=value`, `within 5s`, `not before 1s`, or, "
                    "of nothing, `for 2s`; found " +
                        in_quotes(word.name)};
      }
    }
  }

  static Kind packet(const Word& word) {
    const auto found = word.value ? std::nullopt : packet_named(word.name);
    if (!found)
      throw Fault{word.place, in_quotes(word.name) + " is no packet: " + joined(packet_names()) +
                                  did_you_mean(word.name, packet_names())};
    return *found;
  }

  void read_fields(Step& step, Words& words, bool is_sent) {
    while (words.next_is_field()) {
      const Word word = words.next("a field");
      Field field{word.name, *word.value, word.is_twist, word.place};
      if (step.packet) check_field(field, *step.packet, is_sent);
      step.fields.push_back(std::move(field));
    }
  }

  static void check_field(const Field& field, Kind kind, bool is_sent) {
    if (field.is_twist) {
      if (!is_sent) throw Fault{field.place, "only what is sent can be twisted"};
      if (!twist_info(kind, field.name))
        throw Fault{field.place, "`!" + field.name + "` is no way to twist " + name(kind) +
                                     did_you_mean(field.name, twist_names())};
    } else if (!field_info(kind, field.name)) {
      throw Fault{field.place, std::string(name(kind)) + " has no field " + in_quotes(field.name) +
                                   did_you_mean(field.name, field_names(kind))};
    }
    if (!is_sent) return;
    if (is_of_wire(field.name) && !field.is_twist)
      throw Fault{field.place,
                  "`" + field.name + "` is of what comes" +
                      (field.name == "size" ? "; a payload of some size is `size:1000`"
                                            : "; `!" + field.name + "` bends what is sent")};
    const auto& all = field.value.alternatives;
    const bool is_one = all.size() == 1 && (all[0].is == Is::equal || all[0].is == Is::absent);
    if (!is_one && !(all.empty() && field.name == "id"))
      throw Fault{field.place, "what is sent has one value"};
  }

  static Value duration(const Word& word) {
    Value value = value_of(word);
    const std::string& text = value.alternatives.at(0).text;
    if (text.find('{') == std::string::npos && !scenario::parse_duration(text))
      throw Fault{word.place, "expected a duration such as 5s or 500ms, found " + in_quotes(text)};
    return value;
  }

  static std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
    return all;
  }

  const std::vector<Line>& lines_;
  const Version version_;
  const Role role_;
  const Line* line_ = nullptr;
  std::size_t at_ = 0;
  Problems problems_;
};

}  // namespace

Problems read_steps(const std::vector<Line>& lines, Version version, Role role,
                    std::vector<Step>& steps) {
  return Script(lines, version, role).all(steps);
}

}  // namespace mq::conformance
