#include "scenarios/engine/value_store.h"

#include <gtest/gtest.h>

namespace mq::scenario {
namespace {

using namespace std::chrono_literals;
using transport::HttpMessage;

HttpMessage request(std::string method, std::string path, std::string body = "") {
  return {.method = std::move(method),
          .target = std::move(path),
          .fields = {{"Host", "s"}},
          .body = std::move(body)};
}
HttpMessage if_none_match(std::string tags) {
  HttpMessage get = request("GET", "/a");
  get.fields.emplace_back("If-None-Match", std::move(tags));
  return get;
}

class ValueStoreTest : public testing::Test {
 protected:
  HttpMessage ask(const HttpMessage& request) { return store.answer(request, Instant(now)); }
  ValueStore store;
  Duration now{};
};

TEST_F(ValueStoreTest, GivesTheLastValueThatWasPut) {
  EXPECT_EQ(ask(request("GET", "/a")).status, 404u);
  EXPECT_EQ(ask(request("PUT", "/a", "1")).status, 201u);
  EXPECT_EQ(ask(request("POST", "/a", "2")).status, 204u);
  EXPECT_EQ(ask(request("PUT", "/b", "3")).status, 201u);
  const HttpMessage answer = ask(request("GET", "/a"));
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body, "2");
}

TEST_F(ValueStoreTest, SaysThatNothingIsNewerThanWhatIsKnown) {
  ask(request("PUT", "/a", "1"));
  const std::string tag(ask(request("GET", "/a")).field("ETag"));
  for (const std::string& known : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
    const HttpMessage answer = ask(if_none_match(known));
    EXPECT_EQ(answer.status, 304u) << known;
    EXPECT_EQ(answer.body, "") << known;
  }
  EXPECT_EQ(ask(if_none_match("\"x\"")).status, 200u);
  EXPECT_EQ(ask(if_none_match("x" + tag)).status, 200u);
  ask(request("PUT", "/a", "1"));
  EXPECT_EQ(ask(if_none_match(tag)).status, 200u) << "put again, even if it is the same";
}

TEST_F(ValueStoreTest, AnswersHeadAsGetWithoutTheBody) {
  ask(request("PUT", "/a", "12345"));
  const HttpMessage answer = ask(request("HEAD", "/a"));
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.field("Content-Length"), "5");
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(ask(request("HEAD", "/b")).status, 404u);
}

TEST_F(ValueStoreTest, RefusesWhatIsNoRequestForAValue) {
  EXPECT_EQ(ask(request("DELETE", "/a")).status, 405u);
  EXPECT_EQ(ask(request("DELETE", "/a")).field("Allow"), "GET, HEAD, PUT, POST");
  EXPECT_EQ(ask(request("MAKE-COFFEE", "/a")).status, 405u);
  EXPECT_EQ(ask(request("GET", "*")).status, 400u);
  EXPECT_EQ(ask(request("GET", "http://else.where/a")).status, 400u);
  EXPECT_EQ(ask({.method = "GET", .target = "/a"}).status, 400u) << "without Host";
  HttpMessage two_hosts = request("GET", "/a");
  two_hosts.fields.emplace_back("host", "t");
  EXPECT_EQ(ask(two_hosts).status, 400u);
}

TEST_F(ValueStoreTest, TakesAPathOfTheLimitAndNoneOfAByteMore) {
  const std::size_t most = ValueStoreLimits{}.path_bytes_max;
  EXPECT_EQ(ask(request("PUT", "/" + std::string(most - 1, 'a'), "1")).status, 201u);
  EXPECT_EQ(ask(request("PUT", "/" + std::string(most, 'a'), "1")).status, 414u);
}

TEST_F(ValueStoreTest, TakesAsManyPathsAsTheLimitAndNotOneMore) {
  ValueStore small({.paths_max = 2});
  EXPECT_EQ(small.answer(request("PUT", "/a", "1"), Instant{}).status, 201u);
  EXPECT_EQ(small.answer(request("PUT", "/b", "1"), Instant{}).status, 201u);
  EXPECT_EQ(small.answer(request("PUT", "/c", "1"), Instant{}).status, 507u);
  EXPECT_EQ(small.answer(request("PUT", "/a", "2"), Instant{}).status, 204u);
}

TEST_F(ValueStoreTest, KeepsTheConnectionIfItIsAskedTo) {
  EXPECT_TRUE(ask(request("GET", "/a")).keeps_connection);
  HttpMessage last = request("GET", "/a");
  last.keeps_connection = false;
  EXPECT_FALSE(ask(last).keeps_connection);
}

TEST_F(ValueStoreTest, SaysTheTimeOfTheWorld) {
  now = 24h * 58 + 3h + 4min + 5s + 999ms;
  EXPECT_EQ(ask(request("GET", "/a")).field("Date"), "Fri, 28 Feb 2025 03:04:05 GMT");
}

}  // namespace
}  // namespace mq::scenario
