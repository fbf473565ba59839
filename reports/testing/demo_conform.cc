#include "reports/testing/demo_conform.h"

namespace mq::report::testing {
namespace {

using namespace std::chrono_literals;
using V = ConformVerdict;

constexpr const char* hostile_text =
    "</td></tr><script>window.intruder=1</script><img src=x onerror=alert(1)>\" onclick=\"x' & "
    "\x1b[31m \xff \xe2\x80\xae";

std::vector<ConformStatement> statements() {
  std::vector<ConformStatement> all;
  for (const char* version : {"v5", "v3.1.1"})
    for (int chapter = 1; chapter <= 4; ++chapter)
      for (int number = 1; number <= 6; ++number) {
        const std::string section = "4." + std::to_string(chapter);
        all.push_back(
            {.id = std::string(version) + "/MQTT-" + section + ".0-" + std::to_string(number),
             .section = section,
             .title = "Part " + std::to_string(chapter),
             .level = "must",
             .obliges = number % 2 == 0 ? "server" : "both",
             .says = "A message that was acknowledged is delivered, whatever becomes of "
                     "the connection in between.",
             .tested = "Cut the connection between two packets, and come back.",
             .pitfalls = "The queue is emptied with the connection.",
             .no_case = number == 6 ? "Nobody sees it from outside." : "",
             .can_check_broker = number != 6,
             .can_check_client = false});
      }
  return all;
}

V verdict_of(std::size_t at, bool deviates) {
  if (!deviates) return at % 11 == 10 ? V::not_applicable : V::pass;
  static constexpr V all[] = {V::pass, V::fail, V::pass, V::known,          V::pass,  V::non_strict,
                              V::pass, V::info, V::pass, V::not_applicable, V::fixed, V::error};
  return all[at % std::size(all)];
}

ConformJudged judged(std::size_t at, const std::string& statement, const DemoConform& wish) {
  const std::string said = wish.hostile ? hostile_text : "PUBLISH topic=\"a\" qos=1 dup";
  ConformJudged one{.id = statement.substr(0, statement.find('/')) + "/case-" + std::to_string(at),
                    .title = "A message comes again with DUP",
                    .group = "qos1"};
  one.verdict = verdict_of(at, wish.deviates);
  one.level = one.verdict == V::non_strict ? "should" : one.verdict == V::info ? "may" : "must";
  one.statements = {statement};
  one.took = 120ms;
  one.choices = {wish.hostile ? hostile_text : "the connection is closed"};
  if (one.verdict == V::not_applicable || one.verdict == V::known)
    one.reason = wish.hostile ? hostile_text : "it has no shared subscriptions";
  if (one.verdict == V::pass || one.verdict == V::not_applicable) return one;
  one.miss = {"conformance/cases/qos1.cases:12: A expect PUBLISH dup=1", "PUBLISH dup=1", said};
  one.again = "mqttlab conform mosquitto --only " + one.id + " --seed 1";
  one.packets = "exported_pdu.ipv4_src == 10.0.0.1 || exported_pdu.ipv4_dst == 10.0.0.1";
  one.transcript = {{0ms, ConformSaid::What::event, "A", "connected", ""},
                    {1ms, ConformSaid::What::sent, "A", "CONNECT 5.0 client_id=\"a\"",
                     "101000044d5154540500000000000161"},
                    {2ms, ConformSaid::What::received, "A", said, "320600016100017a"}};
  one.left_out = 5;
  if (at == 1) one.rounds = {V::fail, V::pass};
  return one;
}

ConformWatched watched(const DemoConform& wish) {
  ConformWatched all{.statement = "v5/MQTT-4.2.0-2",
                     .tried = 12,
                     .broken = 1,
                     .rules = {"conn_ack_comes_first"},
                     .breaches = {}};
  all.breaches.push_back(
      {.rule = "conn_ack_comes_first",
       .sentence = "CONNACK is the first packet of a broker.",
       .in_case = "v5/case-3",
       .link = wish.hostile ? hostile_text : "A",
       .seen = wish.hostile ? hostile_text : "PINGRESP before CONNACK",
       .again = "mqttlab conform mosquitto --only v5/case-3 --seed 1",
       .packets = {},
       .transcript = {{2ms, ConformSaid::What::received, "A", "PINGRESP", "d000"}}});
  return all;
}

}  // namespace

ConformResults demo_conform(const DemoConform& wish) {
  ConformResults results;
  results.program_version = "0.0.0";
  results.target = wish.deviates ? "mosquitto" : "ours";
  results.release = wish.hostile ? hostile_text : wish.deviates ? "mosquitto version 2.0.11" : "";
  results.command = "mqttlab conform " + results.target + " --seed 1";
  results.seed = 1;
  results.started = "2026-01-02T03:04:05Z";
  results.wall_seconds = 12.5;
  results.hash = "0123456789abcdef";
  results.statements = statements();
  std::size_t at = 0;
  for (const ConformStatement& statement : results.statements)
    if (statement.can_check_broker)
      for (int i = 0; i < 3; ++i) results.judged.push_back(judged(at++, statement.id, wish));
  results.watched = {{.statement = "v5/MQTT-4.1.0-1", .tried = 40, .rules = {"again_has_dup"}}};
  if (wish.deviates) results.watched.push_back(watched(wish));
  results.exit_code = wish.deviates ? 1 : 0;
  results.coverage = {{ConformJudged::Of::broker, "5.0", 24, 20, 20, 20},
                      {ConformJudged::Of::broker, "3.1.1", 24, 20, 20, 20}};
  if (wish.hostile) results.notes = {hostile_text};
  if (wish.deviates && !wish.hostile) results.notes = {"it turned connections away"};
  return results;
}

}  // namespace mq::report::testing
