// Whatever bytes a file has: a plan or problems, never a crash, and a plan always has a run_info.
// Seeds: scenarios/*.yaml and scenarios/language/bad.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/ensure.h"
#include "scenarios/language/parse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mq::scenario;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = parse(text, "fuzz.yaml");
  if (const auto* problems = std::get_if<Problems>(&parsed)) {
    mq::ensure(!problems->empty(), "a refusal says why");
    for (const Problem& problem : *problems) {
      mq::ensure(problem.line >= 1 && problem.column >= 1, "a place counts from 1");
      mq::ensure(problem.text.find('\033') == std::string::npos, "nothing moves the cursor");
    }
    return 0;
  }
  const Plan& plan = std::get<Plan>(parsed);
  std::size_t clients = 0;
  for (const GroupPlan& group : plan.groups) clients += group.count;
  if (clients < 1'000) mq::ensure(run_info(plan).clients.size() == clients, "all are there");
  return 0;
}
