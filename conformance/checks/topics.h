// Topic names and filters by number, and which matches which: each pair is compared once, when the
// later of the two turns up, and never again.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mq::checks {

enum class TopicId : std::uint32_t {};
enum class FilterId : std::uint32_t {};

class Topics {
 public:
  TopicId topic(std::string_view name);
  FilterId filter(std::string_view text);

  const std::string& name(TopicId topic) const { return topics_[index(topic)].name; }
  const std::string& text(FilterId filter) const { return filters_[index(filter)].text; }
  bool is_shared(FilterId filter) const { return filters_[index(filter)].shared; }
  // Ascending.
  const std::vector<FilterId>& filters_of(TopicId topic) const {
    return topics_[index(topic)].filters;
  }
  const std::vector<TopicId>& topics_of(FilterId filter) const {
    return filters_[index(filter)].topics;
  }
  bool matches(FilterId filter, TopicId topic) const;
  std::size_t topic_count() const { return topics_.size(); }

 private:
  struct Topic {
    std::string name;
    std::vector<FilterId> filters;
  };
  struct Filter {
    std::string text;
    std::string inner;  // without $share/GROUP/
    bool shared = false;
    std::vector<TopicId> topics;
  };
  // Filters with wildcards, level by level.
  struct Node {
    std::map<std::string, std::size_t, std::less<>> children;
    std::vector<FilterId> filters;  // that end here
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class Id>
  static std::size_t index(Id id) {
    return static_cast<std::size_t>(id);
  }
  template <class Id>
  using ByText = boost::unordered_flat_map<std::string, Id, Hash, std::equal_to<>>;

  void insert_wildcard(FilterId filter);
  void collect(std::size_t node, const std::vector<std::string_view>& levels, std::size_t depth,
               std::vector<FilterId>& found) const;

  std::vector<Topic> topics_;
  std::vector<Filter> filters_;
  ByText<TopicId> topic_by_name_;
  ByText<FilterId> filter_by_text_;
  ByText<std::vector<FilterId>> plain_filters_;  // by inner filter, those without wildcards
  std::vector<Node> nodes_ = std::vector<Node>(1);
};

}  // namespace mq::checks
