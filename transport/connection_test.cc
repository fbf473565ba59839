// Connection over a stream that the test plays: what is written in one go, when it is read, and how
// it ends.
#include "transport/connection.h"

#include <gtest/gtest.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mq::transport {
namespace {

using boost::system::error_code;

// What the test and the stream share; the stream itself is moved into the connection.
struct Script {
  std::vector<std::string> writes;
  std::function<void(error_code)> writing;  // empty: no write is under way
  std::function<void(error_code, const std::string&)> reading;
  std::size_t read_room = 0;
  bool closed = false;
  bool shut_down = false;

  void finish_write(error_code error) { std::exchange(writing, nullptr)(error); }
  void finish_read(error_code error, const std::string& bytes) {
    std::exchange(reading, nullptr)(error, bytes);
  }
};

template <bool shuts_down>
class PlayedStream {
 public:
  using executor_type = boost::asio::io_context::executor_type;
  using lowest_layer_type = PlayedStream;

  PlayedStream(boost::asio::io_context& context, Script& script)
      : context_(&context), script_(&script) {}
  executor_type get_executor() const { return context_->get_executor(); }
  PlayedStream& lowest_layer() { return *this; }
  void close(error_code&) { script_->closed = true; }
  void shutdown(boost::asio::socket_base::shutdown_type, error_code&) requires shuts_down {
    script_->shut_down = true;
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [script = script_](auto handler, const Buffers& bytes) {
          std::string all;
          for (auto it = boost::asio::buffer_sequence_begin(bytes);
               it != boost::asio::buffer_sequence_end(bytes); ++it) {
            const boost::asio::const_buffer one = *it;
            all.append(static_cast<const char*>(one.data()), one.size());
          }
          script->writes.push_back(all);
          auto kept = std::make_shared<decltype(handler)>(std::move(handler));
          script->writing = [kept, size = all.size()](error_code error) {
            (*kept)(error, error ? 0 : size);
          };
        },
        token, buffers);
  }

  template <class Buffer, class Token>
  auto async_read_some(const Buffer& buffer, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [script = script_](auto handler, boost::asio::mutable_buffer room) {
          auto kept = std::make_shared<decltype(handler)>(std::move(handler));
          script->read_room = room.size();
          script->reading = [kept, room](error_code error, const std::string& bytes) {
            const std::size_t size = std::min(room.size(), bytes.size());
            std::memcpy(room.data(), bytes.data(), size);
            (*kept)(error, size);
          };
        },
        token, boost::asio::mutable_buffer(buffer));
  }

 private:
  boost::asio::io_context* context_;
  Script* script_;
};

template <bool shuts_down>
class ConnectionTestOf : public testing::Test {
 protected:
  using Stream = PlayedStream<shuts_down>;

  void create(ConnectionOptions options = {}) {
    connection = std::make_shared<Connection<Stream>>(
        Stream(context, script),
        typename Connection<Stream>::Owner{
            .received =
                [this](std::span<const std::byte> bytes) {
                  received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                },
            .drained = [this](std::size_t bytes) { drained += bytes; },
            .ended = [this](error_code error) { ended.push_back(error); }},
        options);
    connection->start();
  }
  void send(const std::string& bytes) { connection->send(Bytes::copy(bytes)); }

  boost::asio::io_context context;
  Script script;
  std::shared_ptr<Connection<Stream>> connection;
  std::string received;
  std::size_t drained = 0;
  std::vector<error_code> ended;
};
using ConnectionTest = ConnectionTestOf<true>;
using ConnectionWithoutShutdown = ConnectionTestOf<false>;

TEST_F(ConnectionTest, WritesAllOfATurnAtOnce) {
  create();
  const std::string large(5000, 'L');
  send("a");
  send("b");
  send(large);
  send("c");
  EXPECT_TRUE(script.writes.empty());
  connection->flush();
  EXPECT_EQ(script.writes, std::vector<std::string>{"ab" + large + "c"});
  script.finish_write({});
  EXPECT_EQ(drained, 5003u);
}

TEST_F(ConnectionTest, GathersWhatComesDuringAWrite) {
  create();
  send("a");
  connection->flush();
  send("b");
  connection->flush();
  send("c");
  EXPECT_EQ(script.writes.size(), 1u);
  script.finish_write({});
  EXPECT_EQ(script.writes, (std::vector<std::string>{"a", "bc"}));
}

TEST_F(ConnectionTest, HandsOnWhatIsRead) {
  create();
  script.finish_read({}, "one");
  script.finish_read({}, "two");
  EXPECT_EQ(received, "onetwo");
}

TEST_F(ConnectionTest, ReadsMoreAtOnceWhileMuchArrivesAndGivesTheRoomBack) {
  create();
  EXPECT_EQ(script.read_room, read_buffer_bytes_min);
  for (int i = 0; i < 10; ++i) script.finish_read({}, std::string(script.read_room, 'x'));
  EXPECT_EQ(script.read_room, read_buffer_bytes_max);
  for (int i = 0; i < 10; ++i) script.finish_read({}, "x");
  EXPECT_EQ(script.read_room, read_buffer_bytes_min);
}

TEST_F(ConnectionTest, ReadsNothingWhileThePeerTakesNothing) {
  create({.reading_pauses_over = 4});
  send("1234");
  connection->flush();
  script.finish_read({}, "at the limit");
  ASSERT_TRUE(script.reading != nullptr);
  send("5");
  script.finish_read({}, "one past it");
  EXPECT_TRUE(script.reading == nullptr);
  script.finish_write({});
  ASSERT_TRUE(script.reading != nullptr);
  EXPECT_EQ(received, "at the limitone past it");
}

TEST_F(ConnectionTest, WritesWhatWasSentBeforeItCloses) {
  create();
  send("last");
  connection->close();
  send("too late");
  EXPECT_FALSE(script.closed);
  script.finish_write({});
  EXPECT_TRUE(script.closed);
  EXPECT_EQ(ended, std::vector<error_code>{error_code{}});
  EXPECT_EQ(script.writes, std::vector<std::string>{"last"});
}

TEST_F(ConnectionTest, AwaitsThePeersEndAndDropsWhatStillComes) {
  create({.close_awaits_peer = true});
  send("last");
  connection->close();
  script.finish_write({});
  EXPECT_TRUE(script.shut_down);
  EXPECT_FALSE(script.closed);
  script.finish_read({}, "late");
  EXPECT_EQ(received, "");
  EXPECT_TRUE(ended.empty());
  script.finish_read(boost::asio::error::eof, "");
  EXPECT_TRUE(script.closed);
  EXPECT_EQ(ended, std::vector<error_code>{error_code{}});
}

TEST_F(ConnectionTest, AwaitsThePeersEndAlsoWhenReadingWasPaused) {
  create({.reading_pauses_over = 0, .close_awaits_peer = true});
  send("last");
  connection->flush();
  script.finish_read({}, "x");
  ASSERT_TRUE(script.reading == nullptr);
  connection->close();
  script.finish_write({});
  ASSERT_TRUE(script.reading != nullptr);
  script.finish_read(boost::asio::error::eof, "");
  EXPECT_EQ(ended.size(), 1u);
}

TEST_F(ConnectionWithoutShutdown, ClosesAtOnceWhereAStreamCannotBeShutDown) {
  create({.close_awaits_peer = true});
  connection->close();
  EXPECT_TRUE(script.closed);
  EXPECT_EQ(ended.size(), 1u);
}

TEST_F(ConnectionTest, TellsTheEndOnce) {
  create();
  send("a");
  connection->flush();
  script.finish_read(boost::asio::error::connection_reset, "");
  EXPECT_EQ(ended, std::vector<error_code>{boost::asio::error::connection_reset});
  script.finish_write(boost::asio::error::operation_aborted);
  connection->close();
  connection->abort();
  EXPECT_EQ(ended.size(), 1u);
}

TEST_F(ConnectionTest, TellsTheEndWhenItIsAborted) {
  create({.close_awaits_peer = true});
  connection->close();
  EXPECT_TRUE(ended.empty());
  connection->abort();
  EXPECT_EQ(ended, std::vector<error_code>{boost::asio::error::operation_aborted});
}

TEST_F(ConnectionTest, TellsNothingWhenItIsDropped) {
  create();
  connection->drop();
  EXPECT_TRUE(script.closed);
  script.finish_read(boost::asio::error::operation_aborted, "");
  EXPECT_TRUE(ended.empty());
}

TEST_F(ConnectionTest, OutlivesAnOwnerThatLetsGoWhenTold) {
  connection = std::make_shared<Connection<Stream>>(
      Stream(context, script),
      Connection<Stream>::Owner{.ended = [this](error_code) { connection.reset(); }});
  Connection<Stream>* const raw = connection.get();
  raw->close();
  EXPECT_EQ(connection, nullptr);
}

}  // namespace
}  // namespace mq::transport
