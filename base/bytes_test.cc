#include "base/bytes.h"

#include <gtest/gtest.h>

namespace mq {
namespace {

TEST(Bytes, CopiesShareOneBuffer) {
  Bytes first = Bytes::copy("hello");
  Bytes second = first;
  EXPECT_EQ(first.data(), second.data());
  EXPECT_EQ(second.text(), "hello");
  first = Bytes();
  EXPECT_EQ(second.text(), "hello");
}

TEST(Bytes, ASliceOutlivesWhatItWasCutFrom) {
  Bytes whole = Bytes::copy("f2/kuehltheke/temp");
  Bytes part = whole.slice(3, 10);
  whole = Bytes();
  EXPECT_EQ(part.text(), "kuehltheke");
}

TEST(Bytes, ASliceIsClampedToWhatIsThere) {
  Bytes whole = Bytes::copy("abc");
  EXPECT_EQ(whole.slice(2, 100).text(), "c");
  EXPECT_TRUE(whole.slice(3, 1).empty());
  EXPECT_TRUE(whole.slice(100, 1).empty());
}

TEST(Bytes, MakeFillsBeforeAnybodySees) {
  Bytes made = Bytes::make(3, [](std::span<std::byte> out) {
    for (auto& b : out) b = std::byte{'x'};
  });
  EXPECT_EQ(made, Bytes::copy("xxx"));
  EXPECT_TRUE(Bytes::make(0, [](std::span<std::byte>) { FAIL(); }).empty());
}

}  // namespace
}  // namespace mq
