#include "broker/operate/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mq::broker {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string ask(std::string_view request) {
  return answer_http(request, [](std::string_view path) -> HttpAnswer {
    if (path == "/metrics") return {.status = 200, .body = "numbers\n"};
    return {};
  });
}

TEST(Http, AnswersGetAndHeadOfAKnownPath) {
  const std::string got = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(got, HasSubstr("\r\nContent-Length: 8\r\n"));
  EXPECT_THAT(got, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(got.ends_with("\r\n\r\nnumbers\n"));
  EXPECT_THAT(ask("GET /metrics?name[]=x HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  const std::string head = ask("HEAD /metrics HTTP/1.1\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 8\r\n"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST(Http, RefusesWhatItDoesNotKnowAndRepeatsNothingOfIt) {
  const std::pair<const char*, const char*> rows[] = {
      {"GET /<script> HTTP/1.1\r\n\r\n", "404 "},
      {"GET /../../etc/passwd HTTP/1.1\r\n\r\n", "404 "},
      {"POST /metrics HTTP/1.1\r\n\r\n", "405 "},
      {"PRI * HTTP/2.0\r\n\r\n", "400 "},
      {"GET /metrics\r\n\r\n", "400 "},
      {"GET  HTTP/1.1\r\n\r\n", "404 "},
      {"\r\n\r\n", "400 "},
      {" ", "400 "},
      {"", "400 "},
      {"\x10\x0c\0\x04MQTT", "400 "}};
  for (const auto& [request, status] : rows) {
    EXPECT_THAT(ask(request), StartsWith(std::string("HTTP/1.1 ") + status)) << request;
    EXPECT_THAT(ask(request), Not(HasSubstr("script")));
  }
}

}  // namespace
}  // namespace mq::broker
