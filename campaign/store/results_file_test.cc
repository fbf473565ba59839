#include "campaign/store/results_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "base/rng.h"
#include "campaign/figures.h"

namespace mq::campaign {
namespace {

using ::testing::HasSubstr;
using Open = ResultsFile::Open;

class Results : public ::testing::Test {
 protected:
  Results() : folder_(std::filesystem::path(::testing::TempDir()) / unique()) {
    std::filesystem::create_directories(folder_);
  }
  ~Results() override { std::filesystem::remove_all(folder_); }

  static std::string unique() {
    return std::string("campaign-") +
           ::testing::UnitTest::GetInstance()->current_test_info()->name() + "-" +
           std::to_string(getpid());
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  void write(const std::string& name, const std::vector<Outcome>& outcomes) const {
    ResultsFile file(at(name), Open::to_write);
    file.set_about({"1.0", "c.yaml", "text", "s.yaml", "scenario"});
    file.add(outcomes);
  }
  std::vector<std::string> rows(const std::string& name) const {
    std::vector<std::string> all;
    const ResultsFile file(at(name), Open::to_read);
    file.for_each([&](const Outcome& outcome) { all.push_back(to_line(outcome)); });
    return all;
  }
  std::string refusal(const std::string& name, Open how = Open::to_read) const {
    try {
      const ResultsFile file(at(name), how);
      return "";
    } catch (const ResultsError& error) {
      EXPECT_TRUE(error.is_refused);
      return error.what();
    }
  }
  void execute(const std::string& name, const char* sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(at(name).c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  std::filesystem::path folder_;
};

Outcome outcome(std::uint64_t key, End end = End::judged, std::uint64_t wall_us = 100) {
  Outcome one{.key = Key{key},
              .end = end,
              .verdict = key % 3 == 0 ? Verdict::broken : Verdict::held,
              .hash = end == End::judged ? std::string(64, 'a') : std::string(),
              .evidence = end == End::judged ? "" : "signal 9",
              .wall_us = wall_us,
              .cpu_us = wall_us / 2,
              .memory_kib = 1000};
  if (key % 3 == 0) one.broken = {"qos1"};
  one.figures.assign(figures.size(), no_figure);
  one.figures[key % figures.size()] = static_cast<double>(key % 1000) / 7;
  return one;
}

// Some runs of [0, keys), each as somebody may have seen it: judged, or crashed, in some time.
std::vector<Outcome> some(Rng& rng, std::uint64_t keys) {
  std::vector<Outcome> all;
  for (std::uint64_t key = 1; key <= keys; ++key)
    if (rng.below(2) == 0)
      all.push_back(outcome(key, rng.below(3) == 0 ? End::crashed : End::judged, rng.below(4)));
  return all;
}

TEST_F(Results, AreReadBackAsTheyWereWritten) {
  const std::vector<Outcome> all = {outcome(3), outcome(~std::uint64_t{0}),
                                    outcome(5, End::crashed)};
  write("a.db", all);
  std::multiset<std::string> wanted;
  for (const Outcome& one : all) wanted.insert(to_line(one));
  const auto back = rows("a.db");
  EXPECT_EQ(std::multiset<std::string>(back.begin(), back.end()), wanted);
  EXPECT_EQ(ResultsFile(at("a.db"), Open::to_read).about()->scenario_text, "scenario");
}

TEST_F(Results, OfARunAreKeptOnceAndTheJudgedOnesWin) {
  write("a.db", {outcome(3, End::crashed)});
  write("a.db", {outcome(3)});
  write("a.db", {outcome(3, End::timed_out)});
  ASSERT_EQ(rows("a.db").size(), 1U);
  EXPECT_EQ(rows("a.db")[0], to_line(outcome(3)));
}

TEST_F(Results, MergingIsCommutativeAndIdempotent) {
  Rng rng(4);
  for (int round = 0; round < 2; ++round) {
    std::vector<std::string> names;
    for (int i = 0; i < 4; ++i) {
      names.push_back("part" + std::to_string(i) + ".db");
      std::filesystem::remove(at(names.back()));
      write(names.back(), some(rng, 30));
    }
    std::vector<std::vector<std::string>> merged;
    for (int order = 0; order < 3; ++order) {
      std::filesystem::remove(at("all.db"));
      for (std::size_t i = names.size(); i > 1; --i) std::swap(names[i - 1], names[rng.below(i)]);
      ResultsFile all(at("all.db"), Open::to_write);
      for (const std::string& name : names) all.merge(at(name));
      const auto once = rows("all.db");
      for (const std::string& name : names) EXPECT_EQ(all.merge(at(name)).added, 0U);
      merged.push_back(rows("all.db"));
      EXPECT_EQ(merged.back(), once);
    }
    EXPECT_EQ(merged[0], merged[1]);
    EXPECT_EQ(merged[0], merged[2]);
  }
}

TEST_F(Results, MergingIsAssociative) {
  Rng rng(5);
  for (int round = 0; round < 2; ++round) {
    for (const char* name : {"a.db", "b.db", "c.db", "ab.db", "bc.db"})
      std::filesystem::remove(at(name));
    for (const char* name : {"a.db", "b.db", "c.db"}) write(name, some(rng, 30));
    {
      ResultsFile ab(at("ab.db"), Open::to_write);
      for (const char* name : {"a.db", "b.db", "c.db"}) ab.merge(at(name));
    }
    {
      ResultsFile bc(at("bc.db"), Open::to_write);
      bc.merge(at("b.db"));
      bc.merge(at("c.db"));
      bc.merge(at("a.db"));
    }
    EXPECT_EQ(rows("ab.db"), rows("bc.db"));
  }
}

TEST_F(Results, OneSeedWithTwoHashesIsNoticed) {
  Outcome other = outcome(3);
  other.hash = std::string(64, 'b');
  write("a.db", {outcome(3), outcome(4)});
  write("b.db", {other, outcome(4)});
  EXPECT_EQ(ResultsFile(at("a.db"), Open::to_write).merge(at("b.db")).contradicting, 1U);
}

TEST_F(Results, OfAnotherCampaignAreNotMerged) {
  write("a.db", {outcome(1)});
  {
    ResultsFile file(at("b.db"), Open::to_write);
    file.set_about({"1.0", "c.yaml", "other text", "s.yaml", "scenario"});
  }
  {
    ResultsFile file(at("c.db"), Open::to_write);
    file.set_about({"1.1", "c.yaml", "text", "s.yaml", "scenario"});
  }
  ResultsFile file(at("a.db"), Open::to_write);
  EXPECT_THROW(file.merge(at("b.db")), ResultsError);
  EXPECT_THROW(file.merge(at("c.db")), ResultsError);
  EXPECT_EQ(file.count(), 1U);
}

TEST_F(Results, OfANewerProgramAreRefusedAndLeftAlone) {
  write("a.db", {outcome(1)});
  execute("a.db", "PRAGMA user_version = 3");
  for (const Open how : {Open::to_read, Open::to_write})
    EXPECT_THAT(refusal("a.db", how), HasSubstr("newer mqttlab (its schema is version 3"));
}

// Schema 1 had no costs.
TEST_F(Results, OfAnOlderProgramAreReadAndMerged) {
  write("old.db", {outcome(1), outcome(2)});
  const std::vector<std::string> all = rows("old.db");
  execute("old.db",
          "ALTER TABLE run DROP COLUMN energy; ALTER TABLE run DROP COLUMN staleness_p99; "
          "PRAGMA user_version = 1");
  EXPECT_EQ(rows("old.db"), all);
  execute("old.db", "ALTER TABLE run DROP COLUMN energy; PRAGMA user_version = 1");
  write("new.db", {outcome(3)});
  ResultsFile file(at("new.db"), Open::to_write);
  file.merge(at("old.db"));
  EXPECT_EQ(file.count(), 3U);
}

TEST_F(Results, WhatIsNoResultsFileIsRefused) {
  std::ofstream(at("text.db")) << "this is a text of some length that is no database at all\n";
  std::filesystem::create_directory(at("folder.db"));
  execute("other.db", "CREATE TABLE x(y)");
  EXPECT_THAT(refusal("text.db"), HasSubstr("not a results file"));
  EXPECT_THAT(refusal("other.db"), HasSubstr("not a results file"));
  EXPECT_THAT(refusal("other.db", Open::to_write), HasSubstr("not a results file"));
  EXPECT_THAT(refusal("none.db"), HasSubstr("cannot be opened"));
  EXPECT_NE(refusal("folder.db"), "");
}

TEST_F(Results, AFileThatWasJustMadeHoldsNothing) {
  std::ofstream(at("empty.db")).flush();
  EXPECT_EQ(ResultsFile(at("empty.db"), Open::to_read).count(), 0U);
  ResultsFile file(at("a.db"), Open::to_write);
  EXPECT_EQ(file.merge(at("empty.db")).added, 0U);
}

TEST_F(Results, AreWrittenByOneProcessAtATimeAndReadMeanwhile) {
  ResultsFile file(at("a.db"), Open::to_write);
  file.set_about({"1.0", "c.yaml", "text", "s.yaml", "scenario"});
  file.add(std::vector{outcome(1)});
  EXPECT_THAT(refusal("a.db", Open::to_write), HasSubstr("another process"));
  EXPECT_EQ(rows("a.db").size(), 1U);
}

TEST_F(Results, LeaveNothingBesideThem) {
  write("a.db", {outcome(1)});
  write("a.db", {outcome(2)});
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, ::testing::ElementsAre("a.db"));
}

// A process that writes is killed at a random instant: what it said it had written is there, and
// nothing is there twice or in part.
TEST_F(Results, ThatWereCommittedSurviveAKill) {
  Rng rng(6);
  std::uint64_t kept = 0;
  for (int round = 0; round < 6; ++round) {
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const pid_t writer = fork();
    if (writer == 0) {
      ResultsFile file(at("a.db"), Open::to_write);
      for (std::uint64_t key = file.count() + 1;; key += 10) {
        std::vector<Outcome> some_more;
        for (std::uint64_t i = 0; i < 10; ++i) some_more.push_back(outcome(key + i));
        file.add(some_more);
        const std::uint64_t done = key + 9;
        if (::write(told[1], &done, sizeof done) != sizeof done) _exit(1);
      }
    }
    close(told[1]);
    usleep(static_cast<useconds_t>(5'000 + rng.below(40'000)));
    kill(writer, SIGKILL);
    waitpid(writer, nullptr, 0);
    std::uint64_t done = 0;
    while (read(told[0], &done, sizeof done) == sizeof done) kept = done;
    close(told[0]);
    if (!std::filesystem::exists(at("a.db"))) continue;
    const auto there = rows("a.db");
    EXPECT_GE(there.size(), kept);
    EXPECT_EQ(there.size() % 10, 0U);
    kept = there.size();
  }
  EXPECT_GT(kept, 0U);
}

}  // namespace
}  // namespace mq::campaign
