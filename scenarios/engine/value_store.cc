#include "scenarios/engine/value_store.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "scenarios/engine/fleet_transports.h"

namespace mq::scenario {
namespace {

using transport::HttpMessage;

// RFC 9110 section 5.6.7, whatever the language of this machine.
std::string date_text(Instant now) {
  constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = clock_of(now);
  std::tm when{};
  gmtime_r(&seconds, &when);
  std::array<char, 40> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "___, %d ___ %Y %H:%M:%S GMT", &when);
  std::copy_n(days.at(static_cast<std::size_t>(when.tm_wday)), 3, text.begin());
  std::copy_n(months.at(static_cast<std::size_t>(when.tm_mon)), 3, text.begin() + 8);
  return {text.data(), size};
}

HttpMessage answer_with(unsigned status, Instant now) {
  return {.method = {},
          .target = {},
          .status = status,
          .fields = {{"Server", "mqttlab"}, {"Date", date_text(now)}}};
}

std::string tag_of(std::uint64_t version) { return "\"" + std::to_string(version) + "\""; }

// A list of tags, or `*`.
bool names(std::string_view list, std::string_view tag) {
  if (list == "*") return true;
  for (std::size_t at = list.find(tag); at != list.npos; at = list.find(tag, at + 1)) {
    const std::size_t end = at + tag.size();
    const bool begins = at == 0 || list[at - 1] == ' ' || list[at - 1] == ',' ||
                        list[at - 1] == '/';  // weak ones as well
    if (begins && (end == list.size() || list[end] == ',' || list[end] == ' ')) return true;
  }
  return false;
}

}  // namespace

HttpMessage ValueStore::refusal(unsigned status, std::string_view why, Instant now) {
  HttpMessage answer = answer_with(status, now);
  answer.fields.emplace_back("Content-Type", "text/plain");
  if (status == 405) answer.fields.emplace_back("Allow", "GET, HEAD, PUT, POST");
  answer.body = std::string(why) + "\n";
  return answer;
}

HttpMessage ValueStore::answer(const HttpMessage& request, Instant now) {
  const std::string& method = request.method;
  HttpMessage answer;
  if (request.count("Host") != 1)
    answer = refusal(400, "HTTP/1.1 demands one Host", now);
  else if (!request.target.starts_with('/'))
    answer = refusal(400, "the target is a path, which begins with /", now);
  else if (request.target.size() > limits_.path_bytes_max)
    answer = refusal(414, "the path is too long", now);
  else if (method == "GET" || method == "HEAD")
    answer = get(request, now);
  else if (method == "PUT" || method == "POST")
    answer = put(request, now);
  else
    answer = refusal(405, "values are got and put", now);
  if (method == "HEAD") {
    if (answer.status != 304)
      answer.fields.emplace_back("Content-Length", std::to_string(answer.body.size()));
    answer.body.clear();
  }
  answer.keeps_connection = request.keeps_connection;
  return answer;
}

HttpMessage ValueStore::get(const HttpMessage& request, Instant now) const {
  const auto found = values_.find(request.target);
  if (found == values_.end()) return refusal(404, "there is no value", now);
  const std::string tag = tag_of(found->second.version);
  const bool is_known = names(request.field("If-None-Match"), tag);
  HttpMessage answer = answer_with(is_known ? 304 : 200, now);
  answer.fields.emplace_back("ETag", tag);
  answer.fields.emplace_back("Cache-Control", "no-cache");
  if (is_known) return answer;
  answer.fields.emplace_back("Content-Type", "application/octet-stream");
  answer.body = found->second.bytes;
  return answer;
}

HttpMessage ValueStore::put(const HttpMessage& request, Instant now) {
  const bool is_new = !values_.contains(request.target);
  if (is_new && values_.size() >= limits_.paths_max)
    return refusal(507, "there is no room for another value", now);
  Value& value = values_[request.target];
  value = {request.body, ++versions_};
  HttpMessage answer = answer_with(is_new ? 201 : 204, now);
  answer.fields.emplace_back("ETag", tag_of(value.version));
  return answer;
}

}  // namespace mq::scenario
