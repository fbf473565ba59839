// Overload slows publishers before anything is dropped: while a subscriber who is there has no room
// for a message, its publisher's PUBLISHes wait unanswered, and if many wait, its link is not read
// any further. Nothing of a message that waits has happened: nobody got it, nothing is stored.
//
// Acknowledgements of a publisher that waits are read on, so that publishers who are each other's
// subscribers do not wait for each other. A subscriber that makes no room in time holds nobody up
// any longer, until half of its queue is empty.
#include <algorithm>
#include <utility>

#include "broker/core/core.h"

namespace mq::broker {

// Whether a copy at this QoS would have to be dropped.
bool Broker::Core::has_no_room(const Session& session, Qos qos, std::string_view topic,
                               std::size_t bytes) const {
  if (!goes_through_queue(session, qos, topic))
    return session.link != nullptr && session.link->backlog >= limits_.backlog_bytes;
  return session.outgoing.size() >= limits_.queued_messages ||
         session.outgoing.bytes() + bytes > limits_.queued_bytes;
}

// Who takes nothing for a while although its backlog is full is given up.
void Broker::Core::watch_backlog(Link& link, bool moved) {
  const bool full = link.backlog >= limits_.backlog_bytes && link.phase != Phase::closing;
  if (full && link.stall_armed && !moved) return;
  timers_.arm(Timer::Kind::stall, static_cast<std::uint64_t>(link.id), link.stall_armed,
              full ? std::optional(now_ + limits_.write_stall) : std::nullopt);
}

// Who of those who are there has no room for it; of a shared subscription all its members, as one
// with room is enough. Nobody if it need not or must not wait.
std::vector<Session*> Broker::Core::blockers(const Session& publisher, const Publish& publish) {
  if (limits_.hold.count() == 0 || !within_limits(publish.topic) ||
      !may_write(publisher, publish.topic))
    return {};
  if (publish.qos == Qos::exactly_once && publisher.incoming.contains(publish.packet_id))
    return {};  // it is answered and no more
  const std::size_t bytes = bytes_of(publish.topic, publish.payload, publish.properties);
  const auto blocks = [&](Session& session, Qos granted) {
    const Qos qos = outgoing_qos(granted, publish.qos, publish.topic);
    if (session.link == nullptr || session.stalled) return false;
    if (qos != Qos::at_most_once && bytes > limits_.queued_bytes) return false;  // it never fits
    while (has_no_room(session, qos, publish.topic, bytes))
      if (qos == Qos::at_most_once || !drop_expired(session)) return true;
    return false;
  };
  const Matches& matches = subscriptions_.find(publish.topic);
  for (const Receiver& receiver : matches.receivers)
    if (!(receiver.no_local && receiver.session == &publisher) &&
        blocks(*receiver.session, receiver.qos))
      return {receiver.session};
  for (const ShareGroup* group : matches.groups) {
    std::vector<Session*> full;
    for (const Subscription* member : group->members) {
      Session& session = *member->session;
      if (blocks(session, member->entry.options.qos)) {
        full.push_back(&session);
        continue;
      }
      const Qos qos = outgoing_qos(member->entry.options.qos, publish.qos, publish.topic);
      const bool takes =
          !has_no_room(session, qos, publish.topic, bytes) &&
          (session.link != nullptr || goes_through_queue(session, qos, publish.topic));
      if (!takes) continue;
      full.clear();
      break;
    }
    if (!full.empty()) return full;
  }
  return {};
}

// Behind what waits already.
void Broker::Core::hold(Link& link, Publish& publish) {
  if (!link.hold) link.hold = std::make_unique<Hold>();
  Hold& held = *link.hold;
  held.bytes += bytes_of(publish.topic, publish.payload, publish.properties);
  held.messages.push_back(std::move(publish));
  ++held_messages_;
  if (!held.reading ||
      (held.messages.size() < limits_.held_messages && held.bytes < limits_.held_bytes))
    return;
  held.reading = false;
  outbox_.read(link.id, false);
}

void Broker::Core::wait_for(Link& link, const std::vector<Session*>& full) {
  link.hold->blockers.clear();
  for (Session* session : full) {
    link.hold->blockers.push_back(session->number);
    session->holds.push_back(link.id);
  }
  if (!link.hold->until) link.hold->until = now_ + limits_.hold;
  timers_.arm(Timer::Kind::hold, static_cast<std::uint64_t>(link.id), link.hold->armed,
              link.hold->until);
}

void Broker::Core::take_first(Link& link) {
  Hold& held = *link.hold;
  Publish first = std::move(held.messages.front());
  held.messages.pop_front();
  held.until.reset();
  held.bytes -= bytes_of(first.topic, first.payload, first.properties);
  --held_messages_;
  take(link, first);
}

// Goes on with what waits on this link, as far as there is room now.
void Broker::Core::go_on(Link& link) {
  while (link.phase == Phase::connected && link.hold && !link.hold->messages.empty()) {
    const auto full = blockers(*link.session, link.hold->messages.front());
    if (!full.empty()) return wait_for(link, full);
    take_first(link);
  }
  if (link.phase != Phase::connected || !link.hold) return;
  const bool was_reading = link.hold->reading;
  forget_hold(link);
  if (was_reading || link.put_aside) return;
  outbox_.read(link.id, true);
  read(link);  // what had arrived before the link was no longer read
}

// The link's subscribers had their time.
void Broker::Core::held_too_long(Link& link) {
  for (const std::uint64_t number : link.hold->blockers) {
    const auto at = numbered_.find(number);
    if (at == numbered_.end()) continue;
    at->second->stalled = true;
    release_publishers(*at->second);
  }
  const std::size_t waiting = link.hold->messages.size();
  // Others may block this very message: it has waited long enough for all of them.
  if (waiting > 0) take_first(link);
  go_on(link);
}

void Broker::Core::forget_hold(Link& link) {
  if (!link.hold) return;
  timers_.arm(Timer::Kind::hold, static_cast<std::uint64_t>(link.id), link.hold->armed,
              std::nullopt);
  held_messages_ -= link.hold->messages.size();
  link.hold.reset();
}

// Something of what fills the session is gone: publishers may go on at the end of this event.
void Broker::Core::has_more_room(Session& session) {
  if (session.stalled) {
    const std::size_t backlog = session.link != nullptr ? session.link->backlog : 0;
    session.stalled = session.outgoing.size() * 2 > limits_.queued_messages ||
                      session.outgoing.bytes() * 2 > limits_.queued_bytes ||
                      backlog * 2 > limits_.backlog_bytes;
  }
  if (!session.holds.empty()) roomy_.push_back(session.number);
}

// Nobody waits for this session any longer.
void Broker::Core::release_publishers(Session& session) {
  woken_.insert(woken_.end(), session.holds.begin(), session.holds.end());
  session.holds.clear();
}

// One publisher after the other, each until it is blocked again.
void Broker::Core::serve_publishers() {
  while (!woken_.empty() || !roomy_.empty()) {
    for (const LinkId id : std::exchange(woken_, {})) {
      Link* link = find(id);
      if (link != nullptr && link->hold) go_on(*link);
    }
    for (const std::uint64_t number : std::exchange(roomy_, {})) {
      for (auto at = numbered_.find(number); at != numbered_.end() && !at->second->holds.empty();
           at = numbered_.find(number)) {
        Session& session = *at->second;
        Link* link = find(session.holds.front());
        const bool waits = link != nullptr && link->hold && !link->hold->messages.empty();
        const auto full = waits ? blockers(*link->session, link->hold->messages.front())
                                : std::vector<Session*>();
        if (std::find(full.begin(), full.end(), &session) != full.end()) break;
        session.holds.erase(session.holds.begin());
        if (waits) go_on(*link);
      }
    }
  }
}

}  // namespace mq::broker
