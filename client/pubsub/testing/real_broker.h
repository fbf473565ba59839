// A broker of either kind as a process, for tests on real sockets.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "client/pubsub/process.h"

namespace mq::client {

using Words = std::vector<std::string>;

enum class Who { ours, mosquitto };

// Where a program of mosquitto is; a test that cannot find it fails.
inline std::string mosquitto_program(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/"})
    if (std::filesystem::exists(folder + name)) return folder + name;
  ADD_FAILURE() << name << " is not installed: apt-get install mosquitto mosquitto-clients";
  return name;
}

// A broker of either kind on a port of its own.
class RealBroker {
 public:
  // `more`: flags of ours, or lines of mosquitto.conf.
  explicit RealBroker(Who who, const Words& more = {}) {
    if (who == Who::ours)
      start_ours(more);
    else
      start_mosquitto(more);
  }
  ~RealBroker() {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  int port() const { return port_; }
  Process& process() { return *process_; }

 private:
  void start_ours(const Words& more) {
    Words words{MQ_REAL_PROGRAM, "broker", "-v"};
    words.insert(words.end(), more.begin(), more.end());
    if (std::find(more.begin(), more.end(), "--listen") == more.end())
      words.insert(words.end(), {"--listen", "127.0.0.1:0"});
    process_ = std::make_unique<Process>(words);
    ASSERT_TRUE(process_->prints("127.0.0.1:")) << process_->output();
    ASSERT_TRUE(process_->prints("\n"));
    const std::string& text = process_->output();
    port_ = std::atoi(text.c_str() + text.find("127.0.0.1:") + 10);
  }

  // It cannot say which port it took, and the port that was free may be taken by then.
  void start_mosquitto(const Words& more) {
    std::string pattern = (std::filesystem::temp_directory_path() / "mq_strangers_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    for (int tries = 0; tries < 5; ++tries) {
      port_ = free_port();
      const std::string file = folder_ + "/mosquitto.conf";
      std::ofstream out(file);
      out << "user root\nlistener " << port_ << " 127.0.0.1\nallow_anonymous true\n";
      for (const std::string& line : more) out << line << "\n";
      out.close();
      process_ = std::make_unique<Process>(Words{mosquitto_program("mosquitto"), "-c", file});
      if (process_->prints("running")) return;
    }
    FAIL() << "mosquitto does not start: " << process_->output();
  }

  std::string folder_;
  std::unique_ptr<Process> process_;
  int port_ = 0;
};

}  // namespace mq::client
