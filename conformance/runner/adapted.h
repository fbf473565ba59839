// A broker of this machine that is started for the run, as its adapter file says (peers/).
#pragma once

#include <memory>
#include <string>

#include "conformance/runner/target.h"
#include "peers/adapter.h"

namespace mq::conformance {

// What is known of such a broker without asking it.
void describe(const peers::Adapter& adapter, Target& target);

class Adapted {
 public:
  // Starts it and adds to `target` where it is and what is known of it. Throws peers::AdapterError,
  // peers::PeerError, std::system_error.
  Adapted(const std::string& name_or_file, Target& target);
  ~Adapted();  // ends it

 private:
  struct Started;
  std::unique_ptr<Started> started_;
};

}  // namespace mq::conformance
