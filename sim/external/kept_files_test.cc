#include "sim/external/kept_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "sim/external/vtime_program.h"

namespace mq::sim {
namespace {

namespace fs = std::filesystem;

class PowerFailure : public ::testing::Test {
 protected:
  PowerFailure() {
    std::string name = (fs::temp_directory_path() / "mqttlab-kept-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    put("config", "as it was");
  }
  ~PowerFailure() override { fs::remove_all(folder); }

  void put(const char* name, const std::string& text) const {
    std::ofstream(folder / name, std::ios::app) << text;
  }
  std::string text(const char* name) const {
    std::ifstream file(folder / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // dd writes what is in the file `source` to the end of `name`; it syncs if it is told to.
  void dd(const char* source, const char* name, const KeptFiles& disk, bool syncs) const {
    VtimeStart start{
        .title = "dd",
        .command = {"/usr/bin/dd", "if=" + std::string(source), "of=" + std::string(name),
                    "oflag=append", syncs ? "conv=notrunc,fsync" : "conv=notrunc"},
        .environment = {disk.variable()},
        .folder = folder.string(),
        .output = (folder.string() + ".log")};
    start.mode = VtimeMode::token;
    VtimeProgram program(start);
    ASSERT_TRUE(program.spawn(Instant{}));
    program.run();
    EXPECT_EQ(program.how_it_ended(), "with status 0") << program.trouble();
    fs::remove(folder.string() + ".log");
  }

  fs::path folder;
};

TEST_F(PowerFailure, LeavesWhatWasThereBeforeTheStart) {
  const KeptFiles disk(folder.string());
  disk.lose_the_rest();
  EXPECT_EQ(text("config"), "as it was");
}

TEST_F(PowerFailure, LeavesWhatWasSyncedAndTakesWhatCameAfter) {
  put("a", "one ");
  put("b", "two");
  const KeptFiles disk(folder.string());
  dd("a", "store", disk, true);
  dd("b", "store", disk, false);
  EXPECT_EQ(text("store"), "one two");
  disk.lose_the_rest();
  EXPECT_EQ(text("store"), "one ");
}

TEST_F(PowerFailure, LeavesAFileEmptyThatWasNeverSynced) {
  put("a", "one");
  const KeptFiles disk(folder.string());
  dd("a", "store", disk, false);
  disk.lose_the_rest();
  EXPECT_TRUE(fs::exists(folder / "store"));
  EXPECT_EQ(text("store"), "");
}

TEST_F(PowerFailure, LeavesASyncedFileUnderItsNewName) {
  put("a", "one");
  const KeptFiles disk(folder.string());
  dd("a", "store.new", disk, true);
  fs::rename(folder / "store.new", folder / "store");
  disk.lose_the_rest();
  EXPECT_EQ(text("store"), "one");
}

}  // namespace
}  // namespace mq::sim
