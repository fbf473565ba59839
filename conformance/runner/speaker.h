// Sends what a script says: fills in the fields that it leaves out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "conformance/runner/links.h"
#include "conformance/runner/restraint.h"
#include "conformance/runner/values.h"
#include "conformance/runner/wire.h"

namespace mq::conformance {

class Speaker {
 public:
  Speaker(const Case& one, const Surroundings& around, const Endurance& endurance, Links& links,
          Values& values)
      : version_(one.version),
        around_(around),
        restraint_(one, around.abilities),
        endurance_(endurance),
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
  std::string why_not(const std::string& name, std::span<const std::byte> bytes, Version version);
  void connect_defaults(const std::string& name, Version version, std::vector<Filled>& fields);
  void reasons_default(const std::string& name, Kind kind, std::vector<Filled>& fields);
  void id_default(const Step& step, std::vector<Filled>& fields);

  const Version version_;
  const Surroundings& around_;
  const Restraint restraint_;
  const Endurance& endurance_;
  Links& links_;
  Values& values_;
  std::uint64_t last_qos_ = 0;
  std::string refrained_;
};

}  // namespace mq::conformance
