#include "broker/load/testing/tested_broker.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <ctime>
#include <fstream>

#include "transport/certificate_maker.h"

namespace mq::broker {
namespace {

constexpr std::time_t day = 86400;

void write_private(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
  ::chmod(path.c_str(), 0600);
}

void write_certificates(const std::filesystem::path& folder) {
  const std::time_t now = std::time(nullptr);
  transport::CertificateMaker maker("an authority", now - 2 * day, now + 2 * day);
  const auto made = maker.make({.common_name = "broker",
                                .dns_names = {"localhost"},
                                .addresses = {"127.0.0.1"},
                                .valid_from = now - day,
                                .valid_until = now + day});
  write_private(folder / "ca.pem", maker.authority_pem());
  write_private(folder / "server.pem", made.certificate_pem);
  write_private(folder / "server.key", made.key_pem);
}

}  // namespace

const char* name_of(Through through) {
  constexpr const char* names[] = {"tcp", "websocket", "tls", "wss"};
  return names[static_cast<std::size_t>(through)];
}

TestedBroker::TestedBroker(const std::string& lines, bool has_store) {
  std::string pattern = (std::filesystem::temp_directory_path() / "mq_load_XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  write_certificates(folder_);
  const std::string pair = "certfile " + (folder_ / "server.pem").string() + "\nkeyfile " +
                           (folder_ / "server.key").string() + "\n";
  write_private(folder_ / "broker.conf",
                "listener 0 127.0.0.1\nlistener 0 127.0.0.1\nprotocol websockets\n"
                "listener 0 127.0.0.1\n" +
                    pair + "listener 0 127.0.0.1\nprotocol websockets\n" + pair + lines +
                    "\nlog_type notice\nconnection_messages false\n");
  std::vector<std::string> words{MQ_REAL_PROGRAM, "broker", "-c",
                                 (folder_ / "broker.conf").string()};
  if (has_store) words.insert(words.end(), {"--store", (folder_ / "store.db").string()});
  process_ = std::make_unique<client::Process>(words);
  const std::string listening = "listening address=";
  EXPECT_TRUE(process_->prints(listening, 4)) << process_->output();
  EXPECT_TRUE(process_->prints("\n", 4));
  const std::string& text = process_->output();
  for (std::size_t at = 0; (at = text.find(listening, at)) != std::string::npos;) {
    at = text.find("127.0.0.1:", at) + 10;
    ports_.push_back(static_cast<std::uint16_t>(std::atoi(text.c_str() + at)));
  }
}

TestedBroker::~TestedBroker() {
  process_.reset();
  std::filesystem::remove_all(folder_);
}

std::uint16_t TestedBroker::port(Through through) const {
  return ports_.at(static_cast<std::size_t>(through));
}

std::size_t TestedBroker::memory(const std::string& line) const {
  const std::size_t bytes = process_->memory(line);
  if (bytes == 0) ADD_FAILURE() << "the broker is gone: " << process_->output();
  return bytes;
}

void TestedBroker::forget_peak() {
  std::ofstream("/proc/" + std::to_string(process_->pid()) + "/clear_refs") << "5";
}

bool may_open_files(std::size_t count) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_cur >= count;
}

}  // namespace mq::broker
