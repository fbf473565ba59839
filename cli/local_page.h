// HTTP for one user of this machine: on loopback only, below a path that nobody can guess, and
// answering only what names this very address, so that no other page and no other user gets in.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace mq::cli {

struct PageAnswer {
  std::string body;  // empty: there is no such page
  std::string type = "text/plain; charset=utf-8";
};

class LocalPage {
 public:
  // `answer` gets the path behind the token: "", "state". `posted` is true for POST.
  using Answer = std::function<PageAnswer(const std::string& path, bool posted)>;

  // Throws std::system_error if the port cannot be had; 0 takes a free one.
  LocalPage(boost::asio::io_context& context, std::uint16_t port, Answer answer);
  ~LocalPage();

  std::string url() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mq::cli
