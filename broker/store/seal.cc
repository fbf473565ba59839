#include "broker/store/seal.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/ensure.h"
#include "broker/store/checksum.h"

namespace mq::broker {
namespace {

using Words = std::array<std::uint64_t, 7>;
constexpr std::uint64_t magic = 0x316C616573716D;  // "mqseal1"

Words words_of(const Seal& seal) {
  Words words{magic,
              seal.boot,
              static_cast<std::uint64_t>(seal.durability),
              seal.tally.commits,
              seal.tally.rows,
              seal.tally.total,
              0};
  words.back() = crc64(std::as_bytes(std::span(words).first<6>()));
  return words;
}

}  // namespace

std::uint64_t Tally::checksum() const {
  const std::array<std::uint64_t, 3> words{commits, rows, total};
  return crc64(std::as_bytes(std::span(words)));
}

std::string seal_path(const std::string& store_path) { return store_path + "-seal"; }

SealFile::SealFile(const std::string& store_path, const char* vfs)
    : vfs_(sqlite3_vfs_find(vfs)), path_(seal_path(store_path)) {
  ensure(vfs_ != nullptr, "the VFS is registered");
  std::string full(static_cast<std::size_t>(vfs_->mxPathname) + 1, '\0');
  if (vfs_->xFullPathname(vfs_, path_.c_str(), vfs_->mxPathname + 1, full.data()) == SQLITE_OK)
    path_ = full.c_str();
}

SealFile::~SealFile() { close(); }

void SealFile::close() {
  if (file_ != nullptr && file_->pMethods != nullptr) file_->pMethods->xClose(file_);
  file_ = nullptr;
}

int SealFile::open(int flags) {
  if (file_ != nullptr) return SQLITE_OK;
  memory_ = std::make_unique<std::byte[]>(static_cast<std::size_t>(vfs_->szOsFile));
  file_ = reinterpret_cast<sqlite3_file*>(memory_.get());
  int granted = 0;
  const int code = vfs_->xOpen(vfs_, path_.c_str(), file_,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_SUPER_JOURNAL | flags, &granted);
  if (code != SQLITE_OK) close();
  return code;
}

SealFile::Found SealFile::read() {
  int exists = 0;
  if (vfs_->xAccess(vfs_, path_.c_str(), SQLITE_ACCESS_EXISTS, &exists) != SQLITE_OK || exists == 0)
    return Missing{};
  if (open(0) != SQLITE_OK) return Damaged{};
  Words words{};
  sqlite3_int64 size = 0;
  if (file_->pMethods->xFileSize(file_, &size) != SQLITE_OK || size != sizeof words ||
      file_->pMethods->xRead(file_, words.data(), sizeof words, 0) != SQLITE_OK)
    return Damaged{};
  const Seal seal{.tally = {.commits = words[3], .rows = words[4], .total = words[5]},
                  .boot = words[1],
                  .durability = words[2] == static_cast<std::uint64_t>(Durability::process)
                                    ? Durability::process
                                    : Durability::power};
  if (words_of(seal) != words) return Damaged{};
  return seal;
}

int SealFile::write(const Seal& seal, Sync sync) {
  if (const int code = open(SQLITE_OPEN_CREATE); code != SQLITE_OK) return code;
  const Words words = words_of(seal);
  int code = file_->pMethods->xWrite(file_, words.data(), sizeof words, 0);
  if (code == SQLITE_OK && sync == Sync::yes)
    code = file_->pMethods->xTruncate(file_, sizeof words);
  if (code == SQLITE_OK && sync == Sync::yes)
    code = file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL);
  return code;
}

}  // namespace mq::broker
