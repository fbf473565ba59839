// How often the codec asks for memory: a program of its own, because it replaces operator new. The
// replacements are not inlined: a compiler that sees free() meet memory of operator new complains.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>

#include "protocol/codec.h"

namespace {
std::size_t allocations = 0;
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace mq {
namespace {

using Buffer = std::vector<std::byte>;

Publish message(std::size_t topic_bytes, std::size_t payload_bytes) {
  Publish publish;
  publish.topic = std::string(topic_bytes, 't');
  publish.payload = Bytes::copy(std::string(payload_bytes, 'p'));
  return publish;
}

template <class Work>
std::size_t allocations_of(Work&& work) {
  const std::size_t before = allocations;
  work();
  return allocations - before;
}

std::size_t decoding(const Publish& publish) {
  Buffer wire;
  encode(publish, Version::v3_1_1, wire);
  return allocations_of([&] { (void)decode(wire, Version::v3_1_1, Sender::client); });
}

TEST(Allocations, OfADecodedPublishAreTopicAndPayload) {
  EXPECT_EQ(decoding(message(100, 100)), 2U);
  EXPECT_EQ(decoding(message(8, 100)), 1U);
  EXPECT_EQ(decoding(message(8, 0)), 0U);
}

TEST(Allocations, OfEncodingAreNoneOnceTheBufferHasGrown) {
  Publish publish = message(100, 100);
  publish.properties.add_user(std::string(50, 'k'), std::string(50, 'v'));
  Buffer out;
  encode(publish, Version::v5, out);
  out.clear();
  EXPECT_EQ(allocations_of([&] { encode(publish, Version::v5, out); }), 0U);
  out.clear();
  const PublishShape shape{.topic = publish.topic, .properties = publish.properties.all()};
  EXPECT_EQ(allocations_of([&] { encode_publish_head(shape, Version::v5, out); }), 0U);
}

TEST(Allocations, OfAReaderAreNoneOnceItsBufferHasGrown) {
  Buffer wire;
  encode(message(8, 0), Version::v3_1_1, wire);
  PacketReader reader(Sender::client, Version::v3_1_1);
  const auto turn = [&] {
    reader.feed(wire);
    while (std::holds_alternative<Packet>(reader.next())) {
    }
  };
  turn();
  EXPECT_EQ(allocations_of(turn), 0U);
}

// An announced length is only a claim: memory is taken for what has arrived.
TEST(Allocations, DoNotFollowAnAnnouncedLength) {
  PacketReader reader(Sender::client, Version::v3_1_1);
  const std::byte header[] = {std::byte{0x30}, std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF},
                              std::byte{0x7F}};
  reader.feed(header);
  EXPECT_EQ(reader.next(), Decoded(NeedMore{}));
  EXPECT_EQ(reader.buffered_bytes(), sizeof header);
  EXPECT_LE(reader.memory_bytes(), 64U);
}

TEST(Allocations, OfALargePacketAreGivenBack) {
  Buffer wire;
  encode(message(8, 1'000'000), Version::v3_1_1, wire);
  PacketReader reader(Sender::client, Version::v3_1_1);
  reader.feed(wire);
  EXPECT_TRUE(std::holds_alternative<Packet>(reader.next()));
  EXPECT_EQ(reader.wire().size(), wire.size());
  EXPECT_GE(reader.memory_bytes(), 1'000'000U);
  EXPECT_EQ(reader.next(), Decoded(NeedMore{}));
  EXPECT_EQ(reader.memory_bytes(), 0U);
}

}  // namespace
}  // namespace mq
