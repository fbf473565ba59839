// Sends what a script says: fills in the fields that it leaves out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conformance/runner/links.h"
#include "conformance/runner/restraint.h"
#include "conformance/runner/values.h"
#include "conformance/runner/wire.h"

namespace mq::conformance {

class Speaker {
 public:
  Speaker(const Case& one, const Surroundings& around, Links& links, Values& values)
      : version_(one.version),
        around_(around),
        restraint_(one, around.abilities),
        links_(links),
        values_(values) {}

  void send(const Step& step);
  void send_bytes(const Step& step);
  void answer(const std::string& name, Kind kind, std::uint16_t id);  // an acknowledgement

  // Why something was not sent after all: the target takes no such packets.
  const std::string& refrained() const { return refrained_; }

  std::uint64_t last_qos() const { return last_qos_; }  // of the last PUBLISH

 private:
  Version version_of(const Step& step, const std::vector<Filled>& fields);
  void connect_defaults(const std::string& name, std::vector<Filled>& fields);
  void reasons_default(const std::string& name, Kind kind, std::vector<Filled>& fields);
  void id_default(const Step& step, std::vector<Filled>& fields);

  const Version version_;
  const Surroundings& around_;
  const Restraint restraint_;
  Links& links_;
  Values& values_;
  std::uint64_t last_qos_ = 0;
  std::string refrained_;
};

}  // namespace mq::conformance
