#include "client/puppet/puppet_main.h"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <charconv>
#include <cstdio>
#include <istream>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "client/driver/driver.h"
#include "client/puppet/puppet.h"

namespace mq::client {
namespace {

namespace asio = boost::asio;

constexpr int usage = 2;

// mqtt://HOST:PORT; nothing for anything else.
std::optional<Endpoint> endpoint_of(std::string_view url) {
  constexpr std::string_view scheme = "mqtt://";
  if (!url.starts_with(scheme)) return std::nullopt;
  url.remove_prefix(scheme.size());
  const std::size_t colon = url.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view digits = url.substr(colon + 1);
  Endpoint endpoint{.host = std::string(url.substr(0, colon))};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return endpoint;
}

void say(const std::string& word, const Words& words) {
  std::puts(to_line(word, words).c_str());
  std::fflush(stdout);
}

class Program {
 public:
  explicit Program(Endpoint endpoint)
      : endpoint_(std::move(endpoint)), input_(context_, ::dup(STDIN_FILENO)) {}

  int run() {
    say("ready", {});
    read();
    context_.run();
    return 0;
  }

 private:
  void read() {
    asio::async_read_until(input_, lines_, '\n',
                           [this](boost::system::error_code error, std::size_t) {
                             if (error) return context_.stop();  // nobody tells us anything more
                             std::string line;
                             std::istream stream(&lines_);
                             std::getline(stream, line);
                             obey(line_of(line));
                             read();
                           });
  }

  void obey(const Line& line) {
    if (line.word == "connect") return connect(line.words);
    if (!driver_) return say("failed", {{"verb", line.word}, {"why", "not connected yet"}});
    auto input = puppet_.order(line.word, line.words);
    if (const auto* why = std::get_if<Unsupported>(&input))
      return say("unsupported", {{"why", why->why}});
    driver_->give(std::get<Input>(std::move(input)));
  }

  void connect(const Words& words) {
    auto settings = settings_of(words);
    if (const auto* why = std::get_if<Unsupported>(&settings))
      return say("unsupported", {{"why", why->why}});
    driver_.emplace(context_, endpoint_, std::get<Settings>(std::move(settings)),
                    std::random_device()(),
                    Driver::Owner{.told =
                                      [this](const Output& output) {
                                        if (const auto reply = puppet_.reply(output))
                                          say(reply->word, reply->words);
                                      },
                                  .link_failed = {},
                                  .drained = {}});
    driver_->give(Start{});
  }

  asio::io_context context_;
  const Endpoint endpoint_;
  asio::posix::stream_descriptor input_;
  asio::streambuf lines_;
  Puppet puppet_;
  std::optional<Driver> driver_;
};

}  // namespace

int puppet_main(int argc, char** argv) {
  const bool help = argc == 2 && std::string_view(argv[1]) == "--help";
  const auto endpoint = argc == 2 ? endpoint_of(argv[1]) : std::nullopt;
  if (help || !endpoint) {
    std::fputs(
        "usage: mqttlab client mqtt://HOST:PORT\n"
        "A client that is told on standard input what to do: docs/conform.md\n",
        help ? stdout : stderr);
    return help ? 0 : usage;
  }
  return Program(*endpoint).run();
}

}  // namespace mq::client
