#include "conformance/runner/verdict.h"

namespace mq::conformance {

const char* name(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "fail";
    case Verdict::non_strict:
      return "non-strict";
    case Verdict::info:
      return "info";
    case Verdict::not_applicable:
      return "n/a";
    case Verdict::known:
      return "known";
    case Verdict::fixed:
      return "fixed";
    case Verdict::error:
      return "error";
    case Verdict::skipped:
      return "skipped";
  }
  return "";
}

}  // namespace mq::conformance
