#include "client/pubsub/common_flags.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <random>

#include "client/pubsub/format.h"
#include "installation/installation.h"
#include "protocol/scram/saslprep.h"
#include "protocol/scram/scram.h"
#include "protocol/topic.h"

namespace mq::client {

void add_common(CLI::App& app, RawFlags& raw, CommonOptions& options) {
  const CLI::Range qos(0, 2);
  app.set_help_flag("--help", "print this help");
  app.set_version_flag("--version", app.get_name() + " " + mq::version(),
                       "print which one this is");
  app.add_option("-h,--host", raw.host, "the broker's host (localhost)");
  app.add_option("-p,--port", raw.port, "its port (1883; 8883 with TLS)");
  app.add_option("-L,--url", raw.url,
                 "mqtt://[user[:password]@]host[:port]/topic; also mqtts://, ws://, wss://");
  raw.transport.add_to(app);
  app.add_option("-V,--protocol-version", raw.version,
                 "mqttv31, mqttv311 or mqttv5; by default mqttv311, of rr mqttv5");
  app.add_option("-i,--id", raw.id, "the client id; random otherwise");
  app.add_option("-I,--id-prefix", raw.id_prefix, "the client id is this and the process id");
  app.add_option("-k,--keepalive", raw.keep_alive, "seconds (60); 0 turns it off")
      ->check(CLI::Range(0, 65535));
  app.add_flag("-c,--disable-clean-session", raw.keep_session, "a session that outlives the link");
  app.add_option("-x,--session-expiry-interval", raw.session_expiry,
                 "seconds that the session is kept, 5.0; -1: for ever");
  app.add_option("-u,--username", raw.user_name, "user name");
  app.add_option("-P,--pw", raw.password, "password");
  app.add_option("--auth-method", raw.auth_method,
                 "SCRAM-SHA-256: prove the password instead of sending it, and have the broker\n"
                 "prove that it knows it too (5.0)")
      ->check(CLI::IsMember({std::string(scram_sha_256)}));
  app.add_option("-q,--qos", raw.qos, "0 (default), 1 or 2")->check(qos);
  app.add_option("-M,--max-inflight", raw.max_inflight, "QoS 1 and 2 messages under way at once");
  app.add_option("--will-topic", raw.will_topic, "topic of the will");
  app.add_option("--will-payload", raw.will_payload, "payload of the will");
  app.add_option("--will-qos", raw.will_qos, "QoS of the will")->check(qos);
  app.add_flag("--will-retain", raw.will_retain, "the will is retained");
  app.add_flag("--nodelay", raw.no_delay, "accepted: TCP_NODELAY is always set");
  app.add_flag("-d,--debug", options.debug, "tell on stderr what happens");
  app.add_flag("--quiet", options.quiet, "tell no errors");
  app.footer(
      "-D PACKET PROPERTY VALUE adds a property of MQTT 5.0 to CONNECT, WILL, PUBLISH,\n"
      "SUBSCRIBE, UNSUBSCRIBE or DISCONNECT: -D publish content-type text/plain,\n"
      "-D connect user-property KEY VALUE. May be repeated.\n"
      "Exit status: 0 done, 1 refused by the broker, 2 usage, 3 no connection,\n"
      "4 (sub, rr) nothing came, 130 and 143 interrupted.");
}

namespace {

Version version_of(const RawFlags& raw, Version without_a_word) {
  const std::string& text = raw.version;
  if (text.empty())
    return raw.properties.empty() && raw.session_expiry.empty() && raw.auth_method.empty()
               ? without_a_word
               : Version::v5;
  if (text == "mqttv5" || text == "5" || text == "50" || text == "5.0") return Version::v5;
  if (text == "mqttv311" || text == "311" || text == "3.1.1") return Version::v3_1_1;
  if (text == "mqttv31" || text == "31" || text == "3.1") return Version::v3_1;
  throw Usage("-V: expected mqttv31, mqttv311 or mqttv5, got \"" + text + "\"" +
              did_you_mean(text, {"mqttv31", "mqttv311", "mqttv5"}));
}

// mosquitto's words for "for ever", or a number of seconds.
std::uint32_t session_expiry_of(const std::string& text) {
  if (text == "-1" || text == "\u221e") return 0xFFFFFFFF;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw Usage("-x: expected seconds from 0 to 4294967295, or -1 for ever, got \"" + text + "\"");
  return value;
}

}  // namespace

std::string take_url(RawFlags& raw) {
  const auto after_scheme = raw.transport.take_scheme(raw.url);
  if (!after_scheme)
    throw Usage("-L: expected mqtt://[user[:password]@]host[:port]/topic, got \"" + raw.url +
                "\"; or mqtts://, ws://, wss://");
  std::string rest = *after_scheme;
  const auto slash = rest.find('/');
  std::string topic = slash == std::string::npos ? "" : rest.substr(slash + 1);
  rest.resize(std::min(rest.size(), slash));
  if (const auto at = rest.rfind('@'); at != std::string::npos) {
    const std::string who = rest.substr(0, at);
    rest.erase(0, at + 1);
    const auto colon = who.find(':');
    raw.user_name = who.substr(0, colon);
    if (colon != std::string::npos) raw.password = who.substr(colon + 1);
  }
  const auto closing = rest.rfind(']');
  const auto colon = rest.rfind(':');
  if (colon != std::string::npos && (closing == std::string::npos || colon > closing)) {
    const std::string port = rest.substr(colon + 1);
    const bool is_number =
        !port.empty() && port.size() <= 5 &&
        std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!is_number || std::stoul(port) > 0xFFFF) throw Usage("-L: \"" + port + "\" is no port");
    raw.port = static_cast<std::uint16_t>(std::stoul(port));
    rest.resize(colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (!rest.empty()) raw.host = rest;
  return topic;
}

namespace {

std::string random_id(const char* verb) {
  static constexpr char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device chance;
  std::string id = std::string("mqttlab-") + verb + "-";
  for (int i = 0; i < 10; ++i) id += letters[chance() % 36];
  return id;
}

void check_text(const char* flag, const std::string& text) {
  if (text.size() > 0xFFFF) throw Usage(std::string(flag) + ": more than 65,535 bytes");
}

}  // namespace

void check_topic(const char* flag, const std::string& topic) {
  check_text(flag, topic);
  if (const auto broken = topic_name_breaks(topic))
    throw Usage(std::string(flag) + ": \"" + topic +
                "\" is no topic name: " + std::string(info(*broken).sentence));
}

void check_filter(const char* flag, const std::string& filter) {
  check_text(flag, filter);
  if (const auto broken = topic_filter_breaks(filter))
    throw Usage(std::string(flag) + ": \"" + filter +
                "\" is no topic filter: " + std::string(info(*broken).sentence));
}

namespace {

std::optional<Will> will_of(const RawFlags& raw) {
  if (raw.will_topic.empty()) {
    if (!raw.will_payload.empty() || raw.will_retain || raw.will_qos != 0)
      throw Usage("--will-payload, --will-qos and --will-retain need --will-topic");
    return std::nullopt;
  }
  check_topic("--will-topic", raw.will_topic);
  check_text("--will-payload", raw.will_payload);
  return Will{.topic = raw.will_topic,
              .payload = Bytes::copy(raw.will_payload),
              .qos = static_cast<Qos>(raw.will_qos),
              .retain = raw.will_retain,
              .properties = properties_for(raw.properties, will_properties)};
}

}  // namespace

void settle(const RawFlags& raw, const char* verb, CommonOptions& options, Version without_a_word) {
  Settings& settings = options.settings;
  settings.version = version_of(raw, without_a_word);
  if (settings.version != Version::v5 && (!raw.properties.empty() || !raw.session_expiry.empty()))
    throw Usage("-D and -x need MQTT 5.0: add -V mqttv5");
  if (raw.keep_session && raw.id.empty() && raw.id_prefix.empty())
    throw Usage("-c needs -i: a session is kept under the client's id");
  if (!raw.id.empty() && !raw.id_prefix.empty()) throw Usage("-i and -I exclude each other");
  if (raw.password && !raw.user_name && settings.version != Version::v5)
    throw Usage("-P needs -u before MQTT 5.0");
  settings.client_id = !raw.id.empty()          ? raw.id
                       : !raw.id_prefix.empty() ? raw.id_prefix + std::to_string(getpid())
                                                : random_id(verb);
  check_text("-i", settings.client_id);
  settings.clean_start = !raw.keep_session;
  settings.session_expiry = raw.keep_session ? 0xFFFFFFFF : 0;
  if (!raw.session_expiry.empty()) settings.session_expiry = session_expiry_of(raw.session_expiry);
  settings.keep_alive = std::chrono::seconds{raw.keep_alive};
  settings.will = will_of(raw);
  settings.user_name = raw.user_name;
  settings.authentication_method = raw.auth_method;
  if (!raw.auth_method.empty() && settings.version != Version::v5)
    throw Usage("--auth-method needs MQTT 5.0: add -V mqttv5");
  if (!raw.auth_method.empty() && (!raw.user_name || raw.user_name->empty() || !raw.password))
    throw Usage("--auth-method needs -u and -P");
  if (!raw.auth_method.empty() && (!saslprep(*raw.user_name) || !saslprep(*raw.password)))
    throw Usage(
        "--auth-method: the user name or the password cannot be prepared for SCRAM: control "
        "characters, marks apart from their letters, or characters that have another form "
        "(SASLprep, RFC 4013)");
  if (raw.user_name) check_text("-u", *raw.user_name);
  if (raw.password) {
    check_text("-P", *raw.password);
    settings.password = Bytes::copy(*raw.password);
  }
  if (raw.max_inflight) {
    if (*raw.max_inflight == 0) throw Usage("-M: expected 1 or more");
    settings.limits.inflight_messages = *raw.max_inflight;
    settings.limits.receive_maximum = *raw.max_inflight;
  }
  settings.limits.packet_bytes = packet_bytes_limit;
  settings.limits.queued_bytes = 2 * packet_bytes_limit;
  options.disconnect_properties = properties_for(raw.properties, place(Kind::disconnect));
  settings.connect_properties = properties_for(raw.properties, place(Kind::connect));
  try {
    options.endpoint = raw.transport.endpoint(raw.host, raw.port, settings.version);
  } catch (const TransportFlagError& error) {
    throw Usage(error.what());
  }
  options.qos = static_cast<Qos>(raw.qos);
}

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names = {"--property"};
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

namespace {

// Where mosquitto's clients look for flags that are always meant, a flag and its value a line.
std::string defaults_file(const CLI::App& app) {
  const std::string name = "mosquitto_" + app.get_name().substr(app.get_name().rfind(' ') + 1);
  if (const char* folder = std::getenv("XDG_CONFIG_HOME"); folder != nullptr && *folder != '\0')
    return std::string(folder) + "/" + name;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return std::string(home) + "/.config/" + name;
  return {};
}

bool may_be_repeated(const CLI::Option& option) { return option.get_items_expected_max() > 1; }

// The last word counts, so that a line of flags can be completed by others.
void take_last_of_repeated(CLI::App& app) {
  for (CLI::Option* option : app.get_options())
    if (option->get_type_size() > 0 && !may_be_repeated(*option))
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

// The flags of that file, but for those that the command line gives itself; -t, -T and -U of both
// count where they may be repeated.
std::vector<std::string> defaults_of(const CLI::App& app, const std::vector<std::string>& given) {
  const std::string path = defaults_file(app);
  std::vector<std::string> words;
  std::ifstream in(path);
  std::string line;
  for (int number = 1; !path.empty() && std::getline(in, line); ++number) {
    const auto end = line.find_last_not_of(" \t\r");
    if (line.empty() || line[0] == '#' || end == std::string::npos) continue;
    line.resize(end + 1);
    const std::string flag = line.substr(0, line.find_first_of(" \t"));
    const CLI::Option* option = flag.starts_with('-') ? app.get_option_no_throw(flag) : nullptr;
    if (option == nullptr)
      throw Usage(path + ":" + std::to_string(number) + ": \"" + flag + "\" is not known" +
                  did_you_mean(flag, names_of(app)));
    const bool is_given = std::any_of(given.begin(), given.end(), [&](const std::string& word) {
      return word.starts_with('-') &&
             app.get_option_no_throw(word.substr(0, word.find('='))) == option;
    });
    if (is_given && !may_be_repeated(*option)) continue;
    words.push_back(flag);
    const auto value = line.find_first_not_of(" \t", flag.size());
    if (value != std::string::npos) words.push_back(line.substr(value));
  }
  return words;
}

}  // namespace

// The words as CLI11 wants them: last one first. It knows options with a fixed number of values,
// but -D has three, or four for a user property; and it takes a value that begins with a dash for
// an option unless it is joined to its flag, but "-m -5" is a message.
std::vector<std::string> words_of(CLI::App& app, int argc, char** argv, RawFlags& raw) {
  take_last_of_repeated(app);
  std::vector<std::string> given(argv + 1, argv + argc);
  const std::vector<std::string> defaults = defaults_of(app, given);
  given.insert(given.begin(), defaults.begin(), defaults.end());
  std::vector<std::string> words;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string& word = given[i];
    if (word == "-D" || word == "--property") {
      const auto parsed = parse_property_flag({given.begin() + i + 1, given.end()});
      if (const auto* wrong = std::get_if<std::string>(&parsed)) throw Usage("-D: " + *wrong);
      raw.properties.push_back(std::get<PropertyFlag>(parsed));
      i += raw.properties.back().words;
      continue;
    }
    const CLI::Option* option = word.starts_with('-') ? app.get_option_no_throw(word) : nullptr;
    const bool has_value = option != nullptr && option->get_type_size() > 0;
    const bool value_looks_like_an_option = has_value && i + 1 < given.size() &&
                                            given[i + 1].starts_with('-') &&
                                            app.get_option_no_throw(given[i + 1]) == nullptr;
    if (value_looks_like_an_option)
      words.push_back(word + (word.starts_with("--") ? "=" : "") + given[++i]);
    else
      words.push_back(word);
  }
  std::reverse(words.begin(), words.end());
  return words;
}

void SourceFlags::add_to(CLI::App& app, MessageSource& source) {
  app.add_option("-m,--message", source.text, "the message");
  app.add_option("-f,--file", source.text, "a file whose content is the message");
  app.add_flag("-s,--stdin-file", flag, "all of stdin is the message");
  app.add_flag("-n,--null-message", flag, "an empty message");
}

void SourceFlags::settle(const CLI::App& app, MessageSource& source) {
  using enum MessageSource::Kind;
  const std::pair<const char*, MessageSource::Kind> kinds[] = {
      {"-m", message}, {"-f", file}, {"-s", stdin_whole}, {"-l", stdin_lines}, {"-n", null}};
  std::string known;
  for (const auto& [name, kind] : kinds) {
    const CLI::Option* option = app.get_option_no_throw(name);
    if (option == nullptr) continue;
    known += (known.empty() ? "" : ", ") + std::string(name);
    if (option->count() == 0) continue;
    if (source.kind != none || option->count() > 1)
      throw Usage("expected one of -m, -f, -l, -n and -s, got more");
    source.kind = kind;
  }
  if (source.kind == none) throw Usage("nothing to publish: expected one of " + known);
}

void PrintFlags::add_to(CLI::App& app, PrintOptions& print) {
  app.add_flag("-N", no_newline, "print no newline after a message");
  app.add_flag("-v,--verbose", print.verbose, "print the topic before each message");
  app.add_flag("--pretty", print.pretty, "JSON of %j and %J on lines of its own, with tabs");
  app.add_option(
      "-F", print.format,
      "print each message so: %t topic, %p payload, %x %X in hex, %l its bytes, %q QoS,\n"
      "%r retained, %m packet id, %d duplicate, %I local time, %U unix time,\n"
      "%C content type, %E expiry, %F payload format, %R response topic,\n"
      "%D correlation data, %P user properties, %S subscription id, %A topic alias,\n"
      "%j all as JSON, %J the same with a payload that is JSON itself; %-10.20t pads\n"
      "and cuts, %05l pads with zeros; @H as in strftime, @N nanoseconds;\n"
      "%% @@ \\n \\t \\r \\a \\e \\v \\0 \\\\");
}

void PrintFlags::settle(PrintOptions& print) const {
  if (const auto wrong = format_breaks(print.format)) throw Usage("-F: " + *wrong);
  const bool has_json =
      print.format.find("%j") != std::string::npos || print.format.find("%J") != std::string::npos;
  if (print.pretty && !has_json) throw Usage("--pretty needs -F with %j or %J");
  print.newline = !no_newline;
}

}  // namespace mq::client
