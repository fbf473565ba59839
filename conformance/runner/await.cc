#include "conformance/runner/await.h"

#include <algorithm>

#include "conformance/runner/catalogue.h"
#include "protocol/describe.h"

namespace mq::conformance {

Progress Await::listen(const Step& step, Memory& memory) {
  const Application::Heard heard = scene_.application.hear(step, scene_.one.version, values_);
  if (values_.fault) return {};
  const std::string what = step.source.substr(step.source.find("hear"));
  if (step.verb == Verb::unheard) {
    if (heard.is_there) return {failed, what, "it was told: " + heard.nearest};
    const Duration quiet = values_.duration(step.lasting, scene_.around.patience.quiet);
    return scene_.until(memory.began + quiet) ? Progress{done} : Progress{};
  }
  if (heard.is_there) return {done};
  // A program that ends instead of doing what it was told has refused it.
  if (scene_.application.is_gone())
    return step.word == "failed" ? Progress{done}
                                 : Progress{failed, what, scene_.application.how_it_ended()};
  return {waiting, what, heard.nearest};
}

Progress Await::accept(const Step& step) {
  if (links_.accept(step.who[0]) != nullptr) return {done};
  if (scene_.application.is_gone())
    return {failed, "a connection", scene_.application.how_it_ended()};
  return {waiting, "a connection of the client", ""};
}

Progress Await::expectation(const Step& step, Memory& memory) {
  if (step.verb == Verb::nothing) return nothing(step, memory);
  Progress all;
  for (const std::string& name : step.who) {
    Link* const link = links_.current(name);
    if (link == nullptr) {
      values_.fail("connection " + name + " has not been opened");
      return {};
    }
    Progress one = of_link(step, memory, *link);
    if (one.state == done) return one;
    if (one.state == failed) all.state = failed;
    if (!one.got.empty())
      all.got += (all.got.empty() ? "" : "; ") + (step.who.size() > 1 ? name + ": " : "") + one.got;
    all.expected = one.expected;
  }
  return all;
}

Progress Await::of_link(const Step& step, Memory& memory, Link& link) {
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

Progress Await::packet(const Step& step, Memory& memory, Link& link) {
  if (memory.released) return released(memory, link);
  std::string nearest;
  for (std::size_t at = 0; at < link.inbox.size(); ++at) {
    const Match matched = try_match(step, link, at);
    if (values_.fault) return {};
    if (matched.mismatch.empty()) {
      if (step.verb == Verb::await)
        while (at > 0) links_.take(link, --at);
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

Match Await::try_match(const Step& step, Link& link, std::size_t at) {
  Expectation expected{*step.packet, &step.fields, links_.party(link.name).sent_id,
                       link.inbox_wire[at]};
  Match matched = match(link.inbox[at], link.reader.version(), expected, values_.look_up());
  if (matched.fault) values_.fail(matched.fault->text);
  return matched;
}

Progress Await::found(const Step& step, Memory& memory, Link& link, std::size_t at,
                      const Match& matched) {
  for (const auto& [name, value] : matched.captured) values_.keep(name, value);
  const Packet arrived = links_.take(link, at);
  if (step.verb != Verb::receive) return {done};
  const auto& publish = std::get<Publish>(arrived);
  if (publish.qos == Qos::at_least_once)
    scene_.speaker.answer(link.name, Kind::pub_ack, id_of(arrived));
  if (publish.qos != Qos::exactly_once) return {done};
  scene_.speaker.answer(link.name, Kind::pub_rec, id_of(arrived));
  memory.released = id_of(arrived);
  memory.receiver = link.number;
  return released(memory, link);
}

// After PUBREC: its PUBREL, which is answered.
Progress Await::released(Memory& memory, Link& link) {
  if (link.number != memory.receiver) return {};
  for (std::size_t at = 0; at < link.inbox.size(); ++at) {
    if (kind(link.inbox[at]) != Kind::pub_rel || id_of(link.inbox[at]) != *memory.released)
      continue;
    links_.take(link, at);
    scene_.speaker.answer(link.name, Kind::pub_comp, *memory.released);
    return {done};
  }
  const std::string expected = "PUBREL id=" + std::to_string(*memory.released);
  if (is_ended(link)) return over(link, expected);
  return {waiting, expected, ""};
}

Progress Await::nothing(const Step& step, Memory& memory) {
  for (const std::string& name : step.who) {
    Link* const link = links_.current(name);
    if (link == nullptr) continue;
    if (!link->inbox.empty())
      return {failed, "nothing", describe(link->inbox.front(), link->reader.version(), 64)};
    if (is_ended(*link)) return over(*link, "nothing, and that the connection stays open");
  }
  const Duration quiet = values_.duration(step.lasting, scene_.around.patience.quiet);
  return scene_.until(memory.began + quiet) ? Progress{done} : Progress{};
}

// The connection is closed, and only what says why comes before; a refusal may also be an
// acknowledgement that refuses, on a connection that stays.
Progress Await::closed(const Step& step, Memory& memory, Link& link, bool may_stay) {
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
    links_.take(link, 0);
    memory.refusal = shown;
    if (!stays) continue;
    scene_.chose(shown);
    return {done};
  }
  if (!link.ended) return {waiting, expected, memory.refusal.value_or("")};
  if (!link.is_open) return over(link, "a connection");
  scene_.chose(memory.refusal ? *memory.refusal + ", " + *link.ended : *link.ended);
  return {done};
}

std::string Await::wrong_reason(const Step& step, const Packet& packet) {
  for (const Field& field : step.fields) {
    const Match matched = match_value(seen(packet, field.name), field.value, values_.look_up());
    if (matched.fault) values_.fail(matched.fault->text);
    if (!matched.mismatch.empty()) return matched.mismatch;
  }
  return {};
}

Progress Await::accepted(Memory& memory, Link& link) {
  const Kind wanted = answer_to(link.last_sent, scene_.speaker.last_qos());
  if (wanted == Kind::ping_resp && !memory.asked) {
    memory.asked = true;
    const auto before = link.last_sent;
    if (before != Kind::ping_req)
      links_.send(link.name, Kind::ping_req, {std::byte{0xc0}, std::byte{0}});
    link.last_sent = before;
  }
  const Step plain{.verb = Verb::find, .source = name(wanted), .packet = wanted};
  Memory fresh;
  return packet(plain, fresh, link);
}

Progress Await::any_order(const Step& step, Memory& memory) {
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
bool Await::another_takes(const Step& step, const Memory& memory, const Step& one) {
  const std::vector<Step>& all = step.branches[0].steps;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (memory.happened[i] || &all[i] == &one) continue;
    for (const std::string& name : all[i].who) {
      Link* const link = links_.current(name);
      const bool is_same = std::find(one.who.begin(), one.who.end(), name) != one.who.end();
      if (link == nullptr || link->inbox.empty() || !is_same) continue;
      if (try_match(all[i], *link, 0).mismatch.empty()) return true;
    }
  }
  return false;
}

}  // namespace mq::conformance
