// mqttlab completion bash|zsh|fish: a few lines for a shell, which ask `mqttlab complete` for the
// words that may come next. So they never grow old.
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/text_file.h"
#include "cli/verbs.h"
#include "installation/installation.h"

namespace mq::cli {

void add_completion(CLI::App& app, int& exit_code) {
  auto shell = std::make_shared<std::string>();
  Command verb(app, "completion", "print what makes a shell complete mqttlab's command line");
  verb.option("SHELL", *shell, "which shell").required().one_of({"bash", "zsh", "fish"});
  verb.footer(
      "bash: source <(mqttlab completion bash)\n"
      "zsh:  source <(mqttlab completion zsh)      fish: mqttlab completion fish | source");
  verb.runs([shell, &exit_code] {
    const std::string file = data_folder("cli/shells") + "/mqttlab." + *shell;
    const auto text = read_text_file(file);
    if (text) std::fputs(text->c_str(), stdout);
    if (!text) std::fprintf(stderr, "mqttlab completion: %s cannot be read\n", file.c_str());
    exit_code = text ? exit_code::held : exit_code::fault;
  });
}

}  // namespace mq::cli
