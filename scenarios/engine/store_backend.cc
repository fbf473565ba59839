#include "scenarios/engine/store_backend.h"

#include <algorithm>
#include <iterator>
#include <variant>

namespace mq::scenario {
namespace {

using sim::BackendLink;
using transport::HttpFault;
using transport::HttpMessage;
using transport::HttpReader;

// Those of the broker are below it.
constexpr std::uint64_t first_of_ours = std::uint64_t{1} << 62;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

StoreBackend::StoreBackend(sim::BrokerBackend& broker, Tracer& tracer, const StorePlan& plan,
                           Find find)
    : broker_(broker), tracer_(tracer), idle_timeout_(plan.idle_timeout), find_(std::move(find)) {}

bool StoreBackend::is_ours(BackendLink link) {
  return static_cast<std::uint64_t>(link) >= first_of_ours;
}

std::optional<Instant> StoreBackend::start(Instant now) {
  now_ = now;
  return broker_.start(now);
}

std::optional<Instant> StoreBackend::step(Instant now) {
  now_ = now;
  auto deadline = broker_.step(now);
  for (const BackendLink id : std::exchange(asking_, {}))
    if (Link* const link = find(id)) serve(id, *link);
  close_idle();
  if (!closing_.empty() && (!deadline || closing_.begin()->first < *deadline))
    deadline = closing_.begin()->first;
  return deadline;
}

BackendLink StoreBackend::open(const std::string& peer) {
  const auto connection = find_(peer);
  if (!connection) return broker_.open(peer);
  const BackendLink id{first_of_ours + ++last_link_};
  Link& link = *links_.emplace(id, std::make_unique<Link>(Link{*connection})).first->second;
  keep_open(id, link);
  return id;
}

std::size_t StoreBackend::write(BackendLink id, std::span<const std::byte> bytes) {
  if (!is_ours(id)) return broker_.write(id, bytes);
  Link* const link = find(id);
  if (link == nullptr || link->is_over) return bytes.size();
  if (link->is_stalled) return 0;
  link->reader.feed(bytes);
  asking_.push_back(id);
  return bytes.size();
}

void StoreBackend::serve(BackendLink id, Link& link) {
  while (!link.is_over) {
    link.is_stalled = link.answers.size() >= unsent_answer_bytes_max;
    if (link.is_stalled) return;
    auto next = link.reader.next();
    if (std::holds_alternative<HttpReader::NeedsMore>(next)) return;
    keep_open(id, link);
    tell(id, link);
    if (const auto* fault = std::get_if<HttpFault>(&next)) {
      HttpMessage answer = ValueStore::refusal(fault->status, fault->why, now_);
      answer.keeps_connection = false;
      return send(link, answer);
    }
    tracer_.record(trace::HttpSeen{link.connection, trace::End::broker, false, link.reader.wire()});
    send(link, values_.answer(std::get<HttpMessage>(next), now_));
  }
}

void StoreBackend::send(Link& link, const HttpMessage& answer) {
  const std::string text = to_text(answer);
  tracer_.record(trace::HttpSeen{link.connection, trace::End::broker, true, bytes_of(text)});
  link.answers.push(bytes_of(text));
  link.is_over = !answer.keeps_connection;
}

std::size_t StoreBackend::read(BackendLink id, std::span<std::byte> into) {
  if (!is_ours(id)) return broker_.read(id, into);
  Link* const link = find(id);
  if (link == nullptr) return 0;
  const std::size_t count = link->answers.take(into);
  if (count > 0 && !link->is_over) keep_open(id, *link);
  if (link->is_stalled) serve(id, *link);
  if (link->is_known_over && link->answers.empty()) forget(id);
  return count;
}

// Nobody asks any more; what was asked is answered.
void StoreBackend::half_close(BackendLink id) {
  if (!is_ours(id)) return broker_.half_close(id);
  Link* const link = find(id);
  if (link == nullptr) return;
  serve(id, *link);
  link->is_over = true;
  tell(id, *link);
}

void StoreBackend::reset(BackendLink id) {
  if (!is_ours(id)) return broker_.reset(id);
  forget(id);
}

std::vector<sim::BrokerBackend::Ready> StoreBackend::ready() {
  std::vector<Ready> all = broker_.ready();
  std::vector<BackendLink> news = std::exchange(news_, {});
  std::sort(news.begin(), news.end());
  for (const BackendLink id : news) {
    Link* const link = find(id);
    if (link == nullptr) continue;
    link->is_told = true;
    all.push_back({id, !link->answers.empty(), link->is_over, false});
    link->is_known_over = link->is_over;
    if (link->is_over && link->answers.empty()) forget(id);
  }
  return all;
}

void StoreBackend::kill(sim::Crash how) {
  broker_.kill(how);
  links_.clear();
  closing_.clear();
  asking_.clear();
  news_.clear();
}

// Whoever has said half of what he wants is told why he is not waited for.
void StoreBackend::close_idle() {
  while (!closing_.empty() && closing_.begin()->first <= now_) {
    const BackendLink id = closing_.begin()->second;
    closing_.erase(closing_.begin());
    Link& link = *links_.at(id);
    if (link.reader.is_within_message() && !link.is_over) {
      HttpMessage answer = ValueStore::refusal(408, "the request did not come to its end", now_);
      answer.keeps_connection = false;
      send(link, answer);
    }
    link.is_over = true;
    tell(id, link);
  }
}

void StoreBackend::keep_open(BackendLink id, Link& link) {
  closing_.erase({link.closes_at, id});
  link.closes_at = now_ + idle_timeout_;
  closing_.insert({link.closes_at, id});
}

void StoreBackend::tell(BackendLink id, Link& link) {
  if (std::exchange(link.is_told, false)) news_.push_back(id);
}

StoreBackend::Link* StoreBackend::find(BackendLink id) {
  const auto found = links_.find(id);
  return found == links_.end() ? nullptr : found->second.get();
}

void StoreBackend::forget(BackendLink id) {
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  closing_.erase({found->second->closes_at, id});
  links_.erase(found);
}

}  // namespace mq::scenario
