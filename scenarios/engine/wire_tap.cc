#include "scenarios/engine/wire_tap.h"

#include <string>
#include <utility>
#include <vector>

namespace mq::scenario {
namespace {

// RFC 8446, 5.1: type, version, and the length of what follows.
constexpr std::size_t record_header_bytes = 5;

std::size_t whole_records(std::span<const std::byte> bytes) {
  std::size_t whole = 0;
  while (bytes.size() - whole >= record_header_bytes) {
    const std::size_t size = record_header_bytes +
                             (std::to_integer<std::size_t>(bytes[whole + 3]) << 8) +
                             std::to_integer<std::size_t>(bytes[whole + 4]);
    if (bytes.size() - whole < size) break;
    whole += size;
  }
  return whole;
}

class WireTapped final : public transport::Layer {
 public:
  WireTapped(std::unique_ptr<transport::Layer> tls,
             std::function<void(std::span<const std::byte>)> hear)
      : tls_(std::move(tls)), records_(std::move(hear)) {}

  void begin(Sides& sides) override {
    Tapped tapped(*this, sides);
    tls_->begin(tapped);
  }
  void from_peer(std::span<const std::byte> bytes, Sides& sides) override {
    Tapped tapped(*this, sides);
    tls_->from_peer(bytes, tapped);
  }
  void from_owner(std::span<const std::byte> bytes, Sides& sides) override {
    Tapped tapped(*this, sides);
    tls_->from_owner(bytes, tapped);
  }
  void close(Sides& sides) override {
    Tapped tapped(*this, sides);
    tls_->close(tapped);
  }
  void tell(transport::LinkFacts& facts) const override { tls_->tell(facts); }
  std::string waits_for() const override { return tls_->waits_for(); }

 private:
  class Tapped final : public Sides {
   public:
    Tapped(WireTapped& tap, Sides& outer) : tap_(tap), outer_(outer) {}
    void to_peer(std::span<const std::byte> bytes) override {
      tap_.records_.listen(bytes);
      outer_.to_peer(bytes);
    }
    bool to_owner(std::span<const std::byte> bytes) override { return outer_.to_owner(bytes); }
    void opened() override { outer_.opened(); }
    void peer_left() override { outer_.peer_left(); }
    void failed(std::string why) override { outer_.failed(std::move(why)); }

   private:
    WireTapped& tap_;
    Sides& outer_;
  };

  const std::unique_ptr<transport::Layer> tls_;
  WholeRecords records_;
};

}  // namespace

void WholeRecords::listen(std::span<const std::byte> bytes) {
  begun_.insert(begun_.end(), bytes.begin(), bytes.end());
  const std::size_t whole = whole_records(begun_);
  if (whole == 0) return;
  hear_(std::span<const std::byte>(begun_).first(whole));
  begun_.erase(begun_.begin(), begun_.begin() + static_cast<std::ptrdiff_t>(whole));
}

std::unique_ptr<transport::Layer> wire_tapped(
    std::unique_ptr<transport::Layer> tls, std::function<void(std::span<const std::byte>)> hear) {
  return std::make_unique<WireTapped>(std::move(tls), std::move(hear));
}

}  // namespace mq::scenario
