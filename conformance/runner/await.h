// Whether what a step waits for has come: packets, refusals, ends, silence; in the role client
// connections, and what its application is told. How long is waited is for `play` to decide.
#pragma once

#include <string>

#include "conformance/runner/progress.h"
#include "conformance/runner/scene.h"

namespace mq::conformance {

class Await {
 public:
  explicit Await(Scene& scene) : scene_(scene), links_(scene.links), values_(scene.values) {}

  Progress expectation(const Step& step, Memory& memory);
  Progress any_order(const Step& step, Memory& memory);
  Progress listen(const Step& step, Memory& memory);  // hear, unheard
  Progress accept(const Step& step);

 private:
  Progress of_link(const Step& step, Memory& memory, Link& link);
  Progress packet(const Step& step, Memory& memory, Link& link);
  Progress found(const Step& step, Memory& memory, Link& link, std::size_t at,
                 const Match& matched);
  Progress released(Memory& memory, Link& link);
  Progress nothing(const Step& step, Memory& memory);
  Progress closed(const Step& step, Memory& memory, Link& link, bool may_stay);
  Progress accepted(Memory& memory, Link& link);
  Match try_match(const Step& step, Link& link, std::size_t at);
  std::string wrong_reason(const Step& step, const Packet& packet);
  bool another_takes(const Step& step, const Memory& memory, const Step& one);

  Scene& scene_;
  Links& links_;
  Values& values_;
};

}  // namespace mq::conformance
