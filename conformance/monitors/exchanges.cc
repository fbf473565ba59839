#include "conformance/monitors/exchanges.h"

#include <algorithm>

namespace mq::monitors {
namespace {

constexpr std::size_t printed_bytes = 24;

}  // namespace

void OwedAnswers::add(const Owed& owed) {
  if (head_ == all_.size()) clear();
  if (head_ >= 64 && head_ * 2 > all_.size()) {
    all_.erase(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  all_.push_back(owed);
}

std::optional<OwedAnswers::Taken> OwedAnswers::take(Kind answer, PacketId packet_id) {
  bool in_order = true;
  for (std::size_t i = head_; i < all_.size(); ++i) {
    if (all_[i].answer != answer) continue;
    if (all_[i].packet_id != packet_id) {
      in_order = false;
      continue;
    }
    const Taken taken{all_[i], in_order};
    if (i == head_)
      ++head_;
    else
      all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(i));
    return taken;
  }
  return std::nullopt;
}

void OwedAnswers::clear() {
  all_.clear();
  head_ = 0;
}

std::uint32_t print_of(const Publish& publish) {
  const std::string_view text = publish.payload.text();
  std::uint32_t print = 2166136261U ^ static_cast<std::uint32_t>(text.size());
  for (const char c : text.substr(0, printed_bytes))
    print = (print ^ static_cast<unsigned char>(c)) * 16777619U;
  return print;
}

}  // namespace mq::monitors
