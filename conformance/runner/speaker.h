// Sends what a script says: fills in the fields that it leaves out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conformance/runner/links.h"
#include "conformance/runner/values.h"
#include "conformance/runner/wire.h"

namespace mq::conformance {

class Speaker {
 public:
  Speaker(Version version, const Surroundings& around, Links& links, Values& values)
      : version_(version), around_(around), links_(links), values_(values) {}

  void send(const Step& step);
  void send_bytes(const Step& step);
  void answer(const std::string& name, Kind kind, std::uint16_t id);  // an acknowledgement

  std::uint64_t last_qos() const { return last_qos_; }  // of the last PUBLISH

 private:
  Version version_of(const Step& step, const std::vector<Filled>& fields);
  void connect_defaults(const std::string& name, std::vector<Filled>& fields);
  void reasons_default(const std::string& name, Kind kind, std::vector<Filled>& fields);
  void id_default(const Step& step, std::vector<Filled>& fields);

  const Version version_;
  const Surroundings& around_;
  Links& links_;
  Values& values_;
  std::uint64_t last_qos_ = 0;
};

}  // namespace mq::conformance
