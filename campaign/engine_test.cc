#include "campaign/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mq::campaign {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

EngineOrder order() {
  return {.name = "Loss & latency's frontier",
          .file = "my campaigns/sweep.yaml",
          .folder = "results/campaign/sweep",
          .program = "mqttlab",
          .image = "registry.example/mqttlab:1",
          .runs = 1000,
          .tasks = 8,
          .cores = 4,
          .seconds = 2,
          .limits = {},
          .text = "version: 1\nscenario: ../scenarios/a.yaml\n",
          .scenario = "../scenarios/a.yaml",
          .scenario_text = "version: 1\n\n  name: \"x: y\"\n"};
}

TEST(Packing, ATaskLastsAtLeastThirtySeconds) {
  EXPECT_EQ(packed(10'000, 0.005, 2, 0), 1U);  // 25 s in all
  EXPECT_EQ(packed(10'000, 0.005, 2, 100), 1U);
  EXPECT_EQ(packed(10'000, 0.012, 2, 100), 2U);   // 60 s in all
  EXPECT_EQ(packed(10'000, 0.0119, 2, 100), 1U);  // 59.5 s
  EXPECT_EQ(packed(10'000, 1, 1, 64), 64U);
  EXPECT_EQ(packed(10'000, 1, 1, 0), 34U);         // of five minutes
  EXPECT_EQ(packed(10'000'000, 10, 1, 0), 1000U);  // as many as Slurm takes
  EXPECT_EQ(packed(3, 1e6, 1, 0), 3U);             // none without a run
  EXPECT_EQ(packed(1, 1e-6, 1, 0), 1U);
}

TEST(Engines, TheScriptForSlurmNamesItsShardByTheArraysNumber) {
  const std::string text = slurm_script(order());
  EXPECT_TRUE(text.starts_with("#!/bin/bash\n"));
  EXPECT_THAT(text, HasSubstr("#SBATCH --array=0-7\n"));
  EXPECT_THAT(text, HasSubstr("#SBATCH --cpus-per-task=4\n"));
  EXPECT_THAT(text, HasSubstr("#SBATCH --requeue\n"));
  EXPECT_THAT(text, HasSubstr("--shard auto/8"));
  EXPECT_THAT(text, HasSubstr("'my campaigns/sweep.yaml'"));
  EXPECT_THAT(text, HasSubstr("mqttlab-loss-latency-s-frontier"));
}

TEST(Engines, ANameCannotBecomeACommandOrAKey) {
  EngineOrder evil = order();
  evil.name = "x\nrm -rf /\n#SBATCH --uid=0";
  evil.folder = "a'; reboot; '";
  std::string why;
  for (const std::string& text :
       {slurm_script(evil), parallel_script(evil), kubernetes_manifest(evil, why)}) {
    EXPECT_THAT(text, Not(HasSubstr("\nrm -rf")));
    EXPECT_THAT(text, Not(HasSubstr("\n#SBATCH --uid")));
    EXPECT_THAT(text, Not(HasSubstr(" a'; reboot")));
  }
}

TEST(Engines, TheManifestCarriesBothFilesAsTheyNameEachOther) {
  std::string why;
  const std::string text = kubernetes_manifest(order(), why);
  EXPECT_EQ(why, "");
  EXPECT_THAT(text, HasSubstr("completionMode: Indexed\n"));
  EXPECT_THAT(text, HasSubstr("completions: 8\n"));
  EXPECT_THAT(text, HasSubstr("path: \"below/sweep.yaml\""));
  EXPECT_THAT(text, HasSubstr("path: \"scenarios/a.yaml\""));
  EXPECT_THAT(text, HasSubstr("--shard, auto/8"));
  EngineOrder absolute = order();
  absolute.scenario = "/etc/a.yaml";
  EXPECT_EQ(kubernetes_manifest(absolute, why), "");
  EXPECT_THAT(why, HasSubstr("absolute"));
  EngineOrder large = order();
  large.scenario_text.assign(1'000'000, 'x');
  EXPECT_EQ(kubernetes_manifest(large, why), "");
  EXPECT_THAT(why, HasSubstr("too long"));
}

}  // namespace
}  // namespace mq::campaign
