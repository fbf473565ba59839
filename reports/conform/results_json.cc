#include "reports/conform/results_json.h"

#include <utility>

#include "reports/archive.h"
#include "reports/document.h"

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
void fields(Io& io, ConformBreach& v) {
  io("rule", v.rule);
  io("sentence", v.sentence);
  io("case", v.in_case);
  io("link", v.link);
  io("seen", v.seen);
  io("again", v.again);
  io("packets", v.packets);
  io("transcript", v.transcript);
  io("left_out", v.left_out);
}
template <class Io>
void fields(Io& io, ConformWatched& v) {
  io("statement", v.statement);
  io("of", v.of);
  io("tried", v.tried);
  io("broken", v.broken);
  io("rules", v.rules);
  io("breaches", v.breaches);
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
  io("is_interrupted", v.is_interrupted);
  io("notes", v.notes);
  io("exit_code", v.exit_code);
  io("coverage", v.coverage);
  io("judged", v.judged);
  io("watched", v.watched);
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

namespace {

bool is_of_conform(const boost::json::object& document) {
  const boost::json::value* kind = document.if_contains("kind");
  return kind != nullptr && *kind == "conform";
}

std::variant<ConformResults, Unreadable> conform_from(const boost::json::object& document) {
  if (!is_of_conform(document)) return Unreadable{"not of `conform`"};
  if (std::string why = other_schema(document, ConformResults::schema_version); !why.empty())
    return Unreadable{std::move(why)};
  ConformResults results;
  Fault fault;
  ReadFields io(document, "", fault);
  fields(io, results);
  if (fault) return Unreadable{fault.text};
  return results;
}

}  // namespace

std::variant<ConformResults, Unreadable> conform_from_json(std::string_view text) {
  auto document = document_in(text);
  if (auto* unreadable = std::get_if<Unreadable>(&document)) return std::move(*unreadable);
  return conform_from(std::get<boost::json::object>(document));
}

AnyResults any_from_json(std::string_view text) {
  const auto widened = [](auto read) {
    return std::visit([](auto& one) -> AnyResults { return std::move(one); }, read);
  };
  auto document = document_in(text);
  if (auto* unreadable = std::get_if<Unreadable>(&document)) return std::move(*unreadable);
  const auto& object = std::get<boost::json::object>(document);
  return is_of_conform(object) ? widened(conform_from(object)) : widened(results_from(object));
}

}  // namespace mq::report
