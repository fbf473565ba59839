#include "scenarios/engine/program_device.h"

#include <algorithm>
#include <csignal>
#include <utility>
#include <variant>

namespace mq::scenario {
namespace {

sim::VtimeStart start_of(const GroupPlan& group, const std::string& id, const Rng& rng,
                         std::string output) {
  sim::VtimeStart start;
  start.title = id;
  start.output = std::move(output);
  start.seed = rng.child("program").next();
  start.world_port = ProgramDevice::port;
  start.environment = group.program->environment;
  return start;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

trace::CloseCause cause_of(sim::CloseCause cause) {
  switch (cause) {
    case sim::CloseCause::reset:
      return trace::CloseCause::reset;
    case sim::CloseCause::timed_out:
      return trace::CloseCause::timed_out;
    case sim::CloseCause::refused:
      return trace::CloseCause::refused;
    case sim::CloseCause::closed:
      break;
  }
  return trace::CloseCause::closed;
}

}  // namespace

ProgramDevice::ProgramDevice(sim::World& world, Tracer& tracer, const GroupPlan& group,
                             std::string id, trace::ClientIndex index, sim::DeviceId place, Rng rng,
                             std::string output)
    : world_(world),
      tracer_(tracer),
      group_(group),
      id_(std::move(id)),
      index_(index),
      start_(Instant{} + group.start +
             Duration(static_cast<Duration::rep>(static_cast<double>(group.start_spread.count()) *
                                                 rng.child("start").unit()))),
      client_(world, place, start_of(group, id_, rng, std::move(output)), hears()) {}

ProgramDevice::~ProgramDevice() {
  for (const sim::TimerId timer : timers_) world_.cancel(timer);
}

void ProgramDevice::begin() {
  timers_.push_back(world_.call_at(start_, [this] { start(); }));
  if (group_.stop)
    timers_.push_back(
        world_.call_at(Instant{} + *group_.stop, [this] { client_.signal(SIGTERM); }));
}

void ProgramDevice::start() {
  if (group_.stop && world_.now() >= Instant{} + *group_.stop) return;
  const auto again = group_.program->every;
  if (again) timers_ = {world_.call_at(world_.now() + *again, [this] { start(); })};
  if (client_.is_running() || times_off_ > 0 || !trouble_.empty()) return;
  ++starts_;
  client_.start(command());
}

void ProgramDevice::switch_off() {
  if (times_off_++ > 0) return;
  const bool ran = client_.is_running();
  client_.lose_power();
  under_way_.clear();
  released_later_.clear();
  tracer_.record(trace::ClientDown{index_, false});
  was_cut_off_ = was_cut_off_ || ran;
}

// What is started again and again waits for its turn.
void ProgramDevice::switch_on() {
  if (--times_off_ > 0) return;
  tracer_.record(trace::ClientUp{index_});
  if (std::exchange(was_cut_off_, false) && !group_.program->every) start();
}

// `{stamp}` at the beginning of a payload lets the judges follow the message.
std::vector<std::string> ProgramDevice::command() {
  std::vector<std::string> words;
  const std::string stamp = trace::to_text({trace::Stamp::Origin::publish, index_, starts_});
  const std::string mark = stamp.substr(0, stamp.find('.') + 1);
  for (const std::string& word : group_.program->command) {
    std::string text = replaced(word, "{host}", host);
    text = replaced(std::move(text), "{port}", std::to_string(port));
    text = replaced(std::move(text), "{stamp}", stamp);
    text = replaced(std::move(text), "{mark}", mark);
    words.push_back(expand(text, id_, starts_));
  }
  return words;
}

sim::ExternalClient::Hears ProgramDevice::hears() {
  using trace::Connection;
  return {.opening =
              [this](std::uint32_t number, const std::string& address) {
                connection_ = number;
                tracer_.record(trace::LinkOpening{{index_, number}});
                tracer_.announce(address, {index_, number});
              },
          .opened =
              [this](std::uint32_t number) {
                const Connection connection{index_, number};
                tracer_.record(trace::LinkOpened{connection, trace::End::client});
                auto tap = std::make_unique<PacketTap>(tracer_, connection, trace::End::client);
                tap->tell_of(
                    [this](const Packet& packet, bool sent) { sent ? gave(packet) : got(packet); });
                taps_[number] = std::move(tap);
              },
          .sent =
              [this](std::uint32_t number, std::span<const std::byte> bytes) {
                if (const auto tap = taps_.find(number); tap != taps_.end())
                  tap->second->sent(bytes);
              },
          .received =
              [this](std::uint32_t number, std::span<const std::byte> bytes) {
                if (const auto tap = taps_.find(number); tap != taps_.end())
                  tap->second->received(bytes);
              },
          .closed =
              [this](std::uint32_t number, sim::CloseCause cause, bool by_program) {
                taps_.erase(number);
                tracer_.record(
                    trace::LinkClosed{{index_, number},
                                      trace::End::client,
                                      times_off_ > 0 ? trace::CloseCause::crashed : cause_of(cause),
                                      by_program});
              },
          .ended = [this](const std::string& how) { ++ends_[how]; },
          .failed = [this](const std::string& trouble) { trouble_ = trouble; }};
}

// A packet is about to leave.
void ProgramDevice::gave(const Packet& packet) {
  const auto* publish = std::get_if<Publish>(&packet);
  if (publish == nullptr) return;
  const auto stamp = trace::stamp_of(publish->payload.text());
  if (!stamp || stamp->publisher != index_ || !attempted_.insert(*stamp).second) return;
  tracer_.record(trace::Attempted{index_, *stamp, publish->topic, publish->qos, publish->retain,
                                  publish->payload.size()});
  if (publish->packet_id != PacketId::none) under_way_[publish->packet_id] = *stamp;
}

// A packet has come.
void ProgramDevice::got(const Packet& packet) {
  if (const auto* publish = std::get_if<Publish>(&packet)) return delivered(*publish);
  if (const auto* ack = std::get_if<PubAck>(&packet)) return answered(ack->packet_id, ack->reason);
  if (const auto* comp = std::get_if<PubComp>(&packet))
    return answered(comp->packet_id, comp->reason);
  if (const auto* rec = std::get_if<PubRec>(&packet); rec != nullptr && failed(rec->reason))
    return answered(rec->packet_id, rec->reason);
  if (const auto* release = std::get_if<PubRel>(&packet)) released_later_.erase(release->packet_id);
}

// As a client must: what comes once more under a packet id of QoS 2 is the same message.
void ProgramDevice::delivered(const Publish& publish) {
  if (publish.qos == Qos::exactly_once && !released_later_.insert(publish.packet_id).second) return;
  tracer_.record(trace::Delivered{{index_, connection_}, &publish});
}

void ProgramDevice::answered(PacketId id, ReasonCode reason) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return;
  tracer_.record(trace::Acknowledged{index_, found->second, reason});
  under_way_.erase(found);
}

}  // namespace mq::scenario
