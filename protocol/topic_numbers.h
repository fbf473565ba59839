// The topic aliases that a sender uses on one connection (5.0, 3.3.2.3.4): numbers that stand for
// topics it has sent. First come, first served, because who sends more topics than there are
// numbers gains little from any choice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mq {

class TopicNumbers {
 public:
  // Below, the alias takes as many bytes as the topic.
  static constexpr std::size_t pays_from = 4;

  struct Choice {
    std::uint16_t alias = 0;  // 0: none
    bool is_known = false;    // to the receiver: the topic is left out
  };
  // For a receiver who grants numbers up to `maximum`.
  Choice choose(std::string_view topic, std::uint16_t maximum) const {
    if (maximum == 0 || topic.size() < pays_from) return {};
    if (const auto at = numbers_.find(topic); at != numbers_.end()) return {at->second, true};
    return {numbers_.size() < maximum ? next() : std::uint16_t{0}, false};
  }
  // The receiver is told of the choice: the packet with the topic goes out next.
  void tell(std::string_view topic) { numbers_.emplace(std::string(topic), next()); }

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::uint16_t next() const { return static_cast<std::uint16_t>(numbers_.size() + 1); }

  std::unordered_map<std::string, std::uint16_t, TextHash, std::equal_to<>> numbers_;
};

}  // namespace mq
