#include "broker/store/batch.h"

#include "base/ensure.h"
#include "broker/store/checksum.h"

namespace mq::broker {
namespace {

constexpr std::size_t kept_bytes = 1024 * 1024;

}  // namespace

void Batch::resume(std::uint64_t last_id, const Tally& tally) {
  ensure(empty(), "a batch is resumed before anything is added");
  first_id_ = last_id + 1;
  written_ = tally;
  rows_ = tally.rows;
  total_ = tally.total;
}

Row Batch::add(const Record& record) {
  const std::size_t begin = bodies_.size();
  encode_record(record, clock_, bodies_);
  const std::uint64_t id = first_id_ + added_.size();
  const std::uint64_t checksum = record_checksum(id, std::span(bodies_).subspan(begin));
  added_.push_back({begin, bodies_.size() - begin, checksum});
  ++added_count_;
  ++rows_;
  total_ += mixed(checksum);
  return {id, checksum};
}

void Batch::remove(const Row& row) {
  --rows_;
  total_ -= mixed(row.checksum);
  if (row.id < first_id_) {
    removed_.push_back(row.id);
    return;
  }
  Added& added = added_[row.id - first_id_];
  ensure(added.bytes > 0, "a row is removed once");
  if (added.begin + added.bytes == bodies_.size()) bodies_.resize(added.begin);
  added.bytes = 0;
  --added_count_;
}

void Batch::written() {
  written_ = tally();
  first_id_ += added_.size();
  added_.clear();
  added_count_ = 0;
  bodies_.clear();
  if (bodies_.capacity() > kept_bytes) bodies_.shrink_to_fit();
  removed_.clear();
}

}  // namespace mq::broker
