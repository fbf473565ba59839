#include "conformance/runner/speaker.h"

#include <algorithm>
#include <utility>

#include "conformance/runner/catalogue.h"
#include "protocol/codec.h"

namespace mq::conformance {

void Speaker::send_bytes(const Step& step) {
  std::vector<std::byte> bytes;
  for (const Value& value : step.bytes)
    for (char c : values_.text(value)) bytes.push_back(static_cast<std::byte>(c));
  if (values_.fault) return;
  refrained_ = why_not(step.who[0], bytes, version_);
  if (refrained_.empty()) links_.send(step.who[0], std::nullopt, std::move(bytes));
}

// What the target has said that it does not take, or would answer as it has said it does.
std::string Speaker::why_not(const std::string& name, std::span<const std::byte> bytes,
                             Version version) {
  const Link* const link = links_.current(name);
  Restraint::Before before{
      .reader = link == nullptr ? PacketReader(Sender::client, version) : link->peers_reader,
      .is_nothing = link == nullptr || !link->was_spoken_to,
      .open = links_.party(name).unacknowledged};
  if (std::string why = restraint_.against(bytes, std::move(before)); !why.empty()) return why;
  const Decoded decoded = decode(bytes, version, Sender::client);
  const auto* packet = std::get_if<Packet>(&decoded);
  const auto* connect = packet == nullptr ? nullptr : std::get_if<Connect>(packet);
  return connect == nullptr ? "" : endurance_.against(*connect, links_.now);
}

void Speaker::answer(const std::string& name, Kind kind, std::uint16_t id) {
  const auto wire = to_wire(kind, {{"id", std::to_string(id)}}, version_);
  links_.send(name, kind, std::get<Wire>(wire).bytes);
}

void Speaker::send(const Step& step) {
  const Kind kind = *step.packet;
  std::vector<Filled> fields;
  for (const Field& field : step.fields) {
    if (field.value.alternatives.empty()) continue;  // an id that is only captured
    const bool is_absent = field.value.alternatives[0].is == Alternative::Is::absent;
    fields.push_back({field.name,
                      is_absent ? std::nullopt : std::optional(values_.text(field.value)),
                      field.is_twist});
  }
  Version version = version_of(step, fields);
  if (kind == Kind::connect) connect_defaults(step.who[0], version, fields);
  if (has_packet_id(kind)) id_default(step, fields);
  if (kind == Kind::sub_ack || kind == Kind::unsub_ack) reasons_default(step.who[0], kind, fields);
  if (values_.fault) return;
  if (kind == Kind::publish) {
    last_qos_ = 0;
    for (const Filled& field : fields)
      if (field.name == "qos" && field.text) last_qos_ = number_in(*field.text).value_or(0);
  }
  auto wire = to_wire(kind, fields, version);
  if (const auto* why = std::get_if<ScriptFault>(&wire)) return values_.fail(why->text);
  auto& made = std::get<Wire>(wire);
  refrained_ = why_not(step.who[0], made.bytes, version);
  if (refrained_.empty())
    links_.send(step.who[0], kind, std::move(made.bytes), made.piece_bytes, made.as_text_frame);
}

// The version in which this packet is written: the case's, or what this connection's CONNECT
// said.
Version Speaker::version_of(const Step& step, const std::vector<Filled>& fields) {
  Link* const link = links_.current(step.who[0]);
  if (link == nullptr) return version_;
  for (const Filled& field : fields) {
    if (field.name != "version" || !field.text) continue;
    const std::string& said = *field.text;
    if (said != "5" && said != "3.1.1" && said != "3.1")
      values_.fail("expected version 5, 3.1.1 or 3.1, found `" + said + "`");
    link->reader.use_version(said == "5"       ? Version::v5
                             : said == "3.1.1" ? Version::v3_1_1
                                               : Version::v3_1);
  }
  return link->reader.version();
}

void Speaker::connect_defaults(const std::string& name, Version version,
                               std::vector<Filled>& fields) {
  const auto named = [&](std::string_view field) {
    return std::any_of(fields.begin(), fields.end(),
                       [&](const Filled& one) { return one.name == field && !one.is_twist; });
  };
  Party& party = links_.party(name);
  if (!named("client_id")) fields.push_back({"client_id", around_.client_id + name});
  // In 3.1.1 a server that limits it has no other way than to refuse what is longer.
  const auto beat = around_.abilities.server_keep_alive;
  const bool names_keep_alive = named("keep_alive");
  if (!names_keep_alive && version != Version::v5 && beat)
    fields.push_back({"keep_alive", std::to_string(*beat)});
  if (!named("user_name") && !named("password")) {
    for (const auto& [field, value] : {std::pair{"user_name", "user"}, {"password", "password"}})
      if (const auto given = around_.given.find(value); given != around_.given.end())
        fields.push_back({field, given->second});
  }
  party.names_keep_alive = names_keep_alive;
  party.hello.reset();
  for (const Filled& field : fields) {
    if (field.name == "client_id") party.client_id = field.text.value_or("");
    if (field.name == "keep_alive" && field.text)
      party.keep_alive = static_cast<std::uint16_t>(number_in(*field.text).value_or(0));
  }
}

// The filters that were asked for last are granted.
void Speaker::reasons_default(const std::string& name, Kind kind, std::vector<Filled>& fields) {
  if (kind == Kind::unsub_ack && version_ != Version::v5) return;
  const bool is_named = std::any_of(fields.begin(), fields.end(), [](const Filled& one) {
    return !one.is_twist && (one.name == "reason" || one.name == "reasons");
  });
  if (!is_named) fields.push_back({"reasons", links_.party(name).asked});
}

// A packet identifier that the script leaves out: the next free one for what begins an exchange,
// the one last heard for what answers.
void Speaker::id_default(const Step& step, std::vector<Filled>& fields) {
  Party& party = links_.party(step.who[0]);
  std::string capture;
  for (const Field& field : step.fields)
    if (field.name == "id" && !field.is_twist) capture = field.value.capture;
  auto field = std::find_if(fields.begin(), fields.end(),
                            [](const Filled& one) { return one.name == "id" && !one.is_twist; });
  if (field == fields.end()) {
    const Kind kind = *step.packet;
    const bool is_qos_0 =
        kind == Kind::publish && std::none_of(fields.begin(), fields.end(), [](const Filled& one) {
          return one.name == "qos" && one.text && number_in(*one.text).value_or(0) != 0;
        });
    if (is_qos_0) return;
    const bool begins =
        kind == Kind::publish || kind == Kind::subscribe || kind == Kind::unsubscribe;
    const std::uint16_t id = begins ? party.next_id++ : party.received_id.value_or(1);
    if (party.next_id == 0) party.next_id = 1;
    fields.push_back({"id", std::to_string(id)});
    field = std::prev(fields.end());
  }
  if (!field->text) return;
  party.sent_id = static_cast<std::uint16_t>(number_in(*field->text).value_or(0));
  if (!capture.empty()) values_.keep(capture, *field->text);
}

}  // namespace mq::conformance
