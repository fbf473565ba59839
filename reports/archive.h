// Structs to JSON and back by one description per struct: `fields(io, value)` names each member
// once, and an Archive either writes it or reads it. So what is written can always be read.
// Only for the .cc files that own such descriptions (it brings in Boost.JSON).
#pragma once

#include <boost/json.hpp>
#include <charconv>
#include <concepts>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/ensure.h"
#include "base/time.h"
#include "reports/text/escape.h"

namespace mq::report {

// The words of an enum, counted from its value `first`. Found by overload for each enum.
struct Words {
  std::span<const char* const> words;
  int first = 0;
};

// The first thing that did not fit while reading: "findings[2].promise: not a string".
struct Fault {
  std::string text;
  explicit operator bool() const { return !text.empty(); }
  void at(std::string_view path, std::string_view what) {
    if (text.empty()) text = std::string(path) + ": " + std::string(what);
  }
};

class WriteFields {
 public:
  static constexpr bool reads = false;
  explicit WriteFields(boost::json::object& into) : into_(into) {}
  template <class T>
  void operator()(std::string_view key, const T& value) {
    into_.emplace(key, value_of(value));
  }

  // A member that older files do not have.
  template <class T>
  void since_then(std::string_view key, const T& value) {
    (*this)(key, value);
  }

  template <class T>
  static boost::json::value value_of(const T& value);

 private:
  boost::json::object& into_;
};

class ReadFields {
 public:
  static constexpr bool reads = true;
  ReadFields(const boost::json::object& from, std::string path, Fault& fault)
      : from_(from), path_(std::move(path)), fault_(fault) {}
  template <class T>
  void operator()(std::string_view key, T& value) {
    const std::string path = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
    const boost::json::value* found = from_.if_contains(key);
    if (found == nullptr) return fault_.at(path, "missing");
    read(*found, value, path, fault_);
  }

  template <class T>
  void since_then(std::string_view key, T& value) {
    if (from_.if_contains(key) != nullptr) (*this)(key, value);
  }

  template <class T>
  static void read(const boost::json::value& from, T& into, const std::string& path, Fault& fault);

 private:
  const boost::json::object& from_;
  std::string path_;
  Fault& fault_;
};

// ---- Which shape a type has ---------------------------------------------------------------------

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_duration = false;
template <class R, class P>
inline constexpr bool is_duration<std::chrono::duration<R, P>> = true;
template <class T>
concept Worded = std::is_enum_v<T> && requires(T t) {
  { words_of(t) } -> std::same_as<Words>;
};

// Boost.JSON reads the last bits of a double inexactly: with nine digits, what is read is written
// the same again.
inline double nine_digits(double value) {
  char text[32];
  double rounded = value;
  const auto end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::general, 9).ptr;
  std::from_chars(text, end, rounded);
  return rounded;
}

template <class T>
boost::json::value WriteFields::value_of(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return boost::json::string(well_formed(value));
  } else if constexpr (std::is_same_v<T, double>) {
    return nine_digits(value);
  } else if constexpr (std::is_arithmetic_v<T>) {
    return value;
  } else if constexpr (Worded<T>) {
    const Words w = words_of(value);
    const auto position = static_cast<std::size_t>(static_cast<int>(value) - w.first);
    ensure(position < w.words.size(), "every value of an enum that is written has its word");
    return boost::json::string(w.words[position]);
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<std::underlying_type_t<T>>(value);
  } else if constexpr (std::is_same_v<T, Instant>) {
    return value.time_since_epoch().count();
  } else if constexpr (is_duration<T>) {
    return value.count();
  } else if constexpr (is_optional<T>) {
    return value ? value_of(*value) : boost::json::value(nullptr);
  } else if constexpr (is_vector<T>) {
    boost::json::array all;
    all.reserve(value.size());
    for (const auto& one : value) all.push_back(value_of(one));
    return all;
  } else {
    boost::json::object object;
    WriteFields io(object);
    fields(io, const_cast<T&>(value));  // writing does not change it
    return object;
  }
}

// Sums and differences of what is read must not overflow; 36 years in nanoseconds.
inline constexpr std::int64_t time_max = std::int64_t{1} << 60;

template <class T>
bool read_number(const boost::json::value& from, T& into) {
  boost::system::error_code failed;
  if (from.is_number()) into = from.to_number<T>(failed);
  return from.is_number() && !failed;
}

template <class T>
bool read_word(const boost::json::value& from, T& into) {
  const Words w = words_of(T{});
  if (!from.is_string()) return false;
  for (std::size_t i = 0; i < w.words.size(); ++i) {
    if (from.get_string() != w.words[i]) continue;
    into = static_cast<T>(static_cast<int>(i) + w.first);
    return true;
  }
  return false;
}

template <class T>
void read_vector(const boost::json::value& from, std::vector<T>& into, const std::string& path,
                 Fault& fault) {
  if (!from.is_array()) return fault.at(path, "not a list");
  into.clear();
  into.reserve(from.get_array().size());
  for (const auto& one : from.get_array()) {
    if (fault) return;
    const std::string place = path + "[" + std::to_string(into.size()) + "]";
    ReadFields::read(one, into.emplace_back(), place, fault);
  }
}

template <class T>
void ReadFields::read(const boost::json::value& from, T& into, const std::string& path,
                      Fault& fault) {
  if (fault) return;
  if constexpr (std::is_same_v<T, std::string>) {
    if (!from.is_string()) return fault.at(path, "not a string");
    into = from.get_string();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!from.is_bool()) return fault.at(path, "not true or false");
    into = from.get_bool();
  } else if constexpr (std::is_arithmetic_v<T>) {
    if (!read_number(from, into)) fault.at(path, "not a number that fits");
  } else if constexpr (Worded<T>) {
    if (!read_word(from, into)) fault.at(path, "not one of the words that are allowed here");
  } else if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    if (!read_number(from, number)) return fault.at(path, "not a number that fits");
    into = static_cast<T>(number);
  } else if constexpr (std::is_same_v<T, Instant>) {
    Duration since{};
    read(from, since, path, fault);
    into = Instant(since);
  } else if constexpr (is_duration<T>) {
    typename T::rep ticks{};
    if (!read_number(from, ticks)) return fault.at(path, "not a whole number");
    if (ticks > time_max || ticks < -time_max) return fault.at(path, "too long a time");
    into = T(ticks);
  } else if constexpr (is_optional<T>) {
    if (from.is_null()) return into.reset();
    read(from, into.emplace(), path, fault);
  } else if constexpr (is_vector<T>) {
    read_vector(from, into, path, fault);
  } else {
    if (!from.is_object()) return fault.at(path, "not an object");
    ReadFields io(from.get_object(), path, fault);
    fields(io, into);
  }
}

}  // namespace mq::report
