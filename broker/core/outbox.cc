#include "broker/core/outbox.h"

namespace mq::broker {

namespace {

constexpr std::size_t kept_capacity = 4096;

template <class T>
void clear(std::vector<T>& all, std::size_t& next) {
  all.clear();
  next = 0;
  if (all.capacity() > kept_capacity) all.shrink_to_fit();
}

}  // namespace

std::optional<Output> Outbox::poll() {
  if (next_item_ == items_.size()) {
    clear(items_, next_item_);
    clear(persists_, next_persist_);
    clear(notes_, next_note_);
    clear(questions_, next_question_);
    return std::nullopt;
  }
  Item& item = items_[next_item_++];
  switch (item.kind) {
    case Kind::send:
      return SendBytes{item.link, std::move(item.bytes)};
    case Kind::close:
      return CloseLink{item.link, item.rule};
    case Kind::read:
    case Kind::pause:
      return ReadLink{item.link, item.kind == Kind::read};
    case Kind::persist:
      return std::move(persists_[next_persist_++]);
    case Kind::question:
      return std::move(questions_[next_question_++]);
    case Kind::note:
      break;
  }
  return std::move(notes_[next_note_++]);
}

}  // namespace mq::broker
