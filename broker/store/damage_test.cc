// A store is damaged in every way that a disk knows, at many places: it is opened with everything
// in it, or refused with the damage named; and what a repair keeps is never altered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "base/rng.h"
#include "broker/store/repair.h"
#include "broker/store/testing/sample.h"
#include "broker/store/testing/temporary_folder.h"

namespace mq::broker {
namespace {

namespace fs = std::filesystem;
using Bin = std::string;

constexpr std::size_t messages = 400;

// How many places are tried; the long tier tries many more.
#ifdef MQ_MANY_PLACES
constexpr std::size_t many = 20;
#else
constexpr std::size_t many = 1;
#endif

Bin read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const Bin& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string payload(std::uint64_t number) {
  Rng rng(number);
  std::string text;
  // Some of them longer than a page.
  const std::size_t length = number % 50 == 0 ? 9000 : 40 + number % 200;
  while (text.size() < length) text += static_cast<char>('a' + rng.next() % 26);
  return text;
}

// The files of a store as kill -9 leaves them: one half in the file, the other in the log.
class Damage : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    TemporaryFolder folder;
    const std::string path = folder.path() / "store.db";
    std::uint64_t number = 0;
    for (int life = 0; life < 2; ++life) {
      SqliteStore store({.path = path});
      store.recover();
      std::uint64_t sequence = 0;
      if (life == 0) store.append(++sequence, sample::session("s"));
      while (number < messages * (life + 1) / 2) {
        ++number;
        store.append(++sequence, sample::message(number, payload(number)));
        store.append(++sequence, sample::delivery("s", number, number));
        if (number % 20 == 0) store.commit();
      }
      store.commit();
      if (life == 1)
        for (const char* rest : {"", "-wal", "-seal"}) files()[rest] = read(path + rest);
    }
  }
  static std::map<std::string, Bin>& files() {
    static std::map<std::string, Bin> all;
    return all;
  }

  void put(const std::string& damaged_file, const Bin& content) {
    for (const auto& entry : fs::directory_iterator(folder.path())) fs::remove(entry.path());
    for (const auto& [rest, bytes] : files())
      write(path + rest, rest == damaged_file ? content : bytes);
  }

  // How many messages are there; each must be what was stored.
  static std::size_t count(const Recovered& recovered) {
    std::size_t found = 0;
    for (const Record& record : recovered.records)
      if (const auto* r = std::get_if<SaveMessage>(&record)) {
        ++found;
        EXPECT_EQ(r->message->payload.text(), payload(static_cast<std::uint64_t>(r->number)));
      }
    return found;
  }

  // Opened whole, or refused by name, and then repaired. Returns what was left.
  std::size_t judge(const std::string& what) {
    try {
      SqliteStore store({.path = path});
      const std::size_t found = count(store.recover());
      EXPECT_EQ(found, messages) << "silent loss: " << what;
      ++whole;
      return found;
    } catch (const StoreError& error) {
      ++refused;
      EXPECT_EQ(error.kind(), StoreError::Kind::damaged) << what << ": " << error.what();
      EXPECT_FALSE(error.damage().empty()) << what;
      EXPECT_THAT(error.what(), ::testing::HasSubstr("--repair")) << what;
    }
    RepairReport report = repair_store({.path = path});
    EXPECT_FALSE(report.damage.empty()) << what;
    EXPECT_TRUE(fs::exists(report.put_aside) || !fs::exists(path)) << what;
    SqliteStore store({.path = path});
    const std::size_t found = count(store.recover());
    lost += messages - found;
    worst = std::max(worst, messages - found);
    return found;
  }

  TemporaryFolder folder;
  std::string path = folder.path() / "store.db";
  std::size_t whole = 0, refused = 0, lost = 0, worst = 0;
};

TEST_F(Damage, AStoreInOrderIsOpenedAndNotRepaired) {
  put("none", {});
  EXPECT_TRUE(repair_store({.path = path}).damage.empty());
  EXPECT_EQ(judge("nothing"), messages);
}

TEST_F(Damage, AFlippedBitAnywhere) {
  for (const auto& [rest, bytes] : files()) {
    const std::size_t stride = rest == "-seal" ? 5 : bytes.size() / (25 * many) + 1;
    for (std::size_t at = 0; at < bytes.size(); at += stride) {
      Bin damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
      put(rest, damaged);
      judge("store.db" + rest + " bit at " + std::to_string(at));
    }
  }
  std::printf("flipped bits: opened whole %zu, refused %zu, lost after repair %zu, worst %zu\n",
              whole, refused, lost, worst);
  EXPECT_GT(refused, 20u);
}

TEST_F(Damage, EveryBitOfTheHeaderAndOfTheFirstBytesOfTheLog) {
  for (const auto& [rest, length] : std::map<std::string, std::size_t>{{"", 110}, {"-wal", 60}})
    for (std::size_t at = 0; at<length; at += many> 1 ? 1 : 3) {
      Bin damaged = files()[rest];
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
      put(rest, damaged);
      judge("store.db" + rest + " bit at " + std::to_string(at));
    }
  EXPECT_GT(refused, 10u);
}

TEST_F(Damage, AnyBlockOfZeroes) {
  constexpr std::size_t block = 4096;
  for (const auto& [rest, bytes] : files())
    for (std::size_t at = 0; at < bytes.size();
         at += bytes.size() / (15 * many) / block * block + block) {
      Bin damaged = bytes;
      std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(at),
                  std::min(block, bytes.size() - at), '\0');
      put(rest, damaged);
      judge("store.db" + rest + " zeroed at " + std::to_string(at));
    }
  std::printf("zeroed blocks: opened whole %zu, refused %zu, lost after repair %zu, worst %zu\n",
              whole, refused, lost, worst);
  EXPECT_GT(refused, whole);  // a page that the log replaces is not missed
}

TEST_F(Damage, AFileThatEndsEarly) {
  for (const auto& [rest, bytes] : files())
    for (std::size_t at = 0; at < bytes.size(); at += bytes.size() / (15 * many) + 1) {
      put(rest, bytes.substr(0, at));
      judge("store.db" + rest + " cut at " + std::to_string(at));
    }
  std::printf("cut short: opened whole %zu, refused %zu, lost after repair %zu, worst %zu\n", whole,
              refused, lost, worst);
  EXPECT_GT(refused, whole);
}

// As SIGTERM leaves it, everything is in the file.
TEST_F(Damage, AFileThatEndsEarlyAndHasNoLog) {
  put("none", {});
  SqliteStore({.path = path}).recover();
  const Bin all = read(path);
  const Bin seal = read(path + "-seal");
  for (std::size_t at = 0; at < all.size(); at += all.size() / (15 * many) + 1) {
    for (const auto& entry : fs::directory_iterator(folder.path())) fs::remove(entry.path());
    write(path, all.substr(0, at));
    write(path + "-seal", seal);
    judge("store.db cut at " + std::to_string(at));
  }
  EXPECT_EQ(whole, 0u);
}

// One page of the file: what stood on it, and no more, is gone.
TEST_F(Damage, ARepairLosesNoMoreThanThePage) {
  const std::size_t pages = files()[""].size() / 4096;
  for (std::size_t page = 4; page<pages; page += many> 1 ? 1 : 9) {
    Bin damaged = files()[""];
    std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(page * 4096), 4096, '\0');
    put("", damaged);
    EXPECT_GE(judge("page " + std::to_string(page)), messages - 45) << page;
  }
}

}  // namespace
}  // namespace mq::broker
