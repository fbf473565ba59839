#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <set>
#include <utility>

#include "client/pubsub/commands.h"
#include "client/pubsub/message_source.h"
#include "client/pubsub/options.h"
#include "client/pubsub/session.h"

namespace mq::client {
namespace {

constexpr std::size_t open_orders_max = 500;
constexpr std::size_t backlog_bytes_max = 1024 * 1024;

// The lines of stdin, no faster than they are taken. A regular file is always ready, and epoll
// does not take it.
class Lines {
 public:
  explicit Lines(boost::asio::io_context& context) : context_(context), input_(context) {
    struct stat about {};
    is_file_ = ::fstat(STDIN_FILENO, &about) == 0 && S_ISREG(about.st_mode);
    if (!is_file_) input_.assign(::dup(STDIN_FILENO));
  }

  // The next line without its end; nothing if none is there yet, or no more will come.
  std::optional<std::string> next() {
    const auto end = buffer_.find('\n', from_);
    if (end == std::string::npos) {
      buffer_.erase(0, std::exchange(from_, 0));
      if (!at_end_ || buffer_.empty()) return std::nullopt;
      return std::exchange(buffer_, {});
    }
    std::string line = buffer_.substr(from_, end - from_);
    from_ = end + 1;
    return line;
  }
  bool at_end() const { return at_end_ && from_ >= buffer_.size(); }

  // Calls `then` when more has come, or the end.
  void read_more(std::function<void()> then) {
    if (std::exchange(reading_, true)) return;
    auto read = [this, then = std::move(then)](boost::system::error_code error) {
      reading_ = false;
      if (error) return;
      read_now();
      then();
    };
    if (is_file_)
      boost::asio::post(context_, [read] { read({}); });
    else
      input_.async_wait(boost::asio::posix::stream_descriptor::wait_read, read);
  }

 private:
  void read_now() {
    const std::size_t had = buffer_.size();
    buffer_.resize(had + read_bytes);
    const ssize_t got = ::read(STDIN_FILENO, buffer_.data() + had, read_bytes);
    buffer_.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) at_end_ = true;
  }

  boost::asio::io_context& context_;
  boost::asio::posix::stream_descriptor input_;
  std::string buffer_;
  std::size_t from_ = 0;
  bool is_file_ = false;
  bool at_end_ = false;
  bool reading_ = false;
};

class Publisher {
 public:
  Publisher(PubOptions options, Bytes payload)
      : options_(std::move(options)),
        payload_(std::move(payload)),
        delay_(context_),
        session_(context_, "pub", options_,
                 {.connected = [this](const Connected&) { work(); },
                  .told = [this](const Output& news) { hear(news); },
                  .drained = [this] { work(); }}) {
    if (options_.source.kind == MessageSource::Kind::stdin_lines) lines_.emplace(context_);
  }

  int run() { return session_.run(); }

 private:
  void work() {
    bool needs_lines = false;
    while (!session_.finishing() && session_.driver().connected() && !waiting_ &&
           open_.size() < open_orders_max &&
           session_.driver().backlog_bytes() < backlog_bytes_max) {
      if (lines_) {
        auto line = lines_->next();
        needs_lines = !line;
        if (needs_lines) break;
        publish(Bytes::copy(*line));
      } else {
        if (sent_ == options_.repeat) break;
        publish(payload_);
        wait_for_repetition();
      }
    }
    if (all_was_sent()) {
      if (open_.empty()) session_.finish(status_);
    } else if (needs_lines) {
      lines_->read_more([this] { work(); });
    }
  }

  bool all_was_sent() const { return lines_ ? lines_->at_end() : sent_ == options_.repeat; }

  void wait_for_repetition() {
    if (options_.repeat_delay.count() == 0 || sent_ == options_.repeat) return;
    waiting_ = true;
    delay_.expires_after(options_.repeat_delay);
    delay_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      waiting_ = false;
      work();
    });
  }

  void publish(Bytes payload) {
    ++sent_;
    const Handle handle = session_.next_handle();
    open_.insert(handle);
    session_.driver().give(PublishOrder{handle, Publish{.topic = options_.topic,
                                                        .qos = options_.qos,
                                                        .retain = options_.retain,
                                                        .properties = options_.publish_properties,
                                                        .payload = std::move(payload)}});
  }

  void hear(const Output& news) {
    if (const auto* completed = std::get_if<Completed>(&news)) on_completed(*completed);
  }

  void on_completed(const Completed& completed) {
    using enum Completed::Outcome;
    switch (completed.outcome) {
      case received:
        received_.insert(completed.handle);
        return;
      case session_lost:
        if (!received_.contains(completed.handle)) return;  // it is sent anew
        break;
      case acknowledged:
        session_.debug("published " + std::to_string(static_cast<std::uint64_t>(completed.handle)));
        break;
      default:
        session_.error(failure_of(completed));
        status_ = exit_status::refused;
        break;
    }
    received_.erase(completed.handle);
    open_.erase(completed.handle);
    work();
  }

  boost::asio::io_context context_;
  const PubOptions options_;
  const Bytes payload_;
  boost::asio::steady_timer delay_;
  std::optional<Lines> lines_;
  std::set<Handle> open_;      // without a last outcome
  std::set<Handle> received_;  // of those, QoS 2 past PUBREC
  std::uint32_t sent_ = 0;
  int status_ = exit_status::done;
  bool waiting_ = false;  // for the time of the next repetition
  Session session_;
};

}  // namespace

int pub_main(int argc, char** argv) {
  auto parsed = parse_pub(argc, argv);
  if (const auto* ended = std::get_if<Ended>(&parsed)) return ended->exit_status;
  auto& options = std::get<PubOptions>(parsed);
  auto payload = read_message(options.source, "pub");
  if (!payload) return exit_status::usage;
  return Publisher(std::move(options), std::move(*payload)).run();
}

}  // namespace mq::client
