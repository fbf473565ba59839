#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "protocol/codec.h"
#include "protocol/topic.h"
#include "protocol/utf8.h"

namespace mq {
namespace {

Publish reading(std::size_t payload_bytes) {
  Publish publish;
  publish.topic = "fleet/4711/kuehltheke/temperature";
  publish.qos = Qos::at_least_once;
  publish.packet_id = PacketId{7};
  publish.payload = Bytes::copy(std::string(payload_bytes, 'x'));
  return publish;
}

Publish with_properties(std::size_t payload_bytes) {
  Publish publish = reading(payload_bytes);
  publish.properties.add(PropertyId::message_expiry_interval, 60U);
  publish.properties.add(PropertyId::content_type, std::string("text/plain"));
  publish.properties.add_user("unit", "celsius");
  return publish;
}

void decode_all(benchmark::State& state, const Publish& publish, Version version) {
  std::vector<std::byte> wire;
  encode(publish, version, wire);
  for (auto _ : state) benchmark::DoNotOptimize(decode(wire, version, Sender::client));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(wire.size()));
}

void decode_publish_3_1_1(benchmark::State& state) {
  decode_all(state, reading(static_cast<std::size_t>(state.range(0))), Version::v3_1_1);
}
BENCHMARK(decode_publish_3_1_1)->Arg(64)->Arg(4096);

void decode_publish_5_0(benchmark::State& state) {
  decode_all(state, reading(static_cast<std::size_t>(state.range(0))), Version::v5);
}
BENCHMARK(decode_publish_5_0)->Arg(64);

void decode_publish_with_properties(benchmark::State& state) {
  decode_all(state, with_properties(64), Version::v5);
}
BENCHMARK(decode_publish_with_properties);

void encode_all(benchmark::State& state, const Publish& publish, Version version) {
  std::vector<std::byte> out;
  for (auto _ : state) {
    out.clear();
    encode(publish, version, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}

void encode_publish_3_1_1(benchmark::State& state) {
  encode_all(state, reading(static_cast<std::size_t>(state.range(0))), Version::v3_1_1);
}
BENCHMARK(encode_publish_3_1_1)->Arg(64)->Arg(4096);

void encode_publish_with_properties(benchmark::State& state) {
  encode_all(state, with_properties(64), Version::v5);
}
BENCHMARK(encode_publish_with_properties);

// One message to one more receiver: copy the head, patch it.
void patch_publish_head(benchmark::State& state) {
  const Publish publish = with_properties(64);
  std::vector<std::byte> head;
  const PublishHead marks = encode_publish_head({.topic = publish.topic,
                                                 .qos = publish.qos,
                                                 .properties = publish.properties.all(),
                                                 .payload_bytes = 64},
                                                Version::v5, head);
  std::vector<std::byte> out;
  for (auto _ : state) {
    out.assign(head.begin(), head.end());
    marks.set_packet_id(out, PacketId{99});
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(patch_publish_head);

// A stream of small packets in portions of one TCP segment.
void read_stream(benchmark::State& state) {
  std::vector<std::byte> stream;
  for (int i = 0; i < 1000; ++i) encode(reading(64), Version::v3_1_1, stream);
  for (auto _ : state) {
    PacketReader reader(Sender::client, Version::v3_1_1);
    for (std::size_t at = 0; at < stream.size(); at += 1448) {
      reader.feed(std::span(stream).subspan(at, std::min<std::size_t>(1448, stream.size() - at)));
      for (Decoded next = reader.next(); std::holds_alternative<Packet>(next); next = reader.next())
        benchmark::DoNotOptimize(next);
    }
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(read_stream);

// The whole of a large packet in small portions: what was read is not read again.
void read_large_packet(benchmark::State& state) {
  std::vector<std::byte> wire;
  encode(reading(static_cast<std::size_t>(state.range(0))), Version::v3_1_1, wire);
  for (auto _ : state) {
    PacketReader reader(Sender::client, Version::v3_1_1);
    for (std::size_t at = 0; at < wire.size(); at += 1448) {
      reader.feed(std::span(wire).subspan(at, std::min<std::size_t>(1448, wire.size() - at)));
      benchmark::DoNotOptimize(reader.next());
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(wire.size()));
}
BENCHMARK(read_large_packet)->Arg(1 << 20)->Arg(1 << 24);

void match_topic(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(matches("fleet/+/kuehltheke/#", "fleet/4711/kuehltheke/temperature"));
    benchmark::DoNotOptimize(matches("fleet/+/train/#", "fleet/4711/kuehltheke/temperature"));
  }
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(match_topic);

void check_utf8(benchmark::State& state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(utf8_breaks(text));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(check_utf8)->Arg(33)->Arg(65535);

}  // namespace
}  // namespace mq
