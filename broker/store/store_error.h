// Why a store cannot be opened. Thrown by the constructor and by recover(), never later: what goes
// wrong while a broker serves is a value (SqliteStore::problem).
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace mq::broker {

class StoreError : public std::runtime_error {
 public:
  enum class Kind {
    cannot_open,    // no such folder, no permission
    read_only,      //
    full,           // no room to begin with
    locked,         // by another broker
    not_a_store,    // a file of something else
    newer_version,  // written by a later mqttlab
    damaged,        // `damage` names what; --repair keeps the rest
    failed,         // the disk reports an error
  };

  StoreError(Kind kind, const std::string& text, std::vector<std::string> damage = {})
      : std::runtime_error(text), kind_(kind), damage_(std::move(damage)) {}

  Kind kind() const { return kind_; }
  // One line for each thing that is wrong; the first ones if there are very many.
  const std::vector<std::string>& damage() const { return damage_; }

 private:
  Kind kind_;
  std::vector<std::string> damage_;
};

}  // namespace mq::broker
