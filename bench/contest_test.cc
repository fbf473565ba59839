// Every row on our own broker, very small; and what becomes of a run in which a delivery is
// missing.
#include "bench/contest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

#include "bench/figures.h"
#include "peers/adapter.h"
#include "peers/peer.h"

namespace mq::bench {
namespace {

using testing::HasSubstr;

ContestOptions small(std::vector<std::string> rows = {}) {
  return {.brokers = {"ours"},
          .rows = std::move(rows),
          .rounds = 1,
          .scale = {.size = 0.001, .patience = std::chrono::seconds(20)},
          .own_program = MQ_REAL_PROGRAM};
}

TEST(Contest, DeliversEverythingOfEveryRow) {
  const Contest contest = run_contest(small());
  EXPECT_EQ(contest.rows.size(), all_rows().size());
  for (const RowResult& row : contest.rows) {
    ASSERT_EQ(row.entries.size(), 1u);
    EXPECT_EQ(row.entries[0].not_measured, "") << row.row->name;
    EXPECT_EQ(faults_of(row.entries[0]), "") << row.row->name;
    const Figures figures = figures_of(row.entries[0]);
    EXPECT_GT(figures.cpu_us.value_or(0), 0) << row.row->name;
    EXPECT_GT(figures.per_second.value_or(0), 0) << row.row->name;
  }
  EXPECT_TRUE(is_sound(contest));
}

TEST(Contest, CountsAsManyDeliveriesAsItShould) {
  ContestOptions options = small({"fan-out-q1", "match", "retained-give"});
  options.scale.size = 0.02;
  const Contest contest = run_contest(options);
  EXPECT_EQ(contest.rows.at(0).entries.at(0).rounds.at(0).units, 2u * 1000u);
  EXPECT_EQ(contest.rows.at(1).entries.at(0).rounds.at(0).units, 4000u);
  EXPECT_EQ(contest.rows.at(2).entries.at(0).rounds.at(0).units, 200u * 10u);
}

// A broker whose rules let one of the publishers say nothing: at QoS 0 it is not told.
std::string forgetful_adapter() {
  const std::string file = testing::TempDir() + "forgetful.yaml";
  std::ofstream(file) << "version: 1\nname: forgetful\ntitle: a broker that forgets\n"
                         "program: " MQ_REAL_PROGRAM
                         "\ninstall: nothing\n"
                         "command: ['${program}', broker, -c, '${dir}/c']\n"
                         "files:\n"
                         "  - name: c\n"
                         "    text: |\n"
                         "      allow_anonymous true\n"
                         "      listener ${port.mqtt} 127.0.0.1\n"
                         "      acl_file ${dir}/acl\n"
                         "  - name: acl\n"
                         "    text: |\n"
                         "      topic readwrite in/#\n"
                         "      topic deny in/7/#\n"
                         "listeners: [mqtt]\n";
  return file;
}

TEST(Contest, WithAMissingDeliveryFails) {
  ContestOptions options = small({"fan-in-q0"});
  options.brokers = {forgetful_adapter()};
  options.scale.patience = std::chrono::seconds(1);
  const Contest contest = run_contest(options);
  EXPECT_TRUE(has_measured(contest));
  EXPECT_FALSE(is_sound(contest));
  EXPECT_GT(contest.rows.at(0).entries.at(0).rounds.at(0).lost, 0u);
  EXPECT_THAT(to_table(contest), HasSubstr("FAILED:"));
  EXPECT_THAT(to_json(contest, options), HasSubstr("\"faults\":\""));
}

TEST(Contest, RefusesWhatItDoesNotKnow) {
  EXPECT_THROW(run_contest(small({"fan-in"})), std::invalid_argument);
  ContestOptions options = small();
  options.brokers = {"nobody"};
  EXPECT_THROW(run_contest(options), peers::AdapterError);
}

TEST(Contest, EndsBetweenRoundsWhenInterrupted) {
  ContestOptions options = small({"fan-in-q0"});
  options.is_interrupted = [] { return true; };
  const Contest contest = run_contest(options);
  EXPECT_TRUE(contest.was_interrupted);
  EXPECT_FALSE(has_measured(contest));
}

TEST(Figures, AreMediansOverTheRounds) {
  const auto round = [](double cpu) {
    return Outcome{.units = 1'000'000, .seconds = 2, .cpu_seconds = cpu, .p50_us = cpu * 10};
  };
  RowResult::Entry entry{
      .broker = "x", .rounds = {round(3), round(100), round(1)}, .not_measured = {}};
  EXPECT_DOUBLE_EQ(figures_of(entry).cpu_us.value(), 3);
  EXPECT_DOUBLE_EQ(figures_of(entry).per_second.value(), 500'000);
  EXPECT_DOUBLE_EQ(figures_of(entry).p50_us.value(), 30);
  EXPECT_FALSE(figures_of(entry).p99_us);
  entry.rounds.pop_back();
  EXPECT_DOUBLE_EQ(figures_of(entry).cpu_us.value(), 51.5);
  EXPECT_EQ(faults_of(entry), "");
  entry.rounds[0].lost = 2;
  entry.rounds[1].lost = 1;
  EXPECT_EQ(faults_of(entry), "3 lost");
}

}  // namespace
}  // namespace mq::bench
