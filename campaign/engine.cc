#include "campaign/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <string_view>

namespace mq::campaign {
namespace {

constexpr std::uint64_t mib = 1024 * 1024;
// Beside the runs: the program itself and what it keeps in memory of the plan.
constexpr std::uint64_t own_memory_mib = 256;
constexpr std::size_t manifest_bytes_max = 900'000;  // etcd takes 1 MiB

// A word as a shell takes it.
std::string word(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("/._-+=:@%").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// Letters, digits and hyphens, as every engine takes them.
std::string slug(std::string_view name) {
  std::string text;
  for (const unsigned char c : name) {
    if (text.size() >= 40) break;
    if (std::isalnum(c) != 0 && c < 0x80)
      text += static_cast<char>(std::tolower(c));
    else if (!text.empty() && !text.ends_with('-'))
      text += '-';
  }
  while (text.ends_with('-')) text.pop_back();
  return text.empty() ? "campaign" : text;
}

std::string comment(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return line;
}

double task_seconds(const EngineOrder& order) {
  return static_cast<double>(order.runs) * order.seconds / order.tasks / order.cores;
}

std::string summary(const EngineOrder& order) {
  return fmt::format("{} run{} in {} task{} of about {:.0f} s", order.runs,
                     order.runs == 1 ? "" : "s", order.tasks, order.tasks == 1 ? "" : "s",
                     std::ceil(task_seconds(order)));
}

std::uint64_t memory_mib(const EngineOrder& order) {
  return own_memory_mib + order.cores * ((order.limits.memory_bytes + mib - 1) / mib);
}

// Four times the estimate, and at least what one run may take.
std::uint64_t time_limit_minutes(const EngineOrder& order) {
  const double most = 4 * task_seconds(order) + seconds(order.limits.time) + 300;
  return static_cast<std::uint64_t>(std::ceil(most / 60));
}

std::string run_command(const EngineOrder& order) {
  return fmt::format("{} campaign run {} -o {}", word(order.program), word(order.file),
                     word(order.folder));
}

std::string afterwards(const EngineOrder& order) {
  return fmt::format("{0} campaign merge {1} && {0} campaign report {1}", word(order.program),
                     word(order.folder));
}

// A text as a block of YAML, whatever stands in it.
std::string block(std::string_view text, std::string_view margin) {
  std::string out = "|2\n";
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    out += std::string(margin) + "  " + std::string(text.substr(from, end - from)) + "\n";
    from = end + 1;
  }
  return out;
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}

// Where both files lie below one folder, so that one names the other as it does here.
struct Mounted {
  std::string campaign;
  std::string scenario;
};
Mounted mounted(const EngineOrder& order) {
  const std::filesystem::path scenario = std::filesystem::path(order.scenario).lexically_normal();
  std::filesystem::path folder;
  for (const auto& part : scenario)
    if (part == "..") folder /= "below";
  const std::filesystem::path campaign = folder / std::filesystem::path(order.file).filename();
  return {campaign.string(), (folder / scenario).lexically_normal().string()};
}

}  // namespace

std::uint32_t packed(std::uint64_t runs, double seconds, std::uint32_t cores,
                     std::uint32_t wished) {
  const double whole = static_cast<double>(runs) * seconds / std::max(1U, cores);
  const double most = std::min(
      {whole / task_seconds_min, static_cast<double>(runs), static_cast<double>(shards_max)});
  const double want =
      wished > 0 ? wished : std::min<double>(tasks_max, std::ceil(whole / task_seconds_wished));
  return static_cast<std::uint32_t>(std::max(1.0, std::floor(std::min(most, want))));
}

std::string slurm_script(const EngineOrder& order) {
  const std::string name = slug(order.name);
  const std::uint64_t minutes = time_limit_minutes(order);
  return fmt::format(
      "#!/bin/bash\n"
      "# {}: {}.\n"
      "# Submit it with sbatch; what failed or was lost again, with the same array's numbers:\n"
      "#   sbatch --array=3,17 THIS_FILE\n"
      "# When all tasks have ended:\n"
      "#   {}\n"
      "#SBATCH --job-name=mqttlab-{}\n"
      "#SBATCH --array=0-{}\n"
      "#SBATCH --cpus-per-task={}\n"
      "#SBATCH --mem={}M\n"
      "#SBATCH --time={}:{:02}:00\n"
      "#SBATCH --requeue\n"
      "#SBATCH --open-mode=append\n"
      "#SBATCH --output=mqttlab-{}-%A_%a.out\n"
      "exec {} --shard auto/{} --jobs \"${{SLURM_CPUS_PER_TASK:-{}}}\"\n",
      comment(order.name), summary(order), comment(afterwards(order)), name, order.tasks - 1,
      order.cores, memory_mib(order), minutes / 60, minutes % 60, name, run_command(order),
      order.tasks, order.cores);
}

std::string parallel_script(const EngineOrder& order) {
  return fmt::format(
      "#!/bin/sh\n"
      "# {}: {}.\n"
      "# For GNU parallel. On this machine as it stands; on several that share this folder, add\n"
      "#   --sshlogin host1,host2 --workdir .\n"
      "# When all tasks have ended:\n"
      "#   {}\n"
      "mkdir -p {} &&\n"
      "  seq {} | exec parallel --quote --joblog {} --resume-failed {} --shard '{{}}/{}' --jobs "
      "{}\n",
      comment(order.name), summary(order), comment(afterwards(order)), word(order.folder),
      order.tasks, word(order.folder + "/parallel.log"), run_command(order), order.tasks,
      order.cores);
}

std::string kubernetes_manifest(const EngineOrder& order, std::string& why) {
  if (std::filesystem::path(order.scenario).is_absolute()) {
    why = "the campaign names its scenario by an absolute path, which a manifest cannot carry";
    return {};
  }
  if (order.text.size() + order.scenario_text.size() > manifest_bytes_max) {
    why = "the campaign and its scenario are too long for a manifest";
    return {};
  }
  const Mounted at = mounted(order);
  const std::string name = "mqttlab-" + slug(order.name);
  std::string out = fmt::format(
      "# {}: {}.\n"
      "#   kubectl apply -f THIS_FILE\n"
      "# The claim `mqttlab-results` must be there, and all nodes must be able to write to it.\n"
      "# When the job is complete, in a pod or on a machine with that volume:\n"
      "#   {} campaign merge /results && {} campaign report /results\n"
      "apiVersion: v1\n"
      "kind: ConfigMap\n"
      "metadata:\n"
      "  name: {}\n"
      "data:\n"
      "  campaign: {}"
      "  scenario: {}",
      comment(order.name), summary(order), word(order.program), word(order.program), name,
      block(order.text, "  "), block(order.scenario_text, "  "));
  out += fmt::format(
      "---\n"
      "apiVersion: batch/v1\n"
      "kind: Job\n"
      "metadata:\n"
      "  name: {}\n"
      "spec:\n"
      "  completionMode: Indexed\n"
      "  completions: {}\n"
      "  parallelism: {}\n"
      "  backoffLimit: {}\n"
      "  template:\n"
      "    spec:\n"
      "      restartPolicy: OnFailure\n"
      "      securityContext: {{runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001}}\n"
      "      containers:\n"
      "        - name: mqttlab\n"
      "          image: {}\n"
      "          args: [campaign, run, {}, -o, /results, --shard, auto/{}, --jobs, \"{}\"]\n",
      name, order.tasks, std::min(order.tasks, std::uint32_t{100}), 3 * order.tasks,
      in_quotes(order.image), in_quotes("/campaign/" + at.campaign), order.tasks, order.cores);
  out += fmt::format(
      "          resources:\n"
      "            requests: {{cpu: \"{0}\", memory: {1}Mi}}\n"
      "            limits: {{memory: {1}Mi}}\n"
      "          volumeMounts:\n"
      "            - {{name: files, mountPath: /campaign, readOnly: true}}\n"
      "            - {{name: results, mountPath: /results}}\n"
      "      volumes:\n"
      "        - name: files\n"
      "          configMap:\n"
      "            name: {2}\n"
      "            items:\n"
      "              - {{key: campaign, path: {3}}}\n"
      "              - {{key: scenario, path: {4}}}\n"
      "        - name: results\n"
      "          persistentVolumeClaim:\n"
      "            claimName: mqttlab-results\n",
      order.cores, memory_mib(order), name, in_quotes(at.campaign), in_quotes(at.scenario));
  return out;
}

}  // namespace mq::campaign
