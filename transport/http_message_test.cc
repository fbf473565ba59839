#include "transport/http_message.h"

#include <gtest/gtest.h>

#include <optional>

namespace mq::transport {
namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

HttpReader::Next read(HttpReader& reader, std::string_view text) {
  reader.feed(bytes(text));
  return reader.next();
}

// The status by which a server answers what is no HTTP; 0: it is one, or may become one.
unsigned fault_in(std::string_view text, HttpLimits limits = {}) {
  HttpReader reader(HttpReader::Of::requests, limits);
  const auto next = read(reader, text);
  const auto* fault = std::get_if<HttpFault>(&next);
  return fault == nullptr ? 0 : fault->status;
}

std::string put_of(std::size_t bytes) {
  return "PUT /a HTTP/1.1\r\nHost: s\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
         std::string(bytes, 'x');
}

std::string head_of(std::size_t bytes) {
  const std::string begin = "GET /a HTTP/1.1\r\nHost: ";
  return begin + std::string(bytes - begin.size() - 4, 'h') + "\r\n\r\n";
}

TEST(HttpMessage, IsReadAsItWasWritten) {
  const HttpMessage put{.method = "PUT",
                        .target = "/shop/temp",
                        .fields = {{"Host", "s"}, {"If-None-Match", "\"7\""}},
                        .body = "#0.1; 4 C"};
  HttpReader reader(HttpReader::Of::requests);
  const std::string text = to_text(put);
  const auto next = read(reader, text);
  const auto* message = std::get_if<HttpMessage>(&next);
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->method, "PUT");
  EXPECT_EQ(message->target, "/shop/temp");
  EXPECT_EQ(message->body, put.body);
  EXPECT_EQ(message->field("if-none-match"), "\"7\"");
  EXPECT_EQ(message->field("Content-Length"), "9");
  EXPECT_TRUE(message->keeps_connection);
  EXPECT_EQ(reader.wire().size(), text.size());
}

TEST(HttpMessage, SaysThatTheConnectionIsNotKept) {
  const std::string text = to_text({.method = "GET", .target = "/", .keeps_connection = false});
  EXPECT_NE(text.find("Connection: close\r\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("Content-Length"), std::string::npos) << text;
  HttpReader reader(HttpReader::Of::requests);
  const auto next = read(reader, text);
  EXPECT_FALSE(std::get<HttpMessage>(next).keeps_connection);
}

TEST(HttpMessage, ThatMustNotHaveABodyGoesWithoutOne) {
  for (const unsigned status : {204U, 304U}) {
    const std::string text = to_text({.status = status, .body = "not sent"});
    EXPECT_EQ(text.find("not sent"), std::string::npos);
    EXPECT_EQ(text.find("Content-Length"), std::string::npos);
    HttpReader reader(HttpReader::Of::answers);
    EXPECT_EQ(std::get<HttpMessage>(read(reader, text)).status, status);
  }
  EXPECT_NE(to_text({.status = 404}).find("Content-Length: 0\r\n"), std::string::npos);
}

TEST(HttpReader, FindsTheSameInEveryPortion) {
  const std::string text = put_of(20) + "GET /b HTTP/1.1\r\nHost: s\r\n\r\n";
  for (std::size_t portion = 1; portion <= text.size(); ++portion) {
    HttpReader reader(HttpReader::Of::requests);
    std::vector<std::string> targets;
    std::size_t wire = 0;
    for (std::size_t at = 0; at < text.size(); at += portion) {
      reader.feed(bytes(text).subspan(at, std::min(portion, text.size() - at)));
      while (true) {
        const auto next = reader.next();
        const auto* message = std::get_if<HttpMessage>(&next);
        if (message == nullptr) break;
        targets.push_back(message->target);
        wire += reader.wire().size();
      }
    }
    EXPECT_EQ(targets, (std::vector<std::string>{"/a", "/b"})) << portion;
    EXPECT_EQ(wire, text.size()) << portion;
    EXPECT_FALSE(reader.is_within_message()) << portion;
  }
}

TEST(HttpReader, WaitsForTheRestOfAMessage) {
  const std::string text = put_of(20);
  for (std::size_t size = 1; size < text.size(); ++size) {
    HttpReader reader(HttpReader::Of::requests);
    EXPECT_TRUE(std::holds_alternative<HttpReader::NeedsMore>(read(reader, text.substr(0, size))));
    EXPECT_TRUE(reader.is_within_message());
  }
}

TEST(HttpReader, TakesAHeaderOfTheLimitAndNoneOfAByteMore) {
  EXPECT_EQ(fault_in(head_of(http_header_bytes_max)), 0U);
  EXPECT_EQ(fault_in(head_of(http_header_bytes_max + 1)), 431U);
  // And not only when its end is there.
  EXPECT_EQ(fault_in(head_of(http_header_bytes_max + 20).substr(0, http_header_bytes_max + 2)),
            431U);
}

TEST(HttpReader, TakesABodyOfTheLimitAndNoneOfAByteMore) {
  const HttpLimits limits{.body_bytes_max = 100};
  EXPECT_EQ(fault_in(put_of(100), limits), 0U);
  EXPECT_EQ(fault_in(put_of(101), limits), 413U);
}

TEST(HttpReader, HasAnAnswerToWhatIsNoHttp) {
  const std::string rest = " HTTP/1.1\r\nHost: s\r\n";
  const struct {
    std::string text;
    unsigned status;
  } rows[] = {
      {std::string("\x10\x2a\0\4MQTT\5\2", 10), 400},  // a CONNECT
      {std::string(40, '\0'), 400},
      {"\r\n\r\n\r\n", 400},
      {"GET /a" + rest + "X: a\r\n b\r\n\r\nGET", 0},  // a folded line is joined
      {"GET\r\n\r\n", 400},
      {"G@T /a" + rest + "\r\n", 400},
      {"GET /a HTTP/9.9\r\nHost: s\r\n\r\n", 505},
      {"GET /a FTP/1.1\r\nHost: s\r\n\r\n", 505},
      {"GET /a" + rest + "no colon\r\n\r\n", 400},
      {"GET /a" + rest + "bad name: x\r\n\r\n", 400},
      {"PUT /a" + rest + "Content-Length: -1\r\n\r\n", 400},
      {"PUT /a" + rest + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"PUT /a" + rest + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400},
      // Two ways to find the end would let somebody hide a request in another's body.
      {"PUT /a" + rest + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"PUT /a" + rest + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 411},
  };
  for (const auto& row : rows) EXPECT_EQ(fault_in(row.text), row.status) << row.text;
}

TEST(HttpReader, UnderstandsNothingAfterAFault) {
  HttpReader reader(HttpReader::Of::requests);
  EXPECT_TRUE(std::holds_alternative<HttpFault>(read(reader, "nonsense\r\n\r\n")));
  EXPECT_TRUE(
      std::holds_alternative<HttpFault>(read(reader, "GET /a HTTP/1.1\r\nHost: s\r\n\r\n")));
}

TEST(HttpReader, NeverTakesAnAnswerWhoseLengthIsNotSaid) {
  HttpReader reader(HttpReader::Of::answers);
  EXPECT_TRUE(std::holds_alternative<HttpReader::NeedsMore>(
      read(reader, "HTTP/1.1 200 OK\r\n\r\nas long as it is open")));
}

}  // namespace
}  // namespace mq::transport
