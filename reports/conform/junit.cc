#include "reports/conform/junit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reports/conform/evidence.h"
#include "reports/html/markup.h"

namespace mq::report {
namespace {

using V = ConformVerdict;

enum class Shown : std::uint8_t { passed, failed, errored, skipped };

Shown shown(V verdict) {
  switch (verdict) {
    case V::fail:
    case V::fixed:
      return Shown::failed;
    case V::error:
      return Shown::errored;
    case V::not_applicable:
    case V::skipped:
    case V::known:
      return Shown::skipped;
    default:
      return Shown::passed;
  }
}

// "TARGET.v5.connect": readers fold at the dots, so the target has none.
std::string class_of(const ConformJudged& one, const ConformResults& results) {
  std::string target = results.target;
  std::replace(target.begin(), target.end(), '.', '_');
  std::string version = one.id.substr(0, one.id.find('/'));
  std::replace(version.begin(), version.end(), '.', '_');
  return target + "." + version + (one.group.empty() ? "" : "." + one.group);
}

// In one line, for lists of failures.
std::string message_of(const ConformJudged& one) {
  const std::string statements = one.statements.empty() ? "" : " (" + one.statements[0] + ")";
  if (one.miss) return "expected " + one.miss->expected + ", got " + one.miss->got + statements;
  return (one.reason.empty() ? std::string(word_of(one.verdict)) : one.reason) + statements;
}

void put_lines(Markup& out, const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out << text.substr(at, end - at) << "\n";
    at = end + 1;
  }
}

void put_case(Markup& out, const ConformJudged& one, const ConformResults& results) {
  out << "    <testcase classname=\"" << class_of(one, results) << "\" name=\"" << one.id << ": "
      << one.title << "\" time=\"" << fmt::format("{:.3f}", seconds(one.took)) << "\">";
  switch (shown(one.verdict)) {
    case Shown::failed:
      out << "<failure type=\"" << std::string(word_of(one.verdict)) << "\" message=\""
          << message_of(one) << "\">";
      put_lines(out, evidence_text(one, results));
      out << "</failure>";
      break;
    case Shown::errored:
      out << "<error type=\"error\" message=\"" << message_of(one) << "\">";
      put_lines(out, evidence_text(one, results));
      out << "</error>";
      break;
    case Shown::skipped:
      out << "<skipped message=\"" << std::string(word_of(one.verdict)) << ": " << one.reason
          << "\"/>";
      break;
    case Shown::passed:
      if (one.verdict != V::pass) {
        out << "<system-out>";
        put_lines(out, evidence_text(one, results));
        out << "</system-out>";
      }
      break;
  }
  out << "</testcase>\n";
}

void put_property(Markup& out, Literal name, const std::string& value) {
  out << "      <property name=\"" << name << "\" value=\"" << value << "\"/>\n";
}

}  // namespace

std::string conform_junit_xml(const ConformResults& results) {
  std::map<Shown, std::uint64_t> counts;
  for (const ConformJudged& one : results.judged) ++counts[shown(one.verdict)];
  const bool is_empty = results.exit_code == 4 || !results.lost.empty() || results.is_interrupted;
  Markup figures;
  figures << "tests=\"" << results.judged.size() + 1 << "\" failures=\"" << counts[Shown::failed]
          << "\" errors=\"" << counts[Shown::errored] + (is_empty ? 1 : 0) << "\" skipped=\""
          << counts[Shown::skipped] << "\" time=\"" << fmt::format("{:.3f}", results.wall_seconds)
          << "\"";
  const std::string name = "mqttlab conform " + results.target;
  Markup out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mqttlab\" " << figures
      << ">\n  <testsuite name=\"" << name << "\" " << figures << " timestamp=\"" << results.started
      << "\">\n    <properties>\n";
  put_property(out, "target", results.target);
  put_property(out, "release", results.release);
  put_property(out, "seed", std::to_string(results.seed));
  put_property(out, "hash", results.hash);
  put_property(out, "command", results.command);
  put_property(out, "mqttlab", results.program_version);
  // A run that tested nothing, lost its target or was interrupted is not green.
  out << "    </properties>\n    <testcase classname=\"" << std::string("conform") << "\" name=\""
      << std::string("the run reached its end and tested something") << "\" time=\"0\">";
  if (is_empty) out << "<error type=\"run\" message=\"" << conform_sentence(results) << "\"/>";
  out << "</testcase>\n";
  for (const ConformJudged& one : results.judged) put_case(out, one, results);
  out << "    <system-out>" << conform_word(results) << ". " << conform_sentence(results)
      << "\nRepeat: " << results.command << "</system-out>\n  </testsuite>\n</testsuites>\n";
  return out.take();
}

}  // namespace mq::report
