#include "scenarios/engine/rest_device.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace mq::scenario {
namespace {

using transport::HttpFault;
using transport::HttpMessage;
using transport::HttpReader;

// As our client of MQTT waits between its attempts at the broker.
constexpr Duration first_wait = std::chrono::seconds(1);
constexpr Duration longest_wait = std::chrono::minutes(1);

std::string_view reason_of(trace::CloseCause cause) {
  switch (cause) {
    case trace::CloseCause::reset:
      return "connection reset";
    case trace::CloseCause::timed_out:
      return "connection timed out";
    case trace::CloseCause::refused:
      return "connection refused";
    default:
      return "connection ended";
  }
}

HttpMessage request_of(const RestPlan& plan, std::string method, std::string path) {
  HttpMessage request{.method = std::move(method),
                      .target = std::move(path),
                      .fields = {{"Host", site_name}, {"User-Agent", "mqttlab"}, {"Accept", "*/*"}},
                      .keeps_connection = plan.keeps_connection};
  if (plan.token_bytes > 0)
    request.fields.emplace_back("Authorization", "Bearer " + std::string(plan.token_bytes, 'a'));
  return request;
}

}  // namespace

RestDevice::RestDevice(FleetContext& fleet, const GroupPlan& group, std::string id,
                       trace::ClientIndex index, sim::DeviceId place, Rng rng)
    : fleet_(fleet),
      group_(group),
      plan_(*group.rest),
      id_(std::move(id)),
      index_(index),
      place_(place),
      start_(Instant{} + group.start +
             Duration(static_cast<Duration::rep>(static_cast<double>(group.start_spread.count()) *
                                                 rng.child("start").unit()))),
      workload_(plan_.put, id_, index, rng.child("workload"), start_,
                std::min(fleet.storm_ends, Instant{} + group.stop.value_or(Duration::max()))),
      connection_(fleet, place, group.transport, rng.child("connections"), *this),
      wait_(first_wait) {
  for (const PublishPlan& put : plan_.put) {
    const std::string path = expand(put.topic, id_, 0);
    const auto is_same = [&](const Errand& errand) { return errand.path == path; };
    if (std::none_of(errands_.begin(), errands_.end(), is_same)) errands_.push_back({path});
  }
  Rng clocks = rng.child("clocks");
  for (const GetPlan& get : plan_.get) {
    const auto drawn = clocks.below(static_cast<std::uint64_t>(get.every.count()));
    errands_.push_back(
        {expand(get.path, id_, 0), &get, start_ + Duration(static_cast<Duration::rep>(drawn))});
  }
}

void RestDevice::begin() { arm(); }

void RestDevice::switch_off() {
  if (times_off_++ > 0) return;
  fleet_.world.break_connections(place_, sim::World::Break::forgotten);
  forget_connection();
  again_at_.reset();
  wait_ = first_wait;
  to_run_.clear();
  for (Errand& errand : errands_) {
    errand.is_open = false;
    errand.newest.reset();
    errand.known.reset();
    errand.tag.clear();
  }
}

void RestDevice::switch_on() {
  if (--times_off_ > 0) return;
  const Instant now = fleet_.world.now();
  workload_.skip(now);
  for (Errand& errand : errands_)
    if (errand.next && *errand.next < now) errand.next = now;
  work();
}

// ---- What there is to do

// Everything that is due now, then the next timer.
void RestDevice::work() {
  if (times_off_ > 0 || has_left_) return;
  const Instant now = fleet_.world.now();
  take_values();
  for (std::size_t at = 0; at < errands_.size(); ++at) {
    Errand& errand = errands_[at];
    if (!errand.next || *errand.next > now) continue;
    *errand.next += errand.get->every;
    want(at);
  }
  if (gives_up_at_ && now >= *gives_up_at_) came_to_nothing("no answer in time", Again::later);
  if (linger_until_ && now >= *linger_until_) forget_connection();
  if (group_.stop && now >= Instant{} + *group_.stop) leave();
  if (again_at_ && now >= *again_at_) again_at_.reset();
  if (!to_run_.empty() && !again_at_) run_errand();
  arm();
}

void RestDevice::take_values() {
  while (auto due = workload_.publish(fleet_.world.now())) {
    fleet_.tracer.record(trace::ValueTaken{index_, due->stamp, due->message.topic});
    const auto errand = std::find_if(errands_.begin(), errands_.end(), [&](const Errand& one) {
      return one.get == nullptr && one.path == due->message.topic;
    });
    errand->newest = due->stamp;
    errand->value = std::move(due->message.payload);
    want(static_cast<std::size_t>(errand - errands_.begin()));
  }
}

void RestDevice::want(std::size_t errand) {
  if (std::exchange(errands_[errand].is_open, true)) return;
  to_run_.push_back(errand);
}

void RestDevice::leave() {
  has_left_ = true;
  to_run_.clear();
  if (connection_.is_up())
    close();
  else
    forget_connection();
}

std::optional<Instant> RestDevice::next_due() const {
  std::optional<Instant> next = workload_.next_publish();
  const auto consider = [&next](std::optional<Instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (const Errand& errand : errands_) consider(errand.next);
  consider(gives_up_at_);
  consider(again_at_);
  consider(linger_until_);
  if (group_.stop) consider(Instant{} + *group_.stop);
  return next;
}

// An earlier timer is left alone: it wakes us for nothing and costs less than two changes.
void RestDevice::arm() {
  if (times_off_ > 0) return;
  const auto due = has_left_ ? linger_until_ : next_due();
  if (!due) return;
  const Instant at = std::max(*due, fleet_.world.now());
  if (timer_ != sim::TimerId::none) {
    if (timer_at_ <= at) return;
    fleet_.world.cancel(timer_);
  }
  timer_at_ = at;
  timer_ = fleet_.world.call_device_at(place_, at, [this] {
    timer_ = sim::TimerId::none;
    if (has_left_) return forget_connection();
    work();
  });
}

// ---- One request

void RestDevice::run_errand() {
  if (is_asking_ || linger_until_) return;
  const Instant now = fleet_.world.now();
  if (!connection_.is_there()) {
    gives_up_at_ = now + plan_.timeout;
    connection_.open({index_, ++connection_number_}, {place_of(*this)});
  } else if (is_open_) {
    if (!gives_up_at_) gives_up_at_ = now + plan_.timeout;
    ask(errands_[to_run_.front()]);
  }
}

void RestDevice::ask(const Errand& errand) {
  HttpMessage request = request_of(plan_, errand.get != nullptr ? "GET" : "PUT", errand.path);
  if (errand.get == nullptr) {
    request.fields.emplace_back("Content-Type", "text/plain");
    request.body = errand.value.text();
    given_ = errand.newest;
  } else if (errand.get->if_changed && !errand.tag.empty()) {
    request.fields.emplace_back("If-None-Match", errand.tag);
  }
  is_asking_ = true;
  Bytes bytes = Bytes::copy(to_text(request));
  fleet_.tracer.record(
      trace::HttpSeen{{index_, connection_number_}, trace::End::client, true, bytes.span()});
  connection_.send(std::move(bytes));
  connection_.flush();
}

void RestDevice::answered(const HttpMessage& answer) {
  Errand& errand = errands_[to_run_.front()];
  const std::size_t position = to_run_.front();
  to_run_.pop_front();
  errand.is_open = false;
  is_asking_ = false;
  has_served_ = true;
  gives_up_at_.reset();
  wait_ = first_wait;
  if (errand.get != nullptr)
    take(errand, answer);
  else if (answer.status / 100 != 2)
    refused(answer.status);
  if (errand.get == nullptr && errand.newest != given_) want(position);  // a newer one meanwhile
  if (!plan_.keeps_connection || !answer.keeps_connection) close();
  work();
}

void RestDevice::take(Errand& errand, const HttpMessage& answer) {
  if (answer.status == 200) {
    errand.known = trace::stamp_of(answer.body);
    errand.tag = answer.field("ETag");
  } else if (answer.status == 404) {
    errand.known.reset();
    errand.tag.clear();
  } else if (answer.status != 304) {
    return refused(answer.status);
  }
  fleet_.tracer.record(trace::ValueRead{index_, errand.known, errand.path});
}

void RestDevice::refused(unsigned status) {
  const std::string reason =
      std::to_string(status) + " " + std::string(transport::reason_of(status));
  fleet_.tracer.record(trace::HttpFailed{{index_, connection_number_}, reason});
}

void RestDevice::came_to_nothing(std::string_view reason, Again again) {
  fleet_.tracer.record(trace::HttpFailed{{index_, connection_number_}, reason});
  forget_connection();
  if (again == Again::at_once) return;
  again_at_ = fleet_.world.now() + wait_;
  wait_ = std::min(2 * wait_, longest_wait);
}

// ---- The connection

void RestDevice::opened() {
  is_open_ = true;
  reader_ = HttpReader(HttpReader::Of::answers);
  work();
}

void RestDevice::received(std::span<const std::byte> bytes) {
  reader_.feed(bytes);
  while (is_open_) {
    const auto next = reader_.next();
    if (std::holds_alternative<HttpReader::NeedsMore>(next)) return;
    if (const auto* fault = std::get_if<HttpFault>(&next)) {
      came_to_nothing(fault->why, Again::later);
      return work();
    }
    fleet_.tracer.record(
        trace::HttpSeen{{index_, connection_number_}, trace::End::client, false, reader_.wire()});
    if (is_asking_) answered(std::get<HttpMessage>(next));
  }
}

void RestDevice::close() {
  is_open_ = false;
  linger_until_ = fleet_.world.now() + linger;
  connection_.close();
}

void RestDevice::leaving() {
  is_open_ = false;
  linger_until_ = fleet_.world.now() + linger;
  arm();
}

// A server may close what it had kept open just when it is asked again: that is nobody's fault.
void RestDevice::ended(trace::CloseCause cause) {
  if (gives_up_at_)
    came_to_nothing(reason_of(cause), has_served_ ? Again::at_once : Again::later);
  else
    forget_connection();
  work();
}

void RestDevice::forget_connection() {
  connection_.drop();
  is_open_ = is_asking_ = has_served_ = false;
  gives_up_at_.reset();
  linger_until_.reset();
}

}  // namespace mq::scenario
