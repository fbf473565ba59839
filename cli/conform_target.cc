#include "cli/conform_target.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>
#include <variant>

#include "cli/conform_client.h"
#include "conformance/runner/address.h"
#include "conformance/runner/target_file.h"
#include "installation/installation.h"

namespace mq::cli {
namespace {

// A file as it is, or a complaint.
std::optional<std::string> text_in(const std::string& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    fmt::print(stderr, "mqttlab conform: {}: a folder; expected a file\n", file);
    return std::nullopt;
  }
  std::ostringstream text;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    fmt::print(stderr, "mqttlab conform: {}: {}\n", file, std::strerror(errno));
    return std::nullopt;
  }
  if (text << stream.rdbuf()) return text.str();
  fmt::print(stderr, "mqttlab conform: {}: it is empty\n", file);
  return std::nullopt;
}

bool complain(const std::string& file, const scenario::Problems& problems) {
  for (const scenario::Problem& problem : problems)
    fmt::print(stderr, "{}\n", scenario::to_text(file, problem));
  return !problems.empty();
}

}  // namespace

bool describe_target(const ConformFlags& flags, conformance::Target& target) {
  target.name = flags.target;
  if (conformance::looks_like_url(flags.target)) {
    auto address = conformance::address_in(flags.target);
    if (const auto* none = std::get_if<conformance::NoAddress>(&address)) {
      fmt::print(stderr, "mqttlab: `{}`: {}\n", flags.target, none->why);
      return false;
    }
    target.address = std::get<conformance::Address>(std::move(address));
  }
  if (!flags.target_file.empty()) {
    const auto text = text_in(flags.target_file);
    if (!text) return false;
    const std::string folder = std::filesystem::path(flags.target_file).parent_path().string();
    if (complain(flags.target_file, conformance::read_target(*text, folder, target))) return false;
  }
  if (!flags.ca_file.empty()) {
    if (!text_in(flags.ca_file)) return false;
    target.ca_file = flags.ca_file;
  }
  if (flags.insecure) target.checks_certificate_name = false;
  return true;
}

std::string expectations_file(const ConformFlags& flags) {
  if (!flags.expectations.empty()) return flags.expectations;
  const std::string name = flags.client.empty() ? flags.target : expectations_name(flags.client);
  if (name.empty() || conformance::looks_like_url(name) || name.find('/') != std::string::npos)
    return {};
  const std::string file = data_folder("conformance/expectations") + "/" + name + ".yaml";
  return std::filesystem::exists(file) || flags.updates_expectations ? file : "";
}

bool read_expectations_file(const std::string& file, bool may_be_new,
                            const conformance::Library& library,
                            conformance::Expectations& expectations) {
  if (file.empty() || (may_be_new && !std::filesystem::exists(file))) return true;
  const auto text = text_in(file);
  if (!text || complain(file, conformance::read_expectations(*text, expectations))) return false;
  for (const std::string& idle : conformance::idle_patterns(expectations, library))
    fmt::print(stderr, "{}:{}\n", file, idle);
  return true;
}

}  // namespace mq::cli
