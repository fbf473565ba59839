#include "transport/layer.h"

#include <utility>

namespace mq::transport {
namespace {

class Stacked final : public Layer {
 public:
  Stacked(std::unique_ptr<Layer> lower, std::unique_ptr<Layer> upper)
      : lower_(std::move(lower)), upper_(std::move(upper)) {}

  void begin(Sides& sides) override {
    Below below(*this, sides);
    lower_->begin(below);
  }
  void from_peer(std::span<const std::byte> bytes, Sides& sides) override {
    Below below(*this, sides);
    lower_->from_peer(bytes, below);
  }
  void from_owner(std::span<const std::byte> bytes, Sides& sides) override {
    Above above(*this, sides);
    upper_->from_owner(bytes, above);
  }
  void close(Sides& sides) override {
    if (lower_is_open_) {
      Above above(*this, sides);
      upper_->close(above);
    }
    Below below(*this, sides);
    lower_->close(below);
  }
  void tell(LinkFacts& facts) const override {
    lower_->tell(facts);
    upper_->tell(facts);
  }
  std::string waits_for() const override {
    return lower_is_open_ ? upper_->waits_for() : lower_->waits_for();
  }

 private:
  // What the upper layer sees.
  class Above final : public Sides {
   public:
    Above(Stacked& stack, Sides& outer) : stack_(stack), outer_(outer) {}
    void to_peer(std::span<const std::byte> bytes) override {
      Below below(stack_, outer_);
      stack_.lower_->from_owner(bytes, below);
    }
    bool to_owner(std::span<const std::byte> bytes) override {
      stack_.is_wanted_ = outer_.to_owner(bytes) && stack_.is_wanted_;
      return stack_.is_wanted_;
    }
    void opened() override { outer_.opened(); }
    void peer_left() override {
      end();
      outer_.peer_left();
    }
    void failed(std::string why) override {
      end();
      outer_.failed(std::move(why));
    }

   private:
    void end() {
      stack_.is_wanted_ = false;
      Below below(stack_, outer_);
      stack_.lower_->close(below);
    }

    Stacked& stack_;
    Sides& outer_;
  };

  // What the lower layer sees.
  class Below final : public Sides {
   public:
    Below(Stacked& stack, Sides& outer) : stack_(stack), outer_(outer) {}
    void to_peer(std::span<const std::byte> bytes) override { outer_.to_peer(bytes); }
    bool to_owner(std::span<const std::byte> bytes) override {
      Above above(stack_, outer_);
      stack_.upper_->from_peer(bytes, above);
      return stack_.is_wanted_;
    }
    void opened() override {
      stack_.lower_is_open_ = true;
      Above above(stack_, outer_);
      stack_.upper_->begin(above);
    }
    void peer_left() override { outer_.peer_left(); }
    void failed(std::string why) override { outer_.failed(std::move(why)); }

   private:
    Stacked& stack_;
    Sides& outer_;
  };

  const std::unique_ptr<Layer> lower_;
  const std::unique_ptr<Layer> upper_;
  bool lower_is_open_ = false;
  bool is_wanted_ = true;
};

}  // namespace

std::unique_ptr<Layer> stacked(std::unique_ptr<Layer> lower, std::unique_ptr<Layer> upper) {
  if (!lower) return upper;
  if (!upper) return lower;
  return std::make_unique<Stacked>(std::move(lower), std::move(upper));
}

}  // namespace mq::transport
