// Whole small files, and what the program is called.
#pragma once

#include <optional>
#include <string>

namespace mq::cli {

std::optional<std::string> read_text_file(const std::string& path);

// How the user started us, for commands that are printed: "./mqttlab" from a checkout's launcher.
std::string launcher_name();

}  // namespace mq::cli
