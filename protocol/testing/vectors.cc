#include "protocol/testing/vectors.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace mq {
namespace {

struct Block {
  std::size_t line = 0;
  std::string name, in, hex, is, breaks, again;
};

class File {
 public:
  explicit File(const std::filesystem::path& path)
      : name_(path.filename().string()), stream_(path) {
    if (!stream_) throw std::runtime_error("cannot read " + path.string());
  }

  void append_to(std::vector<Vector>& all) {
    Block block;
    std::string* field = nullptr;
    for (std::string line; std::getline(stream_, line);) {
      ++line_;
      if (line.starts_with('#')) continue;
      if (line.empty()) {
        finish(block, all);
        block = {};
        field = nullptr;
      } else if (line.starts_with(' ')) {
        if (field == nullptr) refuse("a continuation of nothing");
        field->append(1, '\n').append(line);
      } else {
        if (block.line == 0) block.line = line_;
        field = begin_field(block, line);
      }
    }
    finish(block, all);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw std::runtime_error(place(line_) + ": " + why);
  }
  std::string place(std::size_t line) const { return name_ + ":" + std::to_string(line); }

  std::string* begin_field(Block& block, const std::string& line) const {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) refuse("no key");
    const std::string key = line.substr(0, colon);
    std::string* field = key == "name"     ? &block.name
                         : key == "in"     ? &block.in
                         : key == "hex"    ? &block.hex
                         : key == "is"     ? &block.is
                         : key == "breaks" ? &block.breaks
                         : key == "again"  ? &block.again
                                           : nullptr;
    if (field == nullptr || !field->empty()) refuse("an unknown or repeated key: " + key);
    *field = line.substr(colon + 2);
    return field;
  }

  static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }

  // `41 "text" 78*300 # comment`.
  std::vector<std::byte> bytes(std::string_view text) const {
    std::vector<std::byte> out;
    for (std::size_t at = 0; at < text.size();) {
      const char c = text[at];
      if (c == ' ' || c == '\n') {
        ++at;
      } else if (c == '#') {
        at = std::min(text.find('\n', at), text.size());
      } else if (c == '"') {
        const std::size_t end = text.find('"', at + 1);
        if (end == std::string_view::npos) refuse("a quote that does not end");
        for (char in : text.substr(at + 1, end - at - 1)) out.push_back(static_cast<std::byte>(in));
        at = end + 1;
      } else {
        if (at + 1 == text.size() || digit(c) < 0 || digit(text[at + 1]) < 0) refuse("bad hex");
        const auto byte = static_cast<std::byte>(digit(c) * 16 + digit(text[at + 1]));
        at += 2;
        std::size_t count = 1;
        if (at < text.size() && text[at] == '*') count = number(text, ++at);
        out.insert(out.end(), count, byte);
      }
    }
    return out;
  }

  std::size_t number(std::string_view text, std::size_t& at) const {
    std::size_t value = 0;
    const std::size_t begin = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
      value = value * 10 + static_cast<std::size_t>(text[at] - '0');
    if (at == begin || value > 1'000'000) refuse("a bad count");
    return value;
  }

  // `"<<x*300>>"` stands for 300 times x.
  std::string unfolded(std::string text) const {
    for (std::size_t at; (at = text.find("<<")) != std::string::npos;) {
      const std::size_t end = text.find(">>", at);
      if (end == std::string::npos || text[at + 3] != '*') refuse("a bad repetition");
      std::size_t digits = at + 4;
      text.replace(at, end + 2 - at, std::string(number(text, digits), text[at + 2]));
    }
    return text;
  }

  Version version(const std::string& word) const {
    for (const Version v : {Version::v3_1, Version::v3_1_1, Version::v5})
      if (word == mq::name(v)) return v;
    refuse("an unknown version: " + word);
  }

  Sender sender(const std::string& word) const {
    if (word == "client") return Sender::client;
    if (word == "server") return Sender::server;
    refuse("an unknown sender: " + word);
  }

  void finish(const Block& block, std::vector<Vector>& all) const {
    if (block.line == 0) return;
    if (block.name.empty() || block.hex.empty()) refuse("a block needs a name and hex");
    if (block.is.empty() == block.breaks.empty()) refuse("a block needs either is or breaks");
    std::vector<Version> versions;
    std::vector<Sender> senders;
    std::istringstream words(block.in);
    std::string word;
    while (words >> word && word != "from") versions.push_back(version(word));
    while (words >> word)
      if (word != "or") senders.push_back(sender(word));
    if (versions.empty() || senders.empty()) refuse("in: VERSION... from SENDER [or SENDER]");
    const auto wire = bytes(block.hex);
    const auto again = block.again.empty() ? wire : bytes(block.again);
    for (const Version v : versions)
      for (const Sender from : senders)
        all.push_back({block.name, place(block.line), v, from, wire, unfolded(block.is),
                       block.breaks, again});
  }

  std::string name_;
  std::ifstream stream_;
  std::size_t line_ = 0;
};

}  // namespace

std::vector<Vector> read_vectors(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Vector> all;
  for (const auto& path : paths) File(path).append_to(all);
  return all;
}

}  // namespace mq
