// The real broker as a process of its own, for tests that load it: its listeners, its memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/sanitized.h"
#include "client/pubsub/process.h"

namespace mq::broker {

enum class Through { tcp, websocket, tls, wss };
const char* name_of(Through through);

class TestedBroker {
 public:
  // Listens once per transport, with what `lines` add to its configuration file, and a store in its
  // folder if it `has_store`. A test failure if it does not.
  explicit TestedBroker(const std::string& lines = {}, bool has_store = false);
  ~TestedBroker();

  std::uint16_t port(Through through) const;
  std::string authority_file() const { return (folder_ / "ca.pem").string(); }
  const std::filesystem::path& folder() const { return folder_; }

  std::size_t memory() const { return memory("VmRSS"); }
  std::size_t memory_peak() const { return memory("VmHWM"); }
  void forget_peak();  // it is counted anew from here
  double processor_seconds() const { return process_->processor_seconds(); }
  client::Process& process() { return *process_; }

 private:
  std::size_t memory(const std::string& line) const;

  std::filesystem::path folder_;
  std::vector<std::uint16_t> ports_;
  std::unique_ptr<client::Process> process_;
};

// As many open files as the machine allows; false if they are fewer than so many.
bool may_open_files(std::size_t count);

}  // namespace mq::broker
