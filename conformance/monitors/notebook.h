// What the monitors have found: per rule how often it was put to the test and broken, and the first
// few breaches with where to look.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "conformance/monitors/watch.h"

namespace mq::monitors {

inline constexpr std::size_t breaches_kept_max = 10;  // per rule, role and version

struct Breach {
  Watch watch{};
  Role role{};
  Version version{};
  std::uint32_t client = 0;      // position in the fleet; in a conformance case: nothing
  std::uint32_t connection = 0;  // of that client
  Instant at;
  std::string text;  // what was seen: `PUBACK id=7 answers nothing`
};

// A rule over one side and one version of the protocol.
struct Count {
  std::uint64_t tried = 0;
  std::uint64_t broken = 0;
};

class Notebook {
 public:
  void tried(Watch watch, Role role, Version version) { ++at(watch, role, version).tried; }
  // Counts, too, that it was put to the test.
  void broken(Breach breach) {
    Count& count = at(breach.watch, breach.role, breach.version);
    ++count.tried;
    ++count.broken;
    ++all_broken_;
    if (count.broken <= breaches_kept_max) breaches_.push_back(std::move(breach));
  }
  // A packet that has these traits was seen: the rules of form about them were put to the test.
  void seen(Role role, Version version, Traits traits) {
    auto& counts = traits_[index(role)][index(version)];
    for (; traits != 0; traits &= traits - 1)
      ++counts[static_cast<std::size_t>(__builtin_ctz(traits))];
  }

  // Of 3.1.1 or 5.0.
  Count count(Watch watch, Role role, Version version) const;
  const std::vector<Breach>& breaches() const { return breaches_; }
  std::uint64_t all_broken() const { return all_broken_; }
  void clear() { *this = Notebook(); }

 private:
  static std::size_t index(Role role) { return static_cast<std::size_t>(role); }
  static std::size_t index(Version version) { return version == Version::v5 ? 1 : 0; }
  Count& at(Watch watch, Role role, Version version) {
    return counts_[index(role)][index(version)][static_cast<std::size_t>(watch)];
  }

  std::array<std::array<std::array<Count, watch_count>, 2>, 2> counts_{};  // role, version
  std::array<std::array<std::array<std::uint64_t, trait_count>, 2>, 2> traits_{};
  std::vector<Breach> breaches_;
  std::uint64_t all_broken_ = 0;
};

}  // namespace mq::monitors
