#include "cli/conform_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "cli/exit_code.h"
#include "cli/text_file.h"
#include "conformance/runner/watched.h"
#include "installation/installation.h"
#include "reports/conform/capture.h"
#include "reports/conform/results_json.h"
#include "reports/file/output_file.h"

namespace mq::cli {
namespace {

using conformance::Case;
using conformance::CaseResult;
using conformance::Said;
using conformance::Statement;
using conformance::Verdict;
using report::ConformJudged;
using report::ConformVerdict;

constexpr std::size_t lines_max = 240;        // of one transcript
constexpr std::size_t breach_lines_max = 40;  // of one breach
constexpr std::size_t hex_bytes_max = 256;

std::string hex(const std::vector<std::byte>& bytes) {
  std::string text;
  for (std::size_t i = 0; i < std::min(bytes.size(), hex_bytes_max); ++i)
    text += fmt::format("{:02x}", std::to_integer<unsigned>(bytes[i]));
  return text;
}

ConformVerdict verdict_of(Verdict verdict) {
  static constexpr ConformVerdict same[] = {
      ConformVerdict::pass,  ConformVerdict::fail,           ConformVerdict::non_strict,
      ConformVerdict::info,  ConformVerdict::not_applicable, ConformVerdict::known,
      ConformVerdict::fixed, ConformVerdict::error,          ConformVerdict::skipped};
  return same[static_cast<std::size_t>(verdict)];
}

report::ConformMiss miss_of(const conformance::Failure& failure, const Case& one) {
  return {fmt::format("{}:{}: {}", one.file, failure.place.line, failure.step), failure.expected,
          failure.got};
}

report::ConformSaid said_of(const Said& said, Instant began) {
  using What = report::ConformSaid::What;
  const What what = said.what == Said::What::sent       ? What::sent
                    : said.what == Said::What::received ? What::received
                                                        : What::event;
  return {said.at - began, what, said.link, said.text, hex(said.bytes)};
}

// The beginning and the end of a long one. Into a case's evidence, or that of a breach.
void add_transcript(const std::vector<const Said*>& lines, Instant began, std::size_t lines_kept,
                    auto& evidence) {
  const std::size_t kept = std::min(lines.size(), lines_kept);
  evidence.left_out = lines.size() - kept;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (i < kept / 2 || i >= kept / 2 + evidence.left_out)
      evidence.transcript.push_back(said_of(*lines[i], began));
}

// In a case against a broker we are the client, and the other way round.
void add_packets(const std::vector<Said>& transcript, ConformJudged::Of of,
                 report::ConformCapture& capture) {
  using From = report::ConformCapture::From;
  for (const Said& said : transcript)
    if (!said.bytes.empty() && said.what != Said::What::event)
      capture.put(said.at - transcript.front().at, said.connection,
                  (said.what == Said::What::sent) == (of == ConformJudged::Of::broker)
                      ? From::client
                      : From::broker,
                  said.bytes);
}

std::string stem(const std::string& file) {
  const std::string name = file.substr(file.rfind('/') + 1);
  return name.substr(0, name.find('.'));
}

ConformJudged::Of of_role(conformance::Role role) {
  return role == conformance::Role::client ? ConformJudged::Of::client : ConformJudged::Of::broker;
}

std::string again(const Case& one, const ConformAbout& about) {
  return fmt::format("{} --only {} --seed {}", about.again, one.id, about.seed);
}

ConformJudged judged_of(const CaseResult& result, const ConformAbout& about,
                        report::ConformCapture* capture) {
  const Case& one = *result.which;
  const conformance::Outcome& outcome = result.outcome;
  ConformJudged judged{.id = one.id, .title = one.title, .group = stem(one.file)};
  judged.level = name(result.level);
  judged.of = of_role(one.role);
  for (const auto& id : one.asserts) judged.statements.push_back(to_text(id));
  judged.verdict = verdict_of(outcome.verdict);
  judged.reason = outcome.reason;
  judged.link = result.link;
  judged.took = outcome.took;
  judged.choices = outcome.choices;
  for (const Verdict round : result.rounds) judged.rounds.push_back(verdict_of(round));
  if (outcome.failure) judged.miss = miss_of(*outcome.failure, one);
  for (const auto& advice : outcome.advice) judged.advice.push_back(miss_of(advice, one));
  const bool is_amiss =
      outcome.failure || !outcome.advice.empty() || outcome.verdict == Verdict::error;
  if (is_amiss && !outcome.transcript.empty()) {
    std::vector<const Said*> lines;
    for (const Said& said : outcome.transcript) lines.push_back(&said);
    add_transcript(lines, lines.front()->at, lines_max, judged);
  }
  if (is_amiss) judged.again = again(one, about);
  if (!is_amiss && outcome.watched.breaches.empty()) return judged;
  if (capture != nullptr && !outcome.transcript.empty()) {
    judged.packets = capture->begin_case();
    add_packets(outcome.transcript, judged.of, *capture);
  }
  return judged;
}

bool can_be_checked(const std::string& how) { return !how.empty() && how != "none"; }

report::ConformStatement statement_of(const Statement& one) {
  return {.id = to_text(one.id),
          .section = one.section,
          .title = one.title,
          .level = name(one.level),
          .obliges = one.obliges,
          .says = one.says,
          .tested = one.tested,
          .pitfalls = one.pitfalls,
          .no_case = one.no_case,
          .can_check_broker = can_be_checked(one.broker),
          .can_check_client = can_be_checked(one.client)};
}

// FNV-1a: over what each case came to, and, in virtual time, over every packet with its instant.
std::string hash_of(const std::vector<CaseResult>& results, bool is_virtual) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](const void* bytes, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      hash = (hash ^ static_cast<const unsigned char*>(bytes)[i]) * 0x100000001b3;
  };
  for (const CaseResult& result : results) {
    add(result.which->id.data(), result.which->id.size());
    add(&result.outcome.verdict, sizeof result.outcome.verdict);
    if (!is_virtual) continue;
    for (const Said& said : result.outcome.transcript) {
      const std::int64_t at = said.at.time_since_epoch().count();
      add(&at, sizeof at);
      add(said.bytes.data(), said.bytes.size());
    }
  }
  return fmt::format("{:016x}", hash);
}

// With what went over its connection until then, and just after.
report::ConformBreach breach_of(const conformance::WatchedStatement::Evidence& evidence,
                                const ConformAbout& about, const report::ConformResults& all) {
  const auto& [result, seen] = evidence;
  const monitors::WatchInfo& rule = monitors::info(seen->watch);
  report::ConformBreach breach{.rule = std::string(rule.name),
                               .sentence = std::string(rule.sentence),
                               .in_case = result->which->id,
                               .link = std::to_string(seen->connection),
                               .seen = seen->text,
                               .again = again(*result->which, about),
                               .packets = {},
                               .transcript = {}};
  for (const ConformJudged& one : all.judged)
    if (one.id == breach.in_case) breach.packets = one.packets;
  const std::vector<Said>& transcript = result->outcome.transcript;
  std::vector<const Said*> lines;
  for (const Said& said : transcript)
    if (said.connection == seen->connection && said.at <= seen->at) lines.push_back(&said);
  if (lines.empty()) return breach;
  breach.link = lines.front()->link + " (" + breach.link + ")";
  add_transcript(lines, transcript.front().at, breach_lines_max, breach);
  return breach;
}

// What broke beside the scripts: no case says it, so a note does. It decides for ours only, which
// has no excuse; the deviations of others are argued by case.
void add_watched(const std::vector<CaseResult>& results, const ConformAbout& about,
                 report::ConformResults& all) {
  std::string broken;
  for (const conformance::WatchedStatement& one : conformance::watched_statements(results)) {
    report::ConformWatched watched{.statement = to_text(one.id),
                                   .of = of_role(one.role),
                                   .tried = one.tried,
                                   .broken = one.broken,
                                   .rules = one.rules,
                                   .breaches = {}};
    for (const auto& evidence : one.evidence)
      watched.breaches.push_back(breach_of(evidence, about, all));
    if (one.broken > 0) broken += (broken.empty() ? "" : ", ") + watched.statement;
    all.watched.push_back(std::move(watched));
  }
  if (broken.empty()) return;
  all.notes.push_back("of what is watched in every case, broken: " + broken);
  const bool is_ours = all.target == "ours" || all.target == "client ours";
  if (is_ours && all.exit_code == exit_code::held) all.exit_code = exit_code::broken;
}

}  // namespace

std::vector<report::ConformCoverage> coverage_of(const std::vector<CaseResult>& results,
                                                 const conformance::Library& library) {
  using conformance::Role;
  using Key = std::pair<Role, conformance::StatementId>;
  std::set<Key> have;
  for (const Case& one : library.cases)
    for (const auto& id : one.asserts) have.emplace(one.role, id);
  std::set<Key> checked;
  for (const CaseResult& result : results)
    if (report::is_decided(verdict_of(result.outcome.verdict)))
      for (const auto& id : result.which->asserts) checked.emplace(result.which->role, id);
  std::vector<report::ConformCoverage> all;
  for (const Role role : {Role::broker, Role::client})
    for (const Version version : {Version::v5, Version::v3_1_1}) {
      report::ConformCoverage coverage{.of = of_role(role),
                                       .version = version == Version::v5 ? "5.0" : "3.1.1"};
      for (const Statement& statement : library.statements) {
        if (statement.id.version != version) continue;
        ++coverage.statements;
        if (!can_be_checked(role == Role::broker ? statement.broker : statement.client)) continue;
        ++coverage.checkable;
        coverage.have_check += have.contains({role, statement.id}) ? 1 : 0;
        coverage.checked += checked.contains({role, statement.id}) ? 1 : 0;
      }
      all.push_back(coverage);
    }
  return all;
}

std::string coverage_text(const std::vector<report::ConformCoverage>& coverage) {
  std::string text;
  for (const report::ConformCoverage& one : coverage)
    if (one.checked > 0)
      text += fmt::format(
          "MQTT {}: of {} statements that a {} can be checked for, {} have a check, {} were "
          "decided\n",
          one.version, one.checkable, one.of == ConformJudged::Of::broker ? "broker" : "client",
          one.have_check, one.checked);
  return text;
}

report::ConformResults conform_results(const std::vector<CaseResult>& results,
                                       const conformance::Library& library,
                                       const ConformAbout& about, const ResultsFolder* folder) {
  std::optional<report::OutputFile> file;
  std::optional<report::ConformCapture> capture;
  if (folder != nullptr) capture.emplace(file.emplace(folder->capture()));
  report::ConformResults all;
  all.program_version = version();
  all.target = about.target;
  all.release = about.release;
  all.seed = about.seed;
  all.selection = about.selection;
  all.command = about.again + (about.selection.empty() ? "" : " " + about.selection) + " --seed " +
                std::to_string(about.seed);
  all.started = about.started;
  all.wall_seconds = about.wall_seconds;
  all.is_virtual = about.is_virtual;
  all.hash = hash_of(results, about.is_virtual);
  all.lost = about.lost;
  all.notes = about.notes;
  all.is_interrupted = about.interrupted_with != 0;
  all.exit_code = all.is_interrupted   ? about.interrupted_with
                  : about.lost.empty() ? conformance::exit_code(results)
                                       : exit_code::unreachable;
  all.coverage = coverage_of(results, library);
  for (const CaseResult& result : results)
    all.judged.push_back(judged_of(result, about, capture ? &*capture : nullptr));
  add_watched(results, about, all);
  for (const Statement& one : library.statements) all.statements.push_back(statement_of(one));
  if (file)
    if (const auto error = file->close())
      all.notes.push_back("capture.pcap could not be written: " + error.message());
  if (capture && capture->truncated())
    all.notes.emplace_back("capture.pcap became too large; the last packets are not in it");
  return all;
}

std::optional<std::vector<std::string>> last_failed(const ResultsFolder& folder, std::string& why) {
  const auto text = read_text_file(folder.results());
  if (!text) {
    why = folder.results() + " cannot be read: there was no run before";
    return std::nullopt;
  }
  const auto read = report::conform_from_json(*text);
  if (const auto* unreadable = std::get_if<report::Unreadable>(&read)) {
    why = folder.results() + ": " + unreadable->why;
    return std::nullopt;
  }
  std::vector<std::string> ids;
  for (const ConformJudged& one : std::get<report::ConformResults>(read).judged)
    if (report::is_trouble(one.verdict) || one.verdict == ConformVerdict::skipped)
      ids.push_back(one.id);
  return ids;
}

std::string default_conform_path(const std::string& target) {
  std::string name =
      target.substr(target.find("//") == std::string::npos ? 0 : target.find("//") + 2);
  name = name.substr(0, name.size() - (name.ends_with(".yaml") ? 5 : 0));
  if (target.find("//") == std::string::npos) name = name.substr(name.rfind('/') + 1);
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '.') c = '-';
  return "results/conform-" + name;
}

}  // namespace mq::cli
