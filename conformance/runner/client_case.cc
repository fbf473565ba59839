#include "conformance/runner/client_case.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/overloaded.h"
#include "client/puppet/puppet.h"
#include "scenarios/language/units.h"

namespace mq::conformance {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr int by_signal = 128;  // and the signal's number, as a status
constexpr auto dying_takes = 20ms;
constexpr auto looks_every = 20ms;  // whether the program has ended
constexpr std::size_t line_bytes_max = 1 << 20;

// Its reading end and its writing end, closed in programs that are started.
std::pair<int, int> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  return {ends[0], ends[1]};
}

bool hears(const std::vector<Step>& steps, const std::string& word) {
  for (const Step& step : steps) {
    if (step.verb == Verb::hear && step.word == word) return true;
    for (const Branch& branch : step.branches)
      if (hears(branch.steps, word)) return true;
  }
  return false;
}

// `payload_hex=6869` says the same as `payload=hi`, for programs that can write nothing else.
void from_hex(Order::Fields& fields) {
  for (auto& [name, value] : fields) {
    if (!name.ends_with("_hex")) continue;
    name.resize(name.size() - 4);
    std::string bytes;
    for (std::size_t at = 0; at + 1 < value.size(); at += 2)
      bytes += static_cast<char>(std::strtoul(value.substr(at, 2).c_str(), nullptr, 16));
    value = bytes;
  }
}

}  // namespace

ClientCase::ClientCase(asio::io_context& context, const Case& one,
                       const peers::ClientAdapter& adapter, Surroundings around, Duration limit,
                       Done done)
    : context_(context),
      adapter_(adapter),
      limit_(limit),
      one_(one),
      may_refuse_(hears(one.steps, "failed")),
      version_(one.version),
      play_(one, std::move(around)),
      done_(std::move(done)),
      clock_(context),
      limit_timer_(context),
      end_timer_(context),
      acceptor_(context),
      input_(context),
      output_(context) {}

void ClientCase::start() {
  limit_timer_.expires_after(limit_);
  limit_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->is_over_) return;
    self->play_.abandon("the case took longer than " + scenario::to_text(self->limit_),
                        self->now());
    self->act();
  });
  try {
    acceptor_ = tcp::acceptor(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    accept();
    play_.start(now());
  } catch (const std::exception& error) {
    play_.abandon(error.what(), now());
  }
  act();
}

void ClientCase::act() {
  if (is_over_) return;
  while (const auto order = play_.poll_order()) obey(*order);
  while (auto action = play_.poll())
    std::visit(overloaded{[](const OpenLink&) {},
                          [this](const SendOnLink& send) {
                            const auto link = links_.at(send.link);
                            link->send(Bytes::copy(send.bytes));
                            link->flush();
                          },
                          [this](const EndLink& end) { this->end(end); }},
               *action);
  if (play_.is_over()) return finish();
  // What has arrived by the deadline is looked at before it is said to be missing.
  clock_.keep(play_.deadline(), [self = shared_from_this()] {
    asio::post(self->context_, [self] {
      if (self->is_over_) return;
      self->play_.on_tick(self->now());
      self->act();
    });
  });
}

// ---- The program

void ClientCase::obey(const Order& order) {
  try {
    if (order.verb == "start") return launch(order);
    if (adapter_.speaks_lines) return tell(order.verb, order.fields);
    play_.abandon("this client is told nothing", now());
  } catch (const std::exception& error) {
    play_.abandon("the client cannot be started: " + std::string(error.what()), now());
  }
}

void ClientCase::launch(const Order& order) {
  const std::string port = std::to_string(acceptor_.local_endpoint().port());
  std::map<std::string, std::string> given{
      {"host", "127.0.0.1"},
      {"port", port},
      {"url",
       needs(one_, "websocket") ? "ws://127.0.0.1:" + port + "/mqtt" : "mqtt://127.0.0.1:" + port},
      {"program", adapter_.programs.empty() ? "" : adapter_.programs.front()}};
  for (const auto& [name, value] : order.fields) given.insert({name, value});
  for (const auto& [name, value] : order.then_fields) given[name] = value;
  given.insert({"qos", "0"});
  given["version"] = version_ == Version::v5 ? "5" : "3.1.1";
  const bool at_once = !adapter_.speaks_lines && !order.then.empty();
  const auto command = peers::client_command(adapter_, at_once ? order.then : "connect", given);
  const auto [their_input, our_output] = make_pipe();
  const auto [our_input, their_output] = make_pipe();
  input_.assign(our_output);
  output_.assign(our_input);
  try {
    process_ = std::make_unique<peers::Process>(peers::Process::Start{
        .command = command, .input_from = their_input, .output_to = their_output});
  } catch (...) {
    ::close(their_input);
    ::close(their_output);
    throw;
  }
  ::close(their_input);
  ::close(their_output);
  read();
  watch_end();
  if (!adapter_.speaks_lines) return;
  if (!order.then.empty()) then_ = Order{order.then, order.then_fields, {}, {}};
  tell("connect", order.fields);
}

void ClientCase::tell(const std::string& verb, const Order::Fields& fields) {
  to_write_ += client::to_line(verb, fields) + "\n";
  write();
}

void ClientCase::write() {
  if (!writing_.empty() || to_write_.empty() || !input_.is_open()) return;
  writing_ = std::exchange(to_write_, {});
  asio::async_write(input_, asio::buffer(writing_),
                    [self = shared_from_this()](error_code error, std::size_t) {
                      self->writing_.clear();
                      if (!error && !self->is_over_) self->write();
                    });
}

void ClientCase::read() {
  output_.async_read_some(
      asio::buffer(buffer_), [self = shared_from_this()](error_code error, std::size_t bytes) {
        if (self->is_over_) return;
        self->read_.append(self->buffer_.data(), bytes);
        for (std::size_t end; (end = self->read_.find('\n')) != std::string::npos;) {
          const std::string line = self->read_.substr(0, end);
          self->read_.erase(0, end + 1);
          self->hear(line);
          if (self->is_over_) return;
        }
        if (self->read_.size() > line_bytes_max) self->read_.clear();
        if (!error) self->read();
      });
}

void ClientCase::hear(const std::string& text) {
  client::Line line = client::line_of(text);
  last_line_ = text;
  from_hex(line.words);
  if (line.word == "connected" && then_) {
    const Order then = *std::exchange(then_, std::nullopt);
    tell(then.verb, then.fields);
  }
  play_.on_told({line.word, std::move(line.words)}, now());
  act();
}

void ClientCase::watch_end() {
  end_timer_.expires_after(looks_every);
  end_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->is_over_) return;
    if (const auto status = self->process_->ended()) return self->on_ended(*status);
    self->watch_end();
  });
}

std::string ClientCase::how_it_ended(int status) const {
  std::string how = "the client program has ended ";
  how += status > by_signal ? "by signal " + std::to_string(status - by_signal) + " (" +
                                  ::strsignal(status - by_signal) + ")"
                            : "with status " + std::to_string(status);
  return last_line_.empty() ? how : how + ": " + last_line_;
}

void ClientCase::on_ended(int status) {
  const bool is_dead = status > by_signal;
  const std::string how = how_it_ended(status);
  // A program for one thing that never tried to connect was not tested.
  if (!has_connected_ && !is_dead && !may_refuse_)
    play_.on_told({"unsupported", {{"why", how}}}, now());
  play_.on_gone(is_dead ? Play::Death::by_signal : Play::Death::orderly, how, now());
  act();
}

// ---- Its connections

void ClientCase::accept() {
  acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
    if (self->is_over_ || error == asio::error::operation_aborted) return;
    if (!error) self->take(std::move(socket));
    if (!self->is_over_) self->accept();
  });
}

void ClientCase::take(tcp::socket socket) {
  has_connected_ = true;
  const LinkNumber link = play_.on_arrival(now());
  const auto made = std::make_shared<SocketLink>(std::move(socket));
  links_[link] = made;
  const auto self = shared_from_this();
  made->own({.opened = {},
             .received =
                 [self, link](std::span<const std::byte> bytes) {
                   if (self->is_over_) return;
                   self->play_.on_bytes(link, bytes, self->now());
                   self->act();
                 },
             .drained = {},
             .leaving = {},
             .ended =
                 [self, link](error_code error) {
                   if (self->is_over_) return;
                   self->peer_has_closed_ = true;
                   self->play_.on_end(link, end_in_words(error), self->now());
                   self->act();
                 }});
  made->start();
  act();
}

void ClientCase::end(const EndLink& end) {
  const auto link = links_.at(end.link);
  if (end.how == HowToEnd::close) return link->close();
  if (end.how == HowToEnd::half_close) return link->half_close();
  link->reset();
}

void ClientCase::give_up() {
  is_over_ = true;
  let_go();
}

void ClientCase::let_go() {
  limit_timer_.cancel();
  end_timer_.cancel();
  clock_.cancel();
  error_code ignored;
  acceptor_.close(ignored);
  input_.close(ignored);
  output_.close(ignored);
  for (auto& [number, link] : std::exchange(links_, {})) link->abort();
  process_.reset();
}

void ClientCase::finish() {
  is_over_ = true;
  Outcome outcome = play_.take_outcome();
  // It may have died of what the script took for an orderly close. Its pipes are still open: they
  // are nothing to die of.
  if (process_ && peer_has_closed_)
    if (const auto status = process_->wait(dying_takes); status && *status > by_signal)
      outcome.verdict = Verdict::fail,
      outcome.failure =
          Failure{one_.place, one_.title, "a client that lives on", how_it_ended(*status)};
  let_go();
  asio::post(context_, [done = std::move(done_), outcome = std::move(outcome)]() mutable {
    done(std::move(outcome));
  });
}

}  // namespace mq::conformance
