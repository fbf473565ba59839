#include "sim/stream.h"

#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <string>

#include "sim/memory/memory_world.h"
#include "transport/connection.h"

namespace mq::sim {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;

Instant at(Duration since_start) { return Instant(since_start); }

class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    device = world.add_device("sensor-1", {.up = {.delay = 50ms}, .down = {.delay = 50ms}});
    world.accept_with([this](std::unique_ptr<Socket> socket, const std::string&, DeviceId) {
      server.emplace(loop, std::move(socket), Stream::Begins::connected);
      if (on_accept) on_accept();
    });
  }
  Stream& connect() {
    return client.emplace(loop, world.connect(device), Stream::Begins::connecting);
  }
  void connect_both() {
    connect();
    world.run_until(world.now() + 1s);
    ASSERT_TRUE(server);
  }

  MemoryWorld world{1};
  DeviceId device{};
  StreamLoop loop{world};
  std::function<void()> on_accept;
  std::optional<Stream> client, server;
};

asio::awaitable<void> echo(Stream& stream) {
  char buffer[64];
  for (;;) {
    const auto [error, bytes] =
        co_await stream.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    if (error) break;
    co_await asio::async_write(stream, asio::buffer(buffer, bytes), asio::use_awaitable);
  }
  stream.close();
}

TEST_F(StreamTest, CarriesACoroutineEcho) {
  on_accept = [this] {
    asio::co_spawn(loop.context(), echo(*server), asio::detached);
    loop.wake();
  };
  std::string answer;
  Instant answered{};
  asio::co_spawn(
      loop.context(),
      [&]() -> asio::awaitable<void> {
        co_await client->async_connect(asio::use_awaitable);
        EXPECT_EQ(world.now(), at(100ms));
        const std::string question(1000, 'q');
        co_await asio::async_write(*client, asio::buffer(question), asio::use_awaitable);
        answer.resize(1000);
        co_await asio::async_read(*client, asio::buffer(answer), asio::use_awaitable);
        answered = world.now();
        client->close();
      },
      asio::detached);
  connect();
  loop.wake();
  world.run_until(at(10s));
  EXPECT_EQ(answer, std::string(1000, 'q'));
  EXPECT_EQ(answered, at(200ms));
  EXPECT_FALSE(server->is_open());
}

TEST_F(StreamTest, AReadOrWriteOfNothingCompletesLaterAtTheSameInstant) {
  connect_both();
  int completed = 0;
  const auto count = [&](error_code error, std::size_t bytes) {
    EXPECT_FALSE(error);
    EXPECT_EQ(bytes, 0u);
    ++completed;
  };
  const Instant before = world.now();
  client->async_read_some(asio::mutable_buffer(), count);
  client->async_write_some(asio::const_buffer(), count);
  EXPECT_EQ(completed, 0);
  world.run_until(before);
  EXPECT_EQ(completed, 2);
}

TEST_F(StreamTest, TheEndOfThePeerIsEofAfterItsLastByte) {
  connect_both();
  error_code error;
  asio::async_write(*server, asio::buffer("bye", 3), [&](error_code, std::size_t) {
    server->shutdown(asio::socket_base::shutdown_send, error);
  });
  std::string got;
  error_code end;
  asio::async_read(*client, asio::dynamic_buffer(got), [&](error_code e, std::size_t) { end = e; });
  world.run_until(at(5s));
  EXPECT_EQ(got, "bye");
  EXPECT_EQ(end, asio::error::eof);
}

TEST_F(StreamTest, FailuresAreTheErrorsOfASocket) {
  connect_both();
  char byte;
  std::optional<error_code> read, late;
  client->async_read_some(asio::buffer(&byte, 1), [&](error_code e, std::size_t) { read = e; });
  world.call_at(at(2s), [&] { server->reset(); });
  world.run_until(at(3s));
  EXPECT_EQ(read, asio::error::connection_reset);
  client->async_write_some(asio::buffer(&byte, 1), [&](error_code e, std::size_t) { late = e; });
  world.run_until(at(4s));
  EXPECT_EQ(late, asio::error::connection_reset);
  EXPECT_FALSE(server->is_open());
}

TEST_F(StreamTest, ARefusedConnectionIsConnectionRefused) {
  world.accept_with(nullptr);
  std::optional<error_code> error;
  connect().async_connect([&](error_code e) { error = e; });
  world.run_until(at(1s));
  EXPECT_EQ(error, asio::error::connection_refused);
}

TEST_F(StreamTest, ClosingAbortsWhatWaitsAndLaterOperationsFail) {
  connect_both();
  char byte;
  std::optional<error_code> waiting, later;
  client->async_read_some(asio::buffer(&byte, 1), [&](error_code e, std::size_t) { waiting = e; });
  client->close();
  client->async_read_some(asio::buffer(&byte, 1), [&](error_code e, std::size_t) { later = e; });
  world.run_until(at(3s));
  EXPECT_EQ(waiting, asio::error::operation_aborted);
  EXPECT_EQ(later, asio::error::bad_descriptor);
}

TEST_F(StreamTest, AWriterWaitsForAReaderThatDoesNotRead) {
  connect_both();
  const std::string sent(1 << 20, 'x');
  bool written = false;
  asio::async_write(*client, asio::buffer(sent), [&](error_code error, std::size_t bytes) {
    written = !error && bytes == sent.size();
  });
  world.run_until(at(100s));
  EXPECT_FALSE(written);
  std::string got(sent.size(), ' ');
  bool read = false;
  asio::async_read(*server, asio::buffer(got),
                   [&](error_code error, std::size_t) { read = !error; });
  world.run_until(at(200s));
  EXPECT_TRUE(written);
  EXPECT_TRUE(read);
  EXPECT_TRUE(got == sent);
}

TEST_F(StreamTest, AStreamMayBeMovedWhileItReads) {
  connect_both();
  char byte = 0;
  client->async_read_some(asio::buffer(&byte, 1), [](error_code, std::size_t) {});
  Stream moved = std::move(*client);
  asio::async_write(*server, asio::buffer("m", 1), [](error_code, std::size_t) {});
  world.run_until(at(3s));
  EXPECT_EQ(byte, 'm');
}

// The code that serves real sockets serves these.
TEST_F(StreamTest, ATransportConnectionRidesOnIt) {
  connect_both();
  std::string received;
  std::optional<error_code> ended;
  using Connection = transport::Connection<Stream>;
  auto sender = std::make_shared<Connection>(std::move(*client), Connection::Owner{});
  auto receiver = std::make_shared<Connection>(
      std::move(*server), Connection::Owner{.received =
                                                [&](std::span<const std::byte> bytes) {
                                                  received.append(
                                                      reinterpret_cast<const char*>(bytes.data()),
                                                      bytes.size());
                                                },
                                            .drained = {},
                                            .ended = [&](error_code error) { ended = error; }});
  sender->start();
  receiver->start();
  sender->send(Bytes::copy("one "));
  sender->send(Bytes::copy("two"));
  sender->flush();
  world.run_until(at(2s));
  EXPECT_EQ(received, "one two");
  sender->close();
  world.run_until(at(3s));
  EXPECT_EQ(ended, asio::error::eof);
}

}  // namespace
}  // namespace mq::sim
