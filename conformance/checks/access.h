// Nobody gets what they may not read, and nothing comes from who may not publish it: as the users
// of the scenario say, whatever the broker was asked for. Serves 5.4.2 of both standards, which
// leaves to the broker what it lets whom do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/tally.h"

namespace mq::checks {

class AccessCheck final : public Check {
 public:
  // `fleet` outlives it and has observed every event before it.
  explicit AccessCheck(Fleet& fleet);

  void observe(const trace::Event& event) override;
  std::vector<Finding> finish(Instant end) override;

 private:
  enum class May : std::uint8_t { unknown, yes, no };
  // Filters that some clients have in common, and what follows from them, by TopicId.
  struct Rights {
    std::vector<std::string> filters;
    std::vector<May> known;
  };
  static constexpr std::size_t all = static_cast<std::size_t>(-1);

  std::size_t rights_of(const std::optional<std::vector<std::string>>& filters);
  bool may(std::size_t rights, TopicId topic);

  Fleet& fleet_;
  std::vector<Rights> rights_;               // few: of users
  std::vector<std::size_t> reads_, writes_;  // by client: positions in rights_, or all
  Tally tally_;
};

}  // namespace mq::checks
