// Whole small files, and what the program is called.
#pragma once

#include <optional>
#include <string>

namespace mq::cli {

std::optional<std::string> read_text_file(const std::string& path);

// How the user started us, for commands that are printed: "./mqttlab" from a checkout's launcher.
std::string launcher_name();
// A word as a shell takes it, quoted if it must be.
std::string quote_for_shell(const std::string& word);

}  // namespace mq::cli
