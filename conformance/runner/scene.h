// What the parts of a play share: its connections, the application, the values, when it wakes up,
// and which choices the peer has made.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "conformance/runner/application.h"
#include "conformance/runner/endurance.h"
#include "conformance/runner/links.h"
#include "conformance/runner/speaker.h"
#include "conformance/runner/values.h"
#include "conformance/runner/watched.h"

namespace mq::conformance {

struct Scene {
  // `of` outlives this. `round_of` says which round of a repeat it is.
  Scene(const Case& of, Surroundings surroundings, std::function<std::uint64_t()> round_of)
      : one(of),
        around(std::move(surroundings)),
        watched(of, around.slack),
        endurance(of, around.abilities),
        links(of, watched, endurance,
              needs(of, "websocket") ? std::optional(around.web_socket) : std::nullopt),
        values(around, links, std::move(round_of)),
        speaker(of, around, endurance, links, values) {}
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  const Case& one;
  const Surroundings around;
  WatchedPeer watched;
  Endurance endurance;
  Links links;
  Application application;
  Values values;
  Speaker speaker;
  std::optional<Instant> wake;
  std::vector<std::string> choices;

  // Whether it is `when` already; else the play wakes up then.
  bool until(Instant when) {
    if (links.now >= when) return true;
    wake = wake ? std::min(*wake, when) : when;
    return false;
  }

  void chose(const std::string& what) {
    choices.push_back(what);
    links.note("", "choice: " + what);
  }
};

}  // namespace mq::conformance
