#include "scenarios/engine/device.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"
#include "base/overloaded.h"

namespace mq::scenario {
namespace {

client::Settings settings_of(const GroupPlan& group, Version version, const std::string& id,
                             client::Fault fault) {
  client::Settings settings;
  settings.version = version;
  settings.client_id = id;
  settings.clean_start = group.clean_start;
  settings.session_expiry = version == Version::v5 ? group.session_expiry : 0;
  settings.keep_alive = group.keep_alive;
  if (group.receive_maximum) settings.limits.receive_maximum = *group.receive_maximum;
  if (!group.user_name.empty()) {
    settings.user_name = group.user_name;
    settings.password = Bytes::copy(group.password);
  }
  settings.fault = fault;
  return settings;
}

// The client gives an order's handle back with its outcome: it carries the message's number and
// QoS.
client::Handle handle_of(const trace::Stamp& stamp, Qos qos) {
  return client::Handle{stamp.number << 2 | static_cast<std::uint64_t>(qos)};
}
Qos qos_of(client::Handle handle) {
  return static_cast<Qos>(static_cast<std::uint64_t>(handle) & 3);
}
std::uint64_t number_of(client::Handle handle) { return static_cast<std::uint64_t>(handle) >> 2; }

std::string_view reason_text(client::Completed::Outcome outcome) {
  switch (outcome) {
    case client::Completed::Outcome::not_connected:
      return "not connected";
    case client::Completed::Outcome::queue_full:
      return "queue full";
    case client::Completed::Outcome::too_large:
      return "too large";
    case client::Completed::Outcome::expired:
      return "expired";
    default:
      return "refused";
  }
}

}  // namespace

Device::Device(FleetContext& fleet, const GroupPlan& group, Version version, std::string id,
               trace::ClientIndex index, sim::DeviceId place, Rng rng)
    : fleet_(fleet),
      group_(group),
      version_(version),
      id_(id),
      index_(index),
      place_(place),
      start_(Instant{} + group.start +
             Duration(static_cast<Duration::rep>(static_cast<double>(group.start_spread.count()) *
                                                 rng.child("start").unit()))),
      workload_(group.publish, id, index, rng.child("workload"), start_,
                std::min(fleet.storm_ends, Instant{} + group.stop.value_or(Duration::max()))),
      lives_(rng.child("lives")),
      core_(settings_of(group, version, id, fleet.fault), rng.child("client")),
      connection_(fleet, place, group.transport, rng.child("connections"), *this) {
  if (group.stop) stop_ = Instant{} + *group.stop;
  for (const SubscribePlan& plan : group.subscribe)
    subscriptions_.push_back({&plan, expand(plan.filter, id, 0)});
}

void Device::begin() { arm(); }

void Device::wake() {
  timer_ = sim::TimerId::none;
  work();
}

// ---- Faults

// Nothing of the client is left but its store. Its connections end without a word.
void Device::switch_off(bool keeps_store) {
  if (times_off_++ > 0) return;
  const bool lasts = version_ == Version::v5 ? group_.session_expiry > 0 : !group_.clean_start;
  const bool keeps_session = store_ && keeps_store && lasts;
  forget_connection(trace::CloseCause::crashed);
  fleet_.tracer.record(trace::ClientDown{index_, keeps_session});
  if (store_) {
    store_->crash();
    if (!keeps_session) store_.emplace();
  }
  client::Settings settings = settings_of(group_, version_, id_, fleet_.fault);
  // Who has lost its half of a session does not want the broker's, though it be switched off again
  // before it could say so.
  lost_its_half_ = lost_its_half_ || !keeps_session;
  if (lost_its_half_) settings.clean_start = true;
  core_ = client::Client(std::move(settings), lives_.child(std::to_string(++lives_lost_)),
                         keeps_session ? store_->recover() : client::Recovered{});
  for (Subscription& subscription : subscriptions_)
    if (subscription.wish == Wish::asked) subscription.wish = Wish::open;
}

void Device::forget_connection(trace::CloseCause cause) {
  fleet_.world.break_connections(place_, sim::World::Break::forgotten);
  linger_until_.reset();
  if (!connection_.is_there()) return;
  is_in_a_hurry_ = false;
  fleet_.tracer.record(
      trace::LinkClosed{{index_, connection_number_}, trace::End::client, cause, true});
  connection_.drop();
}

void Device::lose_connection() {
  const bool had_one = connection_.is_there();
  forget_connection(trace::CloseCause::timed_out);
  if (had_one) tell(client::LinkDown{});
  arm();
}

void Device::switch_on() {
  if (--times_off_ > 0 || has_left_) return;
  fleet_.tracer.record(trace::ClientUp{index_});
  workload_.skip(fleet_.world.now());
  if (started_) tell(client::Start{});
  work();
}

void Device::set_clock(Duration by) {
  clock_ahead_ += by;
  if (times_off_ > 0) return;
  tell(client::Tick{});  // a system wakes whoever waits for its clock
  arm();
}

void Device::reconnect() {
  if (times_off_ > 0 || !started_ || has_left_) return;
  fleet_.world.break_connections(place_, sim::World::Break::reset);
  if (connection_.is_up())
    is_in_a_hurry_ = true;
  else if (!connection_.is_connecting())
    connect_again();
}

void Device::connect_again() {
  tell(client::StopOrder{});
  tell(client::Start{});
  arm();
}

void Device::publish_now(const Push& push) {
  if (times_off_ > 0) return;
  publish(workload_.push(push));
  arm();
}

void Device::publish(Workload::Due due) {
  fleet_.tracer.record(trace::Attempted{index_, due.stamp, due.message.topic, due.message.qos,
                                        due.message.retain, due.message.payload.size()});
  const client::Handle handle = handle_of(due.stamp, due.message.qos);
  tell(client::PublishOrder{handle, std::move(due.message)});
}

std::optional<Instant> Device::core_deadline() const {
  const auto deadline = core_.deadline();
  return deadline ? std::optional(*deadline - clock_ahead_) : std::nullopt;
}

// ---- The course of its life

// Everything that is due now, then the next timer.
void Device::work() {
  if (times_off_ > 0) return;
  const Instant now = fleet_.world.now();
  if (!started_ && now >= start_) {
    started_ = true;
    tell(client::Start{});
  }
  if (stop_ && now >= *stop_) {
    stop_.reset();
    has_left_ = true;
    // Without a connection it cannot say goodbye; nobody comes back for what it had.
    if (!core_.connected()) fleet_.tracer.record(trace::ClientDown{index_, false});
    tell(client::StopOrder{});
  }
  while (auto due = workload_.publish(now)) publish(std::move(*due));
  subscribe_what_is_due();
  if (linger_until_ && now >= *linger_until_) link_is_down(trace::CloseCause::reset, true);
  if (auto deadline = core_deadline(); deadline && now >= *deadline) tell(client::Tick{});
  arm();
}

void Device::subscribe_what_is_due() {
  if (!core_.connected()) return;
  const Instant now = fleet_.world.now();
  client::SubscribeOrder order{client::Handle{next_subscribe_handle_}, {}, {}};
  for (Subscription& subscription : subscriptions_) {
    if (subscription.wish != Wish::open || now < Instant{} + subscription.plan->at) continue;
    subscription.wish = Wish::asked;
    subscription.asked_by = order.handle;
    order.entries.push_back({subscription.filter, subscription.plan->options});
  }
  if (order.entries.empty()) return;
  ++next_subscribe_handle_;
  tell(order);
}

std::optional<Instant> Device::next_due() const {
  std::optional<Instant> next = core_deadline();
  auto consider = [&next](std::optional<Instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  if (!started_) consider(start_);
  consider(stop_);
  consider(linger_until_);
  consider(workload_.next_publish());
  if (core_.connected())
    for (const Subscription& subscription : subscriptions_)
      if (subscription.wish == Wish::open) consider(Instant{} + subscription.plan->at);
  return next;
}

// An earlier timer is left alone: it wakes us for nothing and costs less than two changes.
void Device::arm() {
  if (times_off_ > 0) return;
  const auto due = next_due();
  if (!due) return;
  const Instant at = std::max(*due, fleet_.world.now());
  if (timer_ != sim::TimerId::none) {
    if (timer_at_ <= at) return;
    fleet_.world.cancel(timer_);
  }
  timer_at_ = at;
  timer_ = fleet_.world.call_device_at(place_, at, [this] { wake(); });
}

// Outputs may lead to further inputs: the outermost call performs them all, in order.
void Device::tell(const client::Input& input) {
  core_.handle(input, clock());
  if (performing_) return;
  performing_ = true;
  while (auto output = core_.poll()) perform(*output);
  performing_ = false;
  if (connection_.is_up()) connection_.flush();
}

void Device::perform(client::Output& output) {
  std::visit(
      overloaded{
          [&](client::OpenLink&) { open_link(); },
          [&](client::SendBytes& send) {
            if (!connection_.is_up()) return;
            tap_->sent(send.bytes.span());
            connection_.send(std::move(send.bytes));
          },
          [&](client::CloseLink& close) { close_link(close.because); },
          // What is stored is stored at once.
          [&](client::Persist& persist) {
            const std::uint64_t sequence = persist.sequence;
            if (store_) {
              store_->append(persist);
              store_->commit();
            }
            tell(client::Persisted{sequence});
          },
          [&](client::Connected& connected) { on_connected(connected); },
          [&](client::Refused&) {},
          [&](client::Disconnected&) {},
          [&](client::Message& message) {
            fleet_.tracer.record(trace::Delivered{{index_, connection_number_}, &message.publish});
          },
          [&](client::Completed& completed) { on_completed(completed); },
          [&](client::Subscribed& subscribed) { on_subscribed(subscribed); },
          [&](client::Unsubscribed&) {},
          [&](client::Reauthenticated&) {},
          [&](client::Stopped&) {},
      },
      output);
}

void Device::open_link() {
  ++connection_number_;
  close_ordered_ = false;
  if (group_.will) tell(client::WillOrder{workload_.will(*group_.will, connection_number_)});
  const trace::Connection connection{index_, connection_number_};
  fleet_.tracer.record(trace::LinkOpening{connection});
  connection_.open(connection, {place_of(*this), core_.memory()});
}

void Device::received(std::span<const std::byte> bytes) {
  tap_->received(bytes);
  tell(client::BytesIn{bytes});
  work();
}

void Device::leaving() {
  linger_until_ = fleet_.world.now() + linger;
  arm();
}

void Device::opened() {
  const trace::Connection connection{index_, connection_number_};
  fleet_.tracer.record(trace::LinkOpened{connection, trace::End::client});
  tap_.emplace(fleet_.tracer, connection, trace::End::client);
  tell(client::LinkUp{});
  work();
}

void Device::link_is_down(trace::CloseCause cause, bool by_us) {
  linger_until_.reset();
  fleet_.tracer.record(
      trace::LinkClosed{{index_, connection_number_}, trace::End::client, cause, by_us});
  connection_.drop();
  tell(client::LinkDown{});
  if (std::exchange(is_in_a_hurry_, false)) connect_again();
  arm();
}

// A peer that is silent or broke a rule is not waited for: its send buffer may never empty.
void Device::close_link(Rule because) {
  close_ordered_ = true;
  if (connection_.is_up() && because == Rule::none) {
    linger_until_ = fleet_.world.now() + linger;
    connection_.close();
    return;
  }
  if (connection_.is_up()) connection_.flush();
  link_is_down(because == Rule::none ? trace::CloseCause::closed : trace::CloseCause::timed_out,
               true);
}

void Device::on_connected(const client::Connected& connected) {
  lost_its_half_ = false;
  if (!connected.conn_ack.session_present)
    for (Subscription& subscription : subscriptions_)
      if (subscription.wish != Wish::asked) subscription.wish = Wish::open;
  subscribe_what_is_due();
}

void Device::on_completed(const client::Completed& completed) {
  using Outcome = client::Completed::Outcome;
  const trace::Stamp stamp{trace::Stamp::Origin::publish, index_, number_of(completed.handle)};
  switch (completed.outcome) {
    case Outcome::acknowledged:
      if (qos_of(completed.handle) == Qos::at_most_once) break;  // nobody acknowledges QoS 0
      [[fallthrough]];
    case Outcome::refused:
      fleet_.tracer.record(trace::Acknowledged{index_, stamp, completed.reason});
      break;
    case Outcome::not_connected:
    case Outcome::queue_full:
    case Outcome::too_large:
    case Outcome::expired:
      fleet_.tracer.record(trace::NotSent{index_, stamp, reason_text(completed.outcome)});
      break;
    case Outcome::received:
    case Outcome::session_lost:
      break;
  }
}

void Device::on_subscribed(const client::Subscribed& subscribed) {
  std::size_t answer = 0;
  for (Subscription& subscription : subscriptions_) {
    if (subscription.wish != Wish::asked || subscription.asked_by != subscribed.handle) continue;
    const bool granted = answer < subscribed.reasons.size() && !failed(subscribed.reasons[answer]);
    ++answer;
    subscription.wish = granted ? Wish::granted : Wish::refused;
  }
}

}  // namespace mq::scenario
