// The orders that wait for poll(). A small thing per order, because fan-out makes thousands.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "broker/core/broker.h"

namespace mq::broker {

class Outbox {
 public:
  void send(LinkId link, Bytes bytes) {
    items_.push_back({Kind::send, Rule::none, link, std::move(bytes)});
  }
  void close(LinkId link, Rule because) { items_.push_back({Kind::close, because, link, {}}); }
  void read(LinkId link, bool on) {
    items_.push_back({on ? Kind::read : Kind::pause, Rule::none, link, {}});
  }
  std::uint64_t persist(Record record) {
    persists_.push_back({++sequence_, std::move(record)});
    items_.push_back({Kind::persist, Rule::none, {}, {}});
    return sequence_;
  }
  void authenticate(Authenticate question) {
    questions_.push_back(std::move(question));
    items_.push_back({Kind::question, Rule::none, {}, {}});
  }
  void note(Note note) {
    notes_.push_back(std::move(note));
    items_.push_back({Kind::note, Rule::none, {}, {}});
  }

  std::uint64_t last_sequence() const { return sequence_; }
  std::optional<Output> poll();

 private:
  enum class Kind : std::uint8_t { send, close, read, pause, persist, note, question };
  struct Item {
    Kind kind;
    Rule rule;
    LinkId link;
    Bytes bytes;
  };

  std::vector<Item> items_;
  std::vector<Persist> persists_;  // in the order of their items, as the two below
  std::vector<Note> notes_;
  std::vector<Authenticate> questions_;
  std::size_t next_item_ = 0;
  std::size_t next_persist_ = 0;
  std::size_t next_note_ = 0;
  std::size_t next_question_ = 0;
  std::uint64_t sequence_ = 0;
};

}  // namespace mq::broker
