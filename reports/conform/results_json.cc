#include "reports/conform/results_json.h"

#include <fmt/format.h>

#include "reports/archive.h"

namespace mq::report {

inline Words words_of(ConformVerdict) {
  static constexpr const char* words[] = {"pass",  "fail",  "non-strict", "info",   "n/a",
                                          "known", "fixed", "error",      "skipped"};
  return {words, 0};
}
inline Words words_of(ConformSaid::What) {
  static constexpr const char* words[] = {"sent", "received", "event"};
  return {words, 0};
}
inline Words words_of(ConformJudged::By) {
  static constexpr const char* words[] = {"case", "monitor"};
  return {words, 0};
}
inline Words words_of(ConformJudged::Of) {
  static constexpr const char* words[] = {"broker", "client"};
  return {words, 0};
}

template <class Io>
void fields(Io& io, ConformMiss& v) {
  io("at", v.at);
  io("expected", v.expected);
  io("got", v.got);
}
template <class Io>
void fields(Io& io, ConformSaid& v) {
  io("since_ns", v.since);
  io("what", v.what);
  io("link", v.link);
  io("text", v.text);
  io("hex", v.hex);
}
template <class Io>
void fields(Io& io, ConformJudged& v) {
  io("id", v.id);
  io("title", v.title);
  io("group", v.group);
  io("by", v.by);
  io("of", v.of);
  io("level", v.level);
  io("statements", v.statements);
  io("verdict", v.verdict);
  io("reason", v.reason);
  io("link", v.link);
  io("took_ns", v.took);
  io("choices", v.choices);
  io("miss", v.miss);
  io("advice", v.advice);
  io("again", v.again);
  io("packets", v.packets);
  io("transcript", v.transcript);
  io("left_out", v.left_out);
  io("rounds", v.rounds);
}
template <class Io>
void fields(Io& io, ConformStatement& v) {
  io("id", v.id);
  io("section", v.section);
  io("title", v.title);
  io("level", v.level);
  io("obliges", v.obliges);
  io("says", v.says);
  io("tested", v.tested);
  io("pitfalls", v.pitfalls);
  io("no_case", v.no_case);
  io("can_check_broker", v.can_check_broker);
  io("can_check_client", v.can_check_client);
}
template <class Io>
void fields(Io& io, ConformCoverage& v) {
  io("of", v.of);
  io("version", v.version);
  io("statements", v.statements);
  io("checkable", v.checkable);
  io("have_check", v.have_check);
  io("checked", v.checked);
}
template <class Io>
void fields(Io& io, ConformResults& v) {
  io("program_version", v.program_version);
  io("command", v.command);
  io("target", v.target);
  io("release", v.release);
  io("seed", v.seed);
  io("selection", v.selection);
  io("started", v.started);
  io("wall_seconds", v.wall_seconds);
  io("hash", v.hash);
  io("is_virtual", v.is_virtual);
  io("lost", v.lost);
  io("notes", v.notes);
  io("exit_code", v.exit_code);
  io("coverage", v.coverage);
  io("judged", v.judged);
  io("statements", v.statements);
}

std::string to_json(const ConformResults& results) {
  boost::json::object object;
  object.emplace("schema_version", ConformResults::schema_version);
  object.emplace("kind", "conform");
  WriteFields io(object);
  fields(io, const_cast<ConformResults&>(results));  // writing does not change it
  return boost::json::serialize(object) + "\n";
}

std::variant<ConformResults, Unreadable> conform_from_json(std::string_view text) {
  boost::system::error_code failed;
  const boost::json::value whole = boost::json::parse(text, failed);
  if (failed) return Unreadable{fmt::format("not complete JSON ({})", failed.message())};
  if (!whole.is_object()) return Unreadable{"not an object"};
  const boost::json::object& object = whole.get_object();
  const boost::json::value* kind = object.if_contains("kind");
  if (kind == nullptr || *kind != "conform") return Unreadable{"not of `conform`"};
  const boost::json::value* version = object.if_contains("schema_version");
  if (version == nullptr || *version != ConformResults::schema_version)
    return Unreadable{fmt::format("another schema version; this program reads version {}",
                                  ConformResults::schema_version)};
  ConformResults results;
  Fault fault;
  ReadFields io(object, "", fault);
  fields(io, results);
  if (fault) return Unreadable{fault.text};
  return results;
}

bool is_of_conform(std::string_view text) {
  boost::system::error_code failed;
  const boost::json::value whole = boost::json::parse(text, failed);
  if (failed || !whole.is_object()) return false;
  const boost::json::value* kind = whole.get_object().if_contains("kind");
  return kind != nullptr && *kind == "conform";
}

}  // namespace mq::report
