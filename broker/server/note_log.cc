#include "broker/server/note_log.h"

#include <string>
#include <utility>

namespace mq::broker {
namespace {

struct Event {
  const char* name;
  Level level;
  bool is_of_connections;
};

Event event_of(Note::What what) {
  switch (what) {
    case Note::What::connected:
      return {"connected", Level::notice, true};
    case Note::What::refused:
      return {"refused", Level::notice, true};
    case Note::What::disconnected:
      return {"disconnected", Level::notice, true};
    case Note::What::taken_over:
      return {"taken_over", Level::notice, true};
    case Note::What::will_published:
      return {"will_published", Level::information, false};
    case Note::What::message_dropped:
      return {"message_dropped", Level::warning, false};
    case Note::What::subscribed:
      return {"subscribed", Level::subscribe, false};
    case Note::What::unsubscribed:
      return {"unsubscribed", Level::unsubscribe, false};
    case Note::What::session_expired:
      return {"session_expired", Level::information, false};
  }
  return {"note", Level::debug, false};
}

const char* version_name(Version version) {
  return version == Version::v5 ? "5.0" : version == Version::v3_1_1 ? "3.1.1" : "3.1";
}

}  // namespace

void write_note(Log& log, const LogConfig& config, const Note& note) {
  const Event event = event_of(note.what);
  if (!log.wants(event.level) || (event.is_of_connections && !config.connection_messages)) return;
  std::vector<Field> fields;
  if (note.link != LinkId{})
    fields.push_back({"link", std::to_string(static_cast<std::uint64_t>(note.link))});
  if (!note.client_id.empty()) fields.push_back({"client", note.client_id});
  if (!note.address.empty()) fields.push_back({"address", note.address});
  if (note.what == Note::What::connected) {
    fields.push_back({"version", version_name(note.version)});
    fields.push_back({"session", note.session_present ? "resumed" : "new"});
  }
  if (!note.filter.empty()) fields.push_back({"filter", note.filter});
  if (note.what == Note::What::subscribed)
    fields.push_back({"granted", mq::name(note.reason, Kind::sub_ack, Version::v5)});
  else if (!note.because.empty())
    fields.push_back({"because", note.because});
  else if (note.reason != ReasonCode::success)
    fields.push_back({"reason", mq::name(note.reason)});
  if (note.rule != Rule::none) fields.push_back({"broken", std::string(info(note.rule).sentence)});
  log.write(event.level, event.name, fields);
}

}  // namespace mq::broker
