// Single clients, from their connections down to the packets of a message. The page has the frame;
// the script fills it with the client that is asked for.
#include <algorithm>

#include "reports/html/sections.h"
#include "reports/text/format.h"

namespace mq::report {
namespace {

void put_filters(Markup& out) {
  out << "<form id=\"journey\" class=\"filters\" hidden>"
         "<label>Client <select name=\"client\"></select></label>"
         "<fieldset><legend>Messages</legend>"
         "<label><input type=\"radio\" name=\"show\" value=\"all\" checked> all</label>"
         "<label><input type=\"radio\" name=\"show\" value=\"trouble\"> in trouble</label>"
         "<label><input type=\"radio\" name=\"show\" value=\"published\"> published</label>"
         "<label><input type=\"radio\" name=\"show\" value=\"received\"> received</label>"
         "</fieldset>"
         "<label>Order <select name=\"order\"><option value=\"time\">by time</option>"
         "<option value=\"slow\">slowest first</option></select></label>"
         "<label>Find <input type=\"search\" name=\"find\" placeholder=\"topic, outcome, packet\">"
         "</label></form>\n";
}

}  // namespace

Markup client_link(const Results& r, trace::ClientIndex client,
                   const std::optional<trace::Stamp>& message) {
  Markup out;
  const std::string& id = r.run.clients[static_cast<std::size_t>(client)].id;
  const auto journey = std::ranges::find(r.journeys, client, &Journey::client);
  if (journey == r.journeys.end()) {
    out << id;
    return out;
  }
  out << "<a href=\"#client-" << static_cast<std::uint32_t>(client);
  const auto is_it = [&](const JourneyMessage& one) {
    return message && one.other == message->publisher && one.number == message->number &&
           one.will == (message->origin == trace::Stamp::Origin::will);
  };
  const auto found = std::ranges::find_if(journey->messages, is_it);
  if (found != journey->messages.end()) out << "-message-" << found - journey->messages.begin() + 1;
  out << "\">" << id << "</a>";
  return out;
}

Markup journeys_section(const Results& r) {
  Markup out;
  if (r.journeys.empty()) return out;
  out << "<section id=\"journeys\"><h2>Client by client</h2>\n<p class=\"sub\">From the fleet to a "
         "packet: choose a client, here or by a click on its line above, then a message. "
      << count(r.journeys.size()) << " of " << count(r.run.clients.size(), "client")
      << ", of each the messages in trouble and the slowest; events.ndjson has all.</p>\n"
         "<noscript><p>This part needs JavaScript.</p></noscript>\n";
  put_filters(out);
  out << "<div id=\"journey-shown\"></div>\n</section>\n";
  return out;
}

}  // namespace mq::report
