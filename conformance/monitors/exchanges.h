// What a session has under way: the exchanges that the watched side began, and the answers that it
// owes. Both hold at most one entry per packet identifier and kind; nothing is kept of what is
// done. Nearly always these are one or two, which lie in the object itself: a fleet's state is far
// larger than a cache, and each list of its own would be one more place to fetch.
#pragma once

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/time.h"
#include "protocol/packet.h"

namespace mq::monitors {

// The watched side sent it, and it is not finished.
struct Open {
  enum class State : std::uint8_t { publish, pub_rec_heard, pub_rel, request };
  std::uint32_t order = 0;       // of its first time, in the session
  std::uint32_t print = 0;       // of the payload: the same message or another
  std::uint32_t connection = 0;  // on which it was sent last
  State state = State::publish;
  Qos qos = Qos::at_least_once;
};

class OpenExchanges {
 public:
  static constexpr std::size_t few_max = 8;  // more than so many are looked up by hash

  bool contains(PacketId id) const { return find(id) != nullptr; }
  Open* find(PacketId id) { return const_cast<Open*>(std::as_const(*this).find(id)); }
  const Open* find(PacketId id) const {
    if (many_) [[unlikely]] {
      const auto found = many_->find(id);
      return found == many_->end() ? nullptr : &found->second;
    }
    for (const Entry& one : few_)
      if (one.id == id) return &one.open;
    return nullptr;
  }
  // In place of what there is.
  void set(PacketId id, const Open& open) {
    if (Open* const known = find(id)) {
      *known = open;
    } else if (many_ || few_.size() == few_max) [[unlikely]] {
      many().emplace(id, open);
    } else {
      few_.push_back({id, open});
    }
  }
  void erase(PacketId id) {
    if (many_) [[unlikely]] {
      many_->erase(id);
      return;
    }
    erase_if([id](PacketId one, const Open&) { return one == id; });
  }
  template <class Which>  // bool(PacketId, const Open&)
  void erase_if(Which&& which) {
    if (many_) [[unlikely]]
      boost::unordered::erase_if(*many_,
                                 [&](const auto& one) { return which(one.first, one.second); });
    for (std::size_t i = 0; i < few_.size();) {
      if (!which(few_[i].id, few_[i].open)) {
        ++i;
        continue;
      }
      few_[i] = few_.back();
      few_.pop_back();
    }
  }
  template <class Which>  // bool(const Open&)
  std::size_t count_if(Which&& which) const {
    std::size_t count = 0;
    for (const Entry& one : few_) count += which(one.open) ? 1 : 0;
    if (many_)
      for (const auto& [id, open] : *many_) count += which(open) ? 1 : 0;
    return count;
  }
  void clear() {
    few_.clear();
    many_.reset();
  }

 private:
  struct Entry {
    PacketId id;
    Open open;
  };
  using Many = boost::unordered_flat_map<PacketId, Open>;

  // From now on all are there.
  Many& many() {
    if (many_) return *many_;
    many_ = std::make_unique<Many>();
    for (const Entry& one : few_) many_->emplace(one.id, one.open);
    few_.clear();
    return *many_;
  }

  boost::container::small_vector<Entry, 2> few_;
  std::unique_ptr<Many> many_;
};

// The watched side heard something that wants an answer.
struct Owed {
  Kind answer{};
  PacketId packet_id{};
  std::uint16_t filters = 0;  // of SUBSCRIBE and UNSUBSCRIBE
  Instant since;
};

class OwedAnswers {
 public:
  struct Taken {
    Owed owed;
    bool in_order = false;  // no older one of its kind is open
  };
  void add(const Owed& owed);
  std::optional<Taken> take(Kind answer, PacketId packet_id);
  const Owed* oldest() const { return head_ < all_.size() ? &all_[head_] : nullptr; }
  void drop_oldest() { ++head_; }
  bool empty() const { return head_ == all_.size(); }
  void clear();
  std::size_t size() const { return all_.size() - head_; }

 private:
  boost::container::small_vector<Owed, 2> all_;  // in the order in which they came
  std::size_t head_ = 0;
};

// Of the first bytes of a payload and its size: enough to tell a message from the next one.
std::uint32_t print_of(const Publish& publish);

}  // namespace mq::monitors
