#include "sim/trace/stamp.h"

#include <gtest/gtest.h>

#include <limits>

namespace mq::trace {
namespace {

constexpr auto publish = Stamp::Origin::publish;
constexpr auto will = Stamp::Origin::will;

TEST(Stamp, IsWrittenInBase36) {
  EXPECT_EQ(to_text({publish, ClientIndex{100}, 51}), "#2s.1f;");
  EXPECT_EQ(to_text({will, ClientIndex{100}, 3}), "!2s.3;");
  EXPECT_EQ(to_text({publish, ClientIndex{0}, 0}), "#0.0;");
}

TEST(Stamp, ComesBackAsItWasWritten) {
  for (const auto origin : {publish, will})
    for (const std::uint32_t client : {0u, 1u, 35u, 36u, 9999u, 0xFFFFFFFFu})
      for (const std::uint64_t number :
           {std::uint64_t{0}, std::uint64_t{35}, std::uint64_t{36}, std::uint64_t{1295},
            std::numeric_limits<std::uint64_t>::max()}) {
        const Stamp stamp{origin, ClientIndex{client}, number};
        EXPECT_EQ(stamp_of(to_text(stamp) + "and more"), stamp) << to_text(stamp);
      }
}

TEST(Stamp, OfAnythingElseIsNothing) {
  for (const auto* payload : {"",
                              "#",
                              "!",
                              "#.;",
                              "#1.;",
                              "#.1;",
                              "#1.1",
                              "#1;1.",
                              "1.1;",
                              "?1.1;",
                              "#A.1;",
                              "#1.B;",
                              "#1 .1;",
                              "#-1.1;",
                              "gone",
                              "#01.1;",
                              "#1.01;",
                              "#1z141z4.1;",        // one over the largest client
                              "#1.3w5e11264sgsg;",  // one over the largest number
                              "#1.99999999999999999999;"})
    EXPECT_EQ(stamp_of(payload), std::nullopt) << payload;
  EXPECT_TRUE(stamp_of("#1z141z3.1;"));
  EXPECT_TRUE(stamp_of("#1.3w5e11264sgsf;"));
}

TEST(Stamp, FitsTheSmallestPayloadOfABigRun) {
  const Stamp largest{publish, ClientIndex{99'999}, 2'000'000'000};
  EXPECT_LE(to_text(largest).size(), stamped_payload_bytes_min);
}

}  // namespace
}  // namespace mq::trace
