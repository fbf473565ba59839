// The clock of a core on real sockets, and the one timer for its deadline.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "base/time.h"

namespace mq::transport {

class CoreClock {
 public:
  explicit CoreClock(boost::asio::io_context& context)
      : epoch_(std::chrono::steady_clock::now()), timer_(context) {}

  // Since this clock was made.
  Instant now() const {
    return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - epoch_));
  }

  // Calls `due` at the deadline, unless another one, or none, is kept before.
  template <class Due>
  void keep(std::optional<Instant> deadline, Due due) {
    if (deadline == kept_) return;
    kept_ = deadline;
    if (!deadline) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(epoch_ + deadline->time_since_epoch());
    timer_.async_wait([this, due = std::move(due)](boost::system::error_code error) {
      if (error) return;
      kept_.reset();
      due();
    });
  }

  // For an owner that is at its end: nothing is called any more.
  void cancel() { timer_.cancel(); }

 private:
  const std::chrono::steady_clock::time_point epoch_;
  boost::asio::steady_timer timer_;
  std::optional<Instant> kept_;
};

}  // namespace mq::transport
