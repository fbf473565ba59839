// The rows that the next commit adds and removes. A row that is added and removed again before its
// commit is never written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "broker/core/record.h"
#include "broker/store/record_codec.h"
#include "broker/store/seal.h"

namespace mq::broker {

// One record in the table. A number is never given twice, so new rows come to stand together at the
// table's end however scattered the sessions are that they belong to.
struct Row {
  std::uint64_t id = 0;
  std::uint64_t checksum = 0;
};

class Batch {
 public:
  explicit Batch(WallClock clock) : clock_(clock) {}

  // After a restart: what is on disk, and how the last commit left it.
  void resume(std::uint64_t last_id, const Tally& tally);

  Row add(const Record& record);
  void remove(const Row& row);

  bool empty() const { return added_count_ == 0 && removed_.empty(); }
  // Once this batch is written.
  Tally tally() const { return {written_.commits + 1, rows_, total_}; }
  const Tally& written_tally() const { return written_; }

  // In ascending order; `visit(id, body, checksum)` returns false to stop. True if it never did.
  template <class Visit>
  bool for_each_added(Visit&& visit) const {
    for (std::size_t at = 0; at < added_.size(); ++at) {
      const Added& row = added_[at];
      if (row.bytes == 0) continue;
      const auto body = std::span(bodies_).subspan(row.begin, row.bytes);
      if (!visit(first_id_ + at, body, row.checksum)) return false;
    }
    return true;
  }
  const std::vector<std::uint64_t>& removed() const { return removed_; }

  // The batch is on disk: the next one begins.
  void written();

 private:
  struct Added {
    std::size_t begin;
    std::size_t bytes;  // zero: removed again
    std::uint64_t checksum;
  };

  WallClock clock_;
  std::uint64_t first_id_ = 1;  // of added_
  std::vector<Added> added_;
  std::size_t added_count_ = 0;
  std::vector<std::byte> bodies_;
  std::vector<std::uint64_t> removed_;
  std::uint64_t rows_ = 0;
  std::uint64_t total_ = 0;
  Tally written_;
};

}  // namespace mq::broker
