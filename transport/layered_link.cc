#include "transport/layered_link.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>
#include <vector>

namespace mq::transport {
namespace {

constexpr std::size_t gathered_bytes_max = 16 * 1024;

class LayeredLink final : public Link,
                          public Layer::Sides,
                          public std::enable_shared_from_this<LayeredLink> {
 public:
  LayeredLink(std::shared_ptr<Link> below, std::unique_ptr<Layer> layer, Owner owner,
              std::size_t reading_pauses_over)
      : below_(std::move(below)),
        layer_(std::move(layer)),
        owner_(std::move(owner)),
        reading_pauses_over_(reading_pauses_over) {}

  void own(Owner owner) override { owner_ = std::move(owner); }

  // The link below holds this one until one of them ends.
  void start() override {
    const auto self = shared_from_this();
    below_->own({.opened = [self] { self->on_opened_below(); },
                 .received = [self](std::span<const std::byte> bytes) { self->on_bytes(bytes); },
                 .drained = [self](std::size_t bytes) { self->on_drained(bytes); },
                 .leaving = [self] { self->tell_leaving(); },
                 .ended = [self](error_code error) { self->end(error); }});
    const auto below = below_;
    below->start();
  }

  void send(Bytes bytes) override {
    if (closing_ || left_ || ended_) return;
    backlog_ += bytes.size();
    waiting_.push_back(std::move(bytes));
    hold_reading_if_due();
  }
  void hold_reading(bool held) override {
    if (below_) below_->hold_reading(held);
  }

  void flush() override {
    if (ended_ || converting_) return;
    converting_ = true;
    while (is_open_ && !left_ && !ended_ && !waiting_.empty() &&
           wire_backlog_ < converted_bytes_ahead)
      convert_some();
    converting_ = false;
    if (ended_) return;
    if (closing_ && !said_goodbye_ && (waiting_.empty() || !is_open_ || left_)) {
      said_goodbye_ = true;
      if (!left_) layer_->close(*this);
      if (ended_) return;
      send_wire();
      const auto below = below_;
      below->close();
      return;
    }
    send_wire();
  }

  void close() override {
    closing_ = true;
    flush();
  }

  void abort() override {
    const auto self = shared_from_this();
    end(boost::asio::error::operation_aborted);
  }

  void drop() override {
    dropped_ = true;
    const auto self = shared_from_this();
    end({});
  }

  LinkFacts facts() const override {
    LinkFacts facts;
    layer_->tell(facts);
    return facts;
  }
  std::string failure() const override { return failure_; }

  // ---- Layer::Sides
  void to_peer(std::span<const std::byte> bytes) override {
    if (said_goodbye_to_below_) return;
    wire_.insert(wire_.end(), bytes.begin(), bytes.end());
  }
  bool to_owner(std::span<const std::byte> bytes) override {
    if (!ended_ && !closing_ && !left_ && owner_.received) owner_.received(bytes);
    return !ended_ && !closing_ && !left_;
  }
  void opened() override {
    is_open_ = true;
    if (owner_.opened) owner_.opened();
  }
  void peer_left() override { leave(boost::asio::error::eof); }
  void failed(std::string why) override {
    if (failure_.empty()) failure_ = std::move(why);
    leave(boost::system::errc::make_error_code(boost::system::errc::protocol_error));
  }

 private:
  struct Batch {  // bytes of the wire, and the owner's bytes that are in them
    std::size_t wire;
    std::size_t owners;
  };

  void on_opened_below() {
    layer_->begin(*this);
    settle();
  }

  void on_bytes(std::span<const std::byte> bytes) {
    if (left_) return;
    layer_->from_peer(bytes, *this);
    settle();
  }

  void settle() {
    if (ended_) return;
    if (!left_) return flush();
    send_wire();
    if (ended_ || std::exchange(said_goodbye_to_below_, true)) return;
    tell_leaving();
    if (ended_) return;
    const auto below = below_;
    below->close();
  }

  // Small pieces go through the layer together, large ones as they are.
  void convert_some() {
    std::size_t taken = 1;
    const Bytes first = waiting_.front();
    std::vector<std::byte> gathered;
    if (first.size() < gathered_bytes_max)
      for (taken = 0; taken < waiting_.size(); ++taken) {
        const auto piece = waiting_[taken].span();
        if (gathered.size() + piece.size() > gathered_bytes_max) break;
        gathered.insert(gathered.end(), piece.begin(), piece.end());
      }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
    if (waiting_.empty()) waiting_.shrink_to_fit();
    const std::span<const std::byte> bytes =
        gathered.empty() ? first.span() : std::span<const std::byte>(gathered);
    layer_->from_owner(bytes, *this);
    send_wire(bytes.size());
  }

  void send_wire(std::size_t owners = 0) {
    if (wire_.empty() || ended_) return;
    wire_backlog_ += wire_.size();
    batches_.push_back({wire_.size(), owners});
    below_->send(Bytes::copy(wire_));
    wire_.clear();
    if (wire_.capacity() > 4096) wire_.shrink_to_fit();
    const auto below = below_;
    below->flush();
  }

  void on_drained(std::size_t wire) {
    wire_backlog_ -= std::min(wire_backlog_, wire);
    std::size_t owners = 0;
    std::size_t over = 0;  // batches that have left as a whole
    for (; over < batches_.size() && batches_[over].wire <= wire; ++over) {
      wire -= batches_[over].wire;
      owners += batches_[over].owners;
    }
    if (over < batches_.size()) batches_[over].wire -= wire;
    batches_.erase(batches_.begin(), batches_.begin() + static_cast<std::ptrdiff_t>(over));
    if (batches_.empty()) batches_.shrink_to_fit();
    backlog_ -= std::min(backlog_, owners);
    if (owners > 0 && owner_.drained) owner_.drained(owners);
    if (ended_) return;
    hold_reading_if_due();
    if (!ended_ && !waiting_.empty()) flush();
  }

  // The link below knows only what has been converted.
  void hold_reading_if_due() {
    const bool due = backlog_ > reading_pauses_over_;
    if (due == std::exchange(holds_reading_, due)) return;
    const auto below = below_;
    below->hold_reading(due);
  }

  void leave(error_code why) {
    if (std::exchange(left_, true)) return;
    left_because_ = why;
  }

  void tell_leaving() {
    if (!closing_ && owner_.leaving) owner_.leaving();
  }

  void end(error_code error) {
    if (ended_) return;
    ended_ = true;
    if (left_ && !closing_) error = left_because_;
    if (!is_open_ && error && failure_.empty())
      failure_ = error == boost::asio::error::eof
                     ? "the peer closed the connection during the " + layer_->waits_for()
                     : layer_->waits_for() + ": " + error.message();
    waiting_.clear();
    const auto self = shared_from_this();
    if (const auto below = std::exchange(below_, nullptr)) below->drop();
    if (!dropped_ && owner_.ended) owner_.ended(error);
  }

  std::shared_ptr<Link> below_;
  const std::unique_ptr<Layer> layer_;
  Owner owner_;
  // Vectors, as an empty std::deque takes half a kilobyte; both are short.
  std::vector<Bytes> waiting_;  // not through the layer yet
  std::vector<std::byte> wire_;
  std::vector<Batch> batches_;
  const std::size_t reading_pauses_over_;
  std::size_t backlog_ = 0;       // of the owner's bytes, converted or not
  std::size_t wire_backlog_ = 0;  // converted
  std::string failure_;
  error_code left_because_;
  bool is_open_ = false;
  bool holds_reading_ = false;
  bool converting_ = false;
  bool closing_ = false;
  bool said_goodbye_ = false;
  bool said_goodbye_to_below_ = false;
  bool left_ = false;
  bool dropped_ = false;
  bool ended_ = false;
};

}  // namespace

std::shared_ptr<Link> layered(std::shared_ptr<Link> below, std::unique_ptr<Layer> layer,
                              Link::Owner owner, std::size_t reading_pauses_over) {
  if (!layer) {
    below->own(std::move(owner));
    return below;
  }
  return std::make_shared<LayeredLink>(std::move(below), std::move(layer), std::move(owner),
                                       reading_pauses_over);
}

}  // namespace mq::transport
