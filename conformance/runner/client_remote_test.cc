// Client programs as processes on real sockets: ours, one that only connects, one that dies.
#include "conformance/runner/client_remote.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/runner/library.h"
#include "conformance/runner/remote.h"

namespace mq::conformance {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string ours = MQ_REAL_PROGRAM " client {url}";

ClientRun run(const std::string& command, const std::vector<std::string>& only) {
  static const Library library = embedded_library();
  return run_client(selected(library, {.only = only, .role = Role::client}), library,
                    adapter_for(command), {.word = word_of_a_run()});
}

std::string told(const CaseResult& result) {
  return result.which->id + ": " + name(result.outcome.verdict) + " " + result.outcome.reason +
         (result.outcome.failure ? result.outcome.failure->got : "");
}

TEST(ClientRemote, OurClientPasses) {
  const ClientRun all =
      run(ours, {"v5/client/publish-qos*", "v3.1.1/client/puback-id/*", "v5/client/qos2-before*",
                 "v5/client/disconnect", "v3.1.1/client/bad-text/zero", "v5/client/topic-alias/*"});
  EXPECT_THAT(all.lost, IsEmpty());
  EXPECT_GT(all.results.size(), 12u);
  for (const CaseResult& result : all.results)
    EXPECT_EQ(result.outcome.verdict, Verdict::pass) << told(result);
}

TEST(ClientRemote, AProgramThatTakesNoOrdersIsTestedForWhatItDoes) {
  const ClientRun all =
      run(MQ_REAL_PROGRAM " sub -h {host} -p {port} -t lab/# -V 5",
          {"v5/client/puback-id/1", "v5/client/order-of-pubacks", "v3.1.1/client/puback-id/1",
           "v5/client/packet-ids-differ/*", "v5/client/connect-will/qos-0"});
  EXPECT_THAT(all.lost, IsEmpty());
  for (const CaseResult& result : all.results) {
    const std::string& id = result.which->id;
    const bool applies = id == "v5/client/puback-id/1" || id == "v5/client/order-of-pubacks";
    EXPECT_EQ(result.outcome.verdict, applies ? Verdict::pass : Verdict::not_applicable)
        << told(result);
    if (id == "v3.1.1/client/puback-id/1") {
      EXPECT_THAT(result.outcome.reason, HasSubstr("does not speak MQTT 3.1.1"));
    }
    if (id == "v5/client/packet-ids-differ/qos-1") {
      EXPECT_THAT(result.outcome.reason, HasSubstr("does not tell on its standard output"));
    }
    if (id == "v5/client/connect-will/qos-0") {
      EXPECT_THAT(result.outcome.reason, HasSubstr("cannot be started with will_topic"));
    }
  }
}

TEST(ClientRemote, AProgramThatDiesIsSaidToHaveDied) {
  const ClientRun all = run("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; kill -SEGV $$'",
                            {"v5/client/connect-comes-first"});
  EXPECT_THAT(all.lost, HasSubstr("by signal 11"));
  ASSERT_EQ(all.results.size(), 1u);
  EXPECT_EQ(all.results[0].outcome.verdict, Verdict::skipped);
}

TEST(ClientRemote, AProgramThatCannotBeStartedIsSaidToBeSo) {
  EXPECT_THAT(run("/no/such/program {url}", {"v5/client/connect-comes-first"}).lost,
              HasSubstr("/no/such/program"));
  EXPECT_THROW(adapter_for("x 'y"), peers::AdapterError);
}

}  // namespace
}  // namespace mq::conformance
