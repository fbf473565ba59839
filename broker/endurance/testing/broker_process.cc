#include "broker/endurance/testing/broker_process.h"

#include <csignal>
#include <fstream>
#include <utility>

namespace mq::broker {
namespace {

constexpr const char* mosquitto_program = "/usr/sbin/mosquitto";

}  // namespace

BrokerProcess::BrokerProcess(Which which, std::filesystem::path folder,
                             std::vector<std::string> more)
    : which_(which), folder_(std::move(folder)), more_(std::move(more)) {}

bool BrokerProcess::start() { return which_ == Which::ours ? start_ours() : start_mosquitto(); }

void BrokerProcess::kill() {
  process_->signal(SIGKILL);
  process_->exit_status();
}

bool BrokerProcess::start_ours() {
  std::vector<std::string> command = tracer_;
  for (const std::string& word :
       {std::string(MQ_REAL_PROGRAM), std::string("broker"), std::string("--listen"),
        "127.0.0.1:" + std::to_string(port_), std::string("--max-queued"), std::string("100000000"),
        std::string("--max-queued-bytes"), std::string("1000000000000")})
    command.push_back(word);
  command.insert(command.end(), more_.begin(), more_.end());
  process_ = std::make_unique<client::Process>(command);
  if (!process_->prints("listening on 127.0.0.1:") || !process_->prints("\n")) return false;
  const std::string& text = process_->output();
  port_ = std::atoi(text.c_str() + text.find("127.0.0.1:") + 10);
  return true;
}

// With a limit of our own, because by default it drops what it has acknowledged.
bool BrokerProcess::start_mosquitto() {
  for (int tries = 0; tries < 5; ++tries) {
    if (port_ == 0 || tries > 0) port_ = client::free_port();
    const std::string file = folder_ / "mosquitto.conf";
    std::ofstream(file) << "listener " << port_ << " 127.0.0.1\nallow_anonymous true\n"
                        << "persistence true\npersistence_location " << folder_.string() << "/\n"
                        << "max_queued_messages 0\nuser root\n";
    process_ =
        std::make_unique<client::Process>(std::vector<std::string>{mosquitto_program, "-c", file});
    if (process_->prints("running")) return true;
  }
  return false;
}

}  // namespace mq::broker
