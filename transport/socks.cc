#include "transport/socks.h"

#include <boost/asio/ip/address.hpp>
#include <utility>

namespace mq::transport {
namespace {

constexpr char version = 5;
constexpr char without_login = 0;
constexpr char by_password = 2;

const char* words_for(unsigned char reply) {
  switch (reply) {
    case 1:
      return "general failure";
    case 2:
      return "its rules do not allow it";
    case 3:
      return "the network is unreachable";
    case 4:
      return "the host is unreachable";
    case 5:
      return "the connection was refused";
    case 6:
      return "it took too long";
    case 7:
      return "it makes no connections";
    case 8:
      return "it does not know this kind of address";
    default:
      return "for a reason that is not known";
  }
}

std::string prefixed(const std::string& text) {
  return std::string(1, static_cast<char>(text.size())) + text;
}

std::string request_for(const SocksClientOptions& options) {
  std::string text{version, 1, 0};
  boost::system::error_code is_name;
  const auto address = boost::asio::ip::make_address(options.host, is_name);
  if (is_name) {
    text += '\3';
    text += prefixed(options.host);
  } else if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    text += '\1';
    text.append(bytes.begin(), bytes.end());
  } else {
    const auto bytes = address.to_v6().to_bytes();
    text += '\4';
    text.append(bytes.begin(), bytes.end());
  }
  text += static_cast<char>(options.port >> 8);
  text += static_cast<char>(options.port);
  return text;
}

class SocksClient final : public Layer {
 public:
  explicit SocksClient(SocksClientOptions options) : options_(std::move(options)) {}

  void begin(Sides& sides) override {
    const bool may_log_in = !options_.user.empty();
    say(may_log_in ? std::string{version, 2, without_login, by_password}
                   : std::string{version, 1, without_login},
        sides);
  }

  void from_peer(std::span<const std::byte> bytes, Sides& sides) override {
    if (awaited_ == Awaited::nothing) {
      if (!failed_) sides.to_owner(bytes);
      return;
    }
    heard_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (awaited_ != Awaited::nothing && advance(sides)) {
    }
    if (awaited_ != Awaited::nothing || failed_ || heard_.empty()) return;
    const std::string rest = std::exchange(heard_, {});
    sides.to_owner(std::as_bytes(std::span(rest)));
  }

  void from_owner(std::span<const std::byte> bytes, Sides& sides) override { sides.to_peer(bytes); }
  void close(Sides&) override {}
  void tell(LinkFacts&) const override {}
  std::string waits_for() const override { return "answer of the SOCKS proxy"; }

 private:
  enum class Awaited : std::uint8_t { method, login, reply, nothing };

  static void say(const std::string& text, Sides& sides) {
    sides.to_peer(std::as_bytes(std::span(text)));
  }
  bool fail(const std::string& why, Sides& sides) {
    awaited_ = Awaited::nothing;
    failed_ = true;
    sides.failed("the SOCKS proxy: " + why);
    return false;
  }
  unsigned char heard(std::size_t at) const { return static_cast<unsigned char>(heard_[at]); }

  // False: more has to be heard first, or it is over.
  bool advance(Sides& sides) {
    if (heard_.empty()) return false;
    if (heard_[0] != (awaited_ == Awaited::login ? 1 : version))
      return fail("it does not speak SOCKS5", sides);
    if (awaited_ == Awaited::reply) return take_reply(sides);
    if (heard_.size() < 2) return false;
    const char answer = heard_[1];
    heard_.erase(0, 2);
    if (awaited_ == Awaited::login) {
      if (answer != 0) return fail("user name or password are refused", sides);
    } else if (answer == by_password && !options_.user.empty()) {
      awaited_ = Awaited::login;
      say('\1' + prefixed(options_.user) + prefixed(options_.password), sides);
      return true;
    } else if (answer != without_login) {
      return fail(options_.user.empty() ? "it wants a user name and a password"
                                        : "it wants another way to log in than a password",
                  sides);
    }
    awaited_ = Awaited::reply;
    say(request_for(options_), sides);
    return true;
  }

  // Its address at the other side is of no interest, only how long it is.
  bool take_reply(Sides& sides) {
    if (heard_.size() < 2) return false;
    if (heard(1) != 0) return fail(words_for(heard(1)), sides);
    if (heard_.size() < 5) return false;
    const std::size_t address = heard_[3] == 1 ? 4 : heard_[3] == 4 ? 16 : heard(4) + 1u;
    if (heard_[3] != 1 && heard_[3] != 3 && heard_[3] != 4)
      return fail("an answer that is none", sides);
    const std::size_t size = 4 + address + 2;
    if (heard_.size() < size) return false;
    heard_.erase(0, size);
    awaited_ = Awaited::nothing;
    sides.opened();
    return false;
  }

  const SocksClientOptions options_;
  Awaited awaited_ = Awaited::method;
  bool failed_ = false;
  std::string heard_;
};

}  // namespace

std::unique_ptr<Layer> socks_client_layer(SocksClientOptions options) {
  return std::make_unique<SocksClient>(std::move(options));
}

}  // namespace mq::transport
