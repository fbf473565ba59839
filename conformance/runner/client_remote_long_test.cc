// Every case for clients against client programs: ours, and those of others that are installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "conformance/runner/client_remote.h"
#include "conformance/runner/expectations.h"
#include "conformance/runner/library.h"
#include "conformance/runner/remote.h"
#include "peers/peer.h"

namespace mq::conformance {
namespace {

std::string told(const CaseResult& result) {
  return result.which->id + ": " + name(result.outcome.verdict) + " " + result.outcome.reason +
         (result.outcome.failure ? result.outcome.failure->got : "");
}

ClientRun run_all(const Library& library, peers::ClientAdapter adapter) {
  return run_client(selected(library, {.role = Role::client}), library, std::move(adapter),
                    {.word = word_of_a_run()});
}

TEST(ClientPrograms, OursPassesEveryCaseThatRealTimeAllows) {
  const Library library = embedded_library();
  const ClientRun all = run_all(library, adapter_for(MQ_REAL_PROGRAM " client {url}"));
  EXPECT_THAT(all.lost, testing::IsEmpty());
  std::size_t passed = 0;
  for (const CaseResult& result : all.results) {
    passed += result.outcome.verdict == Verdict::pass ? 1 : 0;
    EXPECT_TRUE(result.outcome.verdict == Verdict::pass ||
                result.outcome.verdict == Verdict::not_applicable)
        << told(result);
  }
  EXPECT_GT(passed, all.results.size() * 9 / 10);
}

class Known : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Clients, Known, testing::Values("mosquitto", "mqttjs"));

TEST_P(Known, DeviatesAsItsExpectationsSay) {
  peers::ClientAdapter adapter = peers::find_client_adapter(GetParam());
  try {
    adapter.programs = {peers::installed_client(adapter)};
  } catch (const peers::PeerError& absent) {
    GTEST_SKIP() << absent.what();
  }
  const Library library = embedded_library();
  std::ifstream in(MQ_SOURCE_DIR "/conformance/expectations/client-" + std::string(GetParam()) +
                   ".yaml");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  Expectations expectations;
  EXPECT_THAT(read_expectations(text, expectations), testing::IsEmpty());
  ClientRun all = run_all(library, adapter);
  EXPECT_THAT(all.lost, testing::IsEmpty());
  conformance::apply(expectations, all.results);
  for (const CaseResult& result : all.results)
    EXPECT_TRUE(result.outcome.verdict != Verdict::fail &&
                result.outcome.verdict != Verdict::fixed &&
                result.outcome.verdict != Verdict::error)
        << told(result);
}

}  // namespace
}  // namespace mq::conformance
