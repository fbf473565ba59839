#include "client/pubsub/printer.h"

#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

#include "client/pubsub/format.h"

namespace mq::client {
namespace {

constexpr std::size_t printed_at_once_bytes = 64 * 1024;

// For a terminal.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return text;
}

}  // namespace

void Printer::print(const Publish& message, Session& session) {
  // As mosquitto's clients do: of an empty message only a line with its topic is left.
  const bool has_line_of_its_own = options_.verbose && options_.newline;
  if (options_.format.empty() && message.payload.empty() && !has_line_of_its_own) return;
  const std::string_view plain = !options_.verbose         ? "%p"
                                 : message.payload.empty() ? "%t (null)"
                                                           : "%t %p";
  const bool sound = append_formatted(options_.format.empty() ? plain : options_.format, message,
                                      std::chrono::system_clock::now().time_since_epoch(), text_,
                                      options_.pretty ? JsonLayout::pretty : JsonLayout::compact);
  if (!sound) session.error("the payload is no JSON, on topic " + printable(message.topic));
  if (options_.newline) text_ += '\n';
  if (text_.size() >= printed_at_once_bytes) {
    print_now(session);
  } else if (!std::exchange(is_due_, true)) {
    // Once for all that the present round of events brings.
    boost::asio::post(context_, [this, &session] {
      is_due_ = false;
      print_now(session);
    });
  }
}

bool Printer::print_now(Session& session) {
  const bool taken = std::fwrite(text_.data(), 1, text_.size(), stdout) == text_.size() &&
                     std::fflush(stdout) == 0;
  text_.clear();
  if (taken || session.finishing()) return taken;
  session.error(std::string("cannot write to stdout: ") + std::strerror(errno));
  session.finish(exit_status::fault);
  return false;
}

}  // namespace mq::client
