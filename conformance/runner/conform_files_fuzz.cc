// Any text as one of the files that people write for `conform`: cases, expectations, a target. They
// are taken, or refused with a place for every fault; what was taken can be used.
#include <cstdint>
#include <string_view>

#include "base/ensure.h"
#include "base/overloaded.h"
#include "conformance/runner/expectations.h"
#include "conformance/runner/parse.h"
#include "conformance/runner/statements.h"
#include "conformance/runner/target_file.h"

namespace mq::conformance {
namespace {

void check(const scenario::Problems& problems) {
  for (const scenario::Problem& problem : problems) {
    ensure(problem.line >= 1 && problem.column >= 1, "a place counts from 1");
    for (const char c : problem.text)
      ensure(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t' || c == '\r',
             "nothing moves the cursor");
  }
}

void cases(std::string_view text) {
  std::vector<Case> found;
  check(read_cases({"fuzz.cases", std::string(text)}, found));
  for (const Case& one : found) ensure(!one.id.empty(), "a case has a name");
}

void expectations(std::string_view text) {
  Expectations found;
  const scenario::Problems problems = read_expectations(text, found);
  check(problems);
  if (!problems.empty()) return;
  // What is written anew can be read, and says the same.
  Expectations again;
  ensure(read_expectations(updated(found, {}), again).empty(), "what we write we can read");
  ensure(again.cases.size() == found.cases.size(), "nothing is lost on the way");
}

}  // namespace
}  // namespace mq::conformance

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mq::conformance;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      cases(text);
      break;
    case 1:
      expectations(text);
      break;
    default: {
      Target target;
      check(read_target(text, "/nowhere", target));
    }
  }
  return 0;
}
