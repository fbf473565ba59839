#include "scenarios/engine/workload.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace mq::scenario {

Workload::Workload(const std::vector<PublishPlan>& publishes, std::string id,
                   trace::ClientIndex client, Rng rng, Instant start, Instant end)
    : id_(std::move(id)), client_(client), end_(end) {
  for (const PublishPlan& plan : publishes) {
    const auto drawn = plan.every > Duration::zero()
                           ? Duration(static_cast<Duration::rep>(
                                 rng.below(static_cast<std::uint64_t>(plan.every.count()))))
                           : Duration::zero();
    const Instant first = plan.at ? Instant{} + *plan.at : start + drawn;
    courses_.push_back({&plan, first < end_ ? std::optional(first) : std::nullopt,
                        plan.times.value_or(plan.every > Duration::zero()
                                                ? std::numeric_limits<std::uint64_t>::max()
                                                : 1)});
  }
}

void Workload::advance(Course& course, Instant end) {
  --course.left;
  const Instant following = *course.next + course.plan->every;
  course.next = course.left > 0 && following < end ? std::optional(following) : std::nullopt;
}

void Workload::skip(Instant now) {
  for (Course& course : courses_)
    while (course.next && *course.next <= now && course.left > 0) advance(course, end_);
}

Workload::Due Workload::push(const Push& push) {
  const trace::Stamp stamp{trace::Stamp::Origin::publish, client_, ++number_};
  Publish message;
  message.topic = expand(push.topic, id_, number_);
  message.qos = push.qos;
  message.payload = payload(Payload{.bytes = push.payload_bytes, .text = {}}, stamp);
  return Due{stamp, std::move(message)};
}

std::optional<Workload::Due> Workload::publish(Instant now) {
  for (Course& course : courses_) {
    if (!course.next || *course.next > now || course.left == 0) continue;
    advance(course, end_);
    const trace::Stamp stamp{trace::Stamp::Origin::publish, client_, ++number_};
    Publish message;
    message.topic = expand(course.plan->topic, id_, number_);
    message.qos = course.plan->qos;
    message.retain = course.plan->retain;
    message.payload = payload(course.plan->payload, stamp);
    if (course.plan->expiry)
      message.properties.add(PropertyId::message_expiry_interval, *course.plan->expiry);
    return Due{stamp, std::move(message)};
  }
  return std::nullopt;
}

std::optional<Instant> Workload::next_publish() const {
  std::optional<Instant> next;
  for (const Course& course : courses_)
    if (course.next && (!next || *course.next < *next)) next = course.next;
  return next;
}

Will Workload::will(const WillPlan& plan, std::uint32_t connection) const {
  const trace::Stamp stamp{trace::Stamp::Origin::will, client_, connection};
  Will will;
  will.topic = expand(plan.topic, id_, 0);
  will.qos = plan.qos;
  will.retain = plan.retain;
  will.payload = payload(Payload{.bytes = 0, .text = plan.payload}, stamp);
  if (plan.delay > std::chrono::seconds::zero())
    will.properties.add(PropertyId::will_delay_interval,
                        static_cast<std::uint32_t>(plan.delay.count()));
  return will;
}

Bytes Workload::payload(const Payload& plan, const trace::Stamp& stamp) const {
  std::string text = to_text(stamp);
  if (!plan.text.empty()) text += " " + expand(plan.text, id_, stamp.number);
  if (text.size() < plan.bytes) text.append(plan.bytes - text.size(), '.');
  return Bytes::copy(text);
}

}  // namespace mq::scenario
