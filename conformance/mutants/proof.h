// Whether the cases see a fault: for each statement that it breaks, a case that names it must fail.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "conformance/mutants/fault.h"
#include "conformance/runner/library.h"

namespace mq::conformance {

std::vector<std::string> statements_of(const Fault& fault);

class Proof {
 public:
  explicit Proof(const Library& library);

  // By statement that the fault breaks: the first case that fails with it, or nothing.
  std::map<std::string, std::string> of_fault(std::size_t number) const;
  // The cases that no fault of their statements makes fail: nothing shows that they can.
  std::vector<const Case*> never_failing() const;

 private:
  std::map<std::string, std::vector<const Case*>> cases_;  // by statement
};

}  // namespace mq::conformance
