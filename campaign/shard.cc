#include "campaign/shard.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>

namespace mq::campaign {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string said(const char* name, const char* value) { return fmt::format("{}={}", name, value); }

using Chosen = std::variant<Shard, std::string>;

Chosen shard(std::uint64_t index, std::uint64_t count, const std::string& source) {
  if (count == 0 || count > shards_max)
    return fmt::format("{}: expected 1 to {} shards", source, shards_max);
  if (index >= count)
    return fmt::format("{} with {} shards: indices go from 0 to {}", source, count, count - 1);
  return Shard{static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(count)};
}

// A variable that must be a number; if it is not there, `otherwise`.
struct Variable {
  std::optional<std::uint64_t> value;
  std::string why;  // not empty: it is nonsense
};
Variable variable(const Environment& get, const char* name) {
  const char* text = get(name);
  if (text == nullptr) return {};
  const auto value = number(text);
  if (!value) return {std::nullopt, said(name, text) + ": expected a whole number"};
  return {value, {}};
}

Chosen of_slurm(const Environment& get, std::optional<std::uint64_t> count) {
  const Variable id = variable(get, "SLURM_ARRAY_TASK_ID");
  if (!id.why.empty()) return id.why;
  const std::string source = said("SLURM_ARRAY_TASK_ID", get("SLURM_ARRAY_TASK_ID"));
  if (count) return shard(*id.value, *count, source);
  const Variable tasks = variable(get, "SLURM_ARRAY_TASK_COUNT");
  const Variable first = variable(get, "SLURM_ARRAY_TASK_MIN");
  const Variable step = variable(get, "SLURM_ARRAY_TASK_STEP");
  const Variable last = variable(get, "SLURM_ARRAY_TASK_MAX");
  for (const Variable* one : {&tasks, &first, &step, &last})
    if (!one->why.empty()) return one->why;
  if (!tasks.value)
    return source + " without SLURM_ARRAY_TASK_COUNT: say how many there are, --shard auto/N";
  const std::uint64_t from = first.value.value_or(0);
  const std::uint64_t by = step.value.value_or(1);
  if (by == 0 || *id.value < from || (*id.value - from) % by != 0)
    return fmt::format("{} is none of an array from {} in steps of {}", source, from, by);
  if (last.value && (*last.value < from || (*last.value - from) / by + 1 != *tasks.value))
    return fmt::format(
        "the array has gaps ({} tasks from {} to {}): say how many shards there "
        "are, --shard auto/N",
        *tasks.value, from, *last.value);
  return shard((*id.value - from) / by, *tasks.value, source);
}

Chosen of_kubernetes(const Environment& get, std::optional<std::uint64_t> count) {
  const Variable index = variable(get, "JOB_COMPLETION_INDEX");
  if (!index.why.empty()) return index.why;
  const std::string source = said("JOB_COMPLETION_INDEX", get("JOB_COMPLETION_INDEX"));
  if (!count)
    return source + ": Kubernetes does not say how many completions there are: --shard auto/N";
  return shard(*index.value, *count, source);
}

Chosen of_environment(const Environment& get, std::optional<std::uint64_t> count, bool must) {
  const bool slurm = get("SLURM_ARRAY_TASK_ID") != nullptr;
  const bool kubernetes = get("JOB_COMPLETION_INDEX") != nullptr;
  if (slurm && kubernetes)
    return "SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX are both set: say --shard I/N";
  if (slurm) return of_slurm(get, count);
  if (kubernetes) return of_kubernetes(get, count);
  if (!must) return Shard{};
  return "--shard auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set: this is no "
         "task of an array";
}

}  // namespace

Chosen chosen_shard(std::string_view wish, const Environment& get) {
  if (wish.empty()) return of_environment(get, std::nullopt, false);
  if (wish == "auto") return of_environment(get, std::nullopt, true);
  const std::string nonsense = fmt::format(
      "--shard {}: expected I/N, such as 2/5, counted from 1, or auto/N, or auto", wish);
  const std::size_t slash = wish.find('/');
  if (slash == std::string_view::npos) return nonsense;
  const auto count = number(wish.substr(slash + 1));
  if (!count) return nonsense;
  if (wish.substr(0, slash) == "auto") return of_environment(get, count, true);
  const auto place = number(wish.substr(0, slash));
  if (!place) return nonsense;
  if (*count == 0 || *count > shards_max)
    return fmt::format("--shard {}: expected 1 to {} shards", wish, shards_max);
  if (*place == 0 || *place > *count)
    return fmt::format("--shard {}: shards are counted from 1 to {}", wish, *count);
  return Shard{static_cast<std::uint32_t>(*place - 1), static_cast<std::uint32_t>(*count)};
}

}  // namespace mq::campaign
