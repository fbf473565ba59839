// A broker under test as a process: ours with a store, or Debian's mosquitto with its own
// persistence, on the same port after every restart.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "client/pubsub/process.h"

namespace mq::broker {

class BrokerProcess {
 public:
  enum class Which { ours, mosquitto };
  // `folder` keeps its files; `more` are further flags of ours.
  BrokerProcess(Which which, std::filesystem::path folder, std::vector<std::string> more = {});

  // False if it does not listen; output() says why.
  bool start();
  void kill();  // -9
  int port() const { return port_; }
  const std::string& output() const { return process_->output(); }
  client::Process& process() { return *process_; }
  // Put before the command line: a tracer, for one.
  void run_under(std::vector<std::string> tracer) { tracer_ = std::move(tracer); }

 private:
  bool start_ours();
  bool start_mosquitto();

  const Which which_;
  const std::filesystem::path folder_;
  const std::vector<std::string> more_;
  std::vector<std::string> tracer_;
  int port_ = 0;
  std::unique_ptr<client::Process> process_;
};

}  // namespace mq::broker
