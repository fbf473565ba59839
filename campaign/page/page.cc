#include "campaign/page/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "campaign/page/assets.h"
#include "campaign/page/measures.h"
#include "reports/html/assets.h"
#include "reports/html/markup.h"
#include "reports/text/format.h"

namespace mq::campaign {
namespace {

using report::Literal;
using report::Markup;

// Only this page's own style and script, each by its digest; `blob:` is what the buttons save.
void put_policy(Markup& page) {
  page << "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'sha256-";
  page.trusted(report::assets::style_sha256) << "' 'sha256-";
  page.trusted(assets::campaign_style_sha256) << "'; script-src 'sha256-";
  page.trusted(assets::campaign_script_sha256)
      << "'; base-uri 'none'; form-action 'none'\">\n"
         "<meta name=\"referrer\" content=\"no-referrer\">\n";
}

std::string heading(const Summary& summary) {
  if (summary.all().broken > 0) return "Broken";
  if (summary.all().unjudged > 0) return "Incomplete";
  if (summary.all().held > 0) return summary.left() > 0 ? "Held so far" : "Held";
  return "Nothing proven";
}

std::string tone(const Summary& summary) {
  if (summary.all().broken > 0) return "broken";
  return summary.all().held > 0 && summary.left() == 0 && summary.all().unjudged == 0 ? "held"
                                                                                      : "untried";
}

// How many of the places (a point with a broker) broke a promise.
std::size_t broken_places(const Summary& summary) {
  std::size_t count = 0;
  for (std::uint32_t point = 0; point < summary.plan().points(); ++point)
    for (std::uint32_t broker = 0; broker < summary.plan().brokers(); ++broker)
      count += summary.cell(point, broker).broken > 0 ? 1 : 0;
  return count;
}

std::string lead(const Summary& summary) {
  const Plan& plan = summary.plan();
  const std::size_t places = std::size_t{plan.points()} * plan.brokers();
  std::string text;
  if (summary.all().broken > 0)
    text =
        fmt::format("{} broke a promise, at {} of {}.", report::count(summary.all().broken, "run"),
                    report::count(broken_places(summary)), report::count(places, "place"));
  else if (summary.all().held > 0)
    text = "Every promise that was tried was kept.";
  else
    text = "No run measured anything.";
  if (summary.left() > 0)
    text += fmt::format(" {} of {} are missing.", report::count(summary.left()),
                        report::count(plan.runs(), "run"));
  return text;
}

void put_fact(Markup& out, Literal name, const std::string& value) {
  out << "<div><dt>" << name << "</dt><dd>" << value << "</dd></div>";
}

Markup verdict_section(const Summary& summary) {
  const Plan& plan = summary.plan();
  Markup out;
  out << "<section id=\"verdict\" class=\"verdict " << tone(summary) << "\">\n<p class=\"eyebrow\">"
      << plan.campaign().name << "</p>\n<h1>" << heading(summary) << "</h1>\n<p class=\"lead\">"
      << lead(summary) << "</p>\n<dl class=\"facts\">";
  put_fact(out, "Runs", report::count(summary.all().runs));
  put_fact(out, "Held", report::count(summary.all().held));
  put_fact(out, "Broken", report::count(summary.all().broken));
  put_fact(out, "Nothing measured", report::count(summary.all().nothing));
  put_fact(out, "Without a verdict", report::count(summary.all().unjudged));
  put_fact(out, "Points", report::count(plan.points()));
  put_fact(out, "Seeds", report::count(plan.seeds()));
  put_fact(out, "World", plan.campaign().world == World::ns3 ? "ns-3" : "memory");
  put_fact(out, "Processor time",
           report::long_duration(Duration(static_cast<Duration::rep>(summary.cpu_us() * 1000))));
  out << "</dl>\n<p class=\"save\"><button type=\"button\" class=\"quiet\" id=\"save-csv\" hidden>"
         "Save as CSV</button> <button type=\"button\" class=\"quiet\" id=\"save-json\" hidden>"
         "Save as JSON</button></p>\n</section>\n";
  return out;
}

void put_run(Markup& out, const PageFacts& facts, std::uint32_t run) {
  out << "<code>" << facts.command << " --run " << run << "</code>";
}

Markup promises_section(const Summary& summary, const PageFacts& facts) {
  Markup out;
  const auto promises = summary.promises();
  if (promises.empty()) return out;
  out << "<section id=\"promises\"><h2>Promises that broke</h2>\n<table class=\"stack\"><thead><tr>"
         "<th scope=\"col\">Promise</th><th scope=\"col\" class=\"number\">Runs</th>"
         "<th scope=\"col\">One of them</th></tr></thead><tbody>\n";
  for (const auto& [id, runs] : promises) {
    out << "<tr class=\"broken\"><th scope=\"row\"><code>" << id
        << "</code></th><td class=\"number\" data-label=\"Runs\">" << report::count(runs) << " of "
        << report::count(summary.all().judged()) << "</td><td class=\"measured\">";
    const auto found = summary.evidence().find(id);
    if (found != summary.evidence().end()) {
      const auto& [run, text] = found->second;
      out << text << "<span class=\"sub\">" << summary.plan().label(summary.plan().at(run).point)
          << "</span><span class=\"sub\">";
      put_run(out, facts, run);
      out << "</span>";
    }
    out << "</td></tr>\n";
  }
  out << "</tbody></table></section>\n";
  return out;
}

Markup unjudged_section(const Summary& summary, const PageFacts& facts) {
  Markup out;
  if (summary.unjudged().empty()) return out;
  out << "<section id=\"unjudged\"><h2>Runs without a verdict</h2>\n<p>Each cost only itself. "
         "<code>mqttlab campaign run --again</code> tries them again.</p>\n<table "
         "class=\"stack\"><thead><tr><th scope=\"col\">Run</th><th scope=\"col\">End</th>"
         "<th scope=\"col\">Why</th></tr></thead><tbody>\n";
  for (const Unjudged& one : summary.unjudged()) {
    out << "<tr class=\"broken\"><th scope=\"row\">" << one.run << "</th><td data-label=\"End\">"
        << name(one.end) << "</td><td>" << one.why << "<span class=\"sub\">"
        << summary.plan().label(summary.plan().at(one.run).point) << "</span><span class=\"sub\">";
    put_run(out, facts, one.run);
    out << "</span></td></tr>\n";
  }
  out << "</tbody></table>";
  if (summary.all().unjudged > summary.unjudged().size())
    out << "<p class=\"sub\">The first " << summary.unjudged().size() << " of "
        << report::count(summary.all().unjudged) << ".</p>";
  out << "</section>\n";
  return out;
}

// The colour of a cell in eleven steps, as classes: the policy allows no style in an element.
std::string shade(const Cell& cell) {
  if (cell.judged() == 0) return "none";
  const std::uint64_t step = (10 * cell.broken + cell.judged() - 1) / cell.judged();
  return fmt::format("b{}", step);
}

std::string edges(const HeatMaps& maps, const HeatMap& map, std::size_t row, std::size_t column) {
  std::string classes;
  const std::size_t at = row * maps.columns() + column;
  if (column + 1 < maps.columns() && is_frontier(map.cells[at], map.cells[at + 1]))
    classes += " fr";
  if (row + 1 < maps.rows() && is_frontier(map.cells[at], map.cells[at + maps.columns()]))
    classes += " fb";
  return classes;
}

std::string in_cell(const Cell& cell) {
  if (cell.judged() == 0) return cell.unjudged > 0 ? "no verdict" : "\xE2\x80\x93";
  return fmt::format("{}/{}", cell.broken, cell.judged());
}

void put_map(Markup& out, const HeatMaps& maps, std::size_t which) {
  const HeatMap& map = maps.maps[which];
  out << "<figure class=\"map\" id=\"map-" << which + 1 << "\"><figcaption>";
  for (std::size_t i = 0; i < map.where.size(); ++i) {
    if (i > 0) out << ", ";
    out << map.where[i];
  }
  if (map.where.empty()) out << "All results";
  out << "</figcaption><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Heat map "
      << which + 1 << "\"><table class=\"heat\"><thead><tr><th scope=\"col\" class=\"corner\">";
  if (maps.y) out << "<span class=\"y\">" << maps.y->name << " \xE2\x86\x93</span>";
  if (maps.x) out << "<span class=\"x\">" << maps.x->name << " \xE2\x86\x92</span>";
  out << "</th>";
  for (std::size_t column = 0; column < maps.columns(); ++column) {
    out << "<th scope=\"col\">";
    if (maps.x) out << maps.x->labels[column];
    out << "</th>";
  }
  out << "</tr></thead><tbody>\n";
  for (std::size_t row = 0; row < maps.rows(); ++row) {
    out << "<tr><th scope=\"row\">";
    if (maps.y) out << maps.y->labels[row];
    out << "</th>";
    for (std::size_t column = 0; column < maps.columns(); ++column) {
      const Cell& cell = map.cells[row * maps.columns() + column];
      out << "<td class=\"" << shade(cell) << edges(maps, map, row, column) << "\">"
          << in_cell(cell) << "</td>";
    }
    out << "</tr>\n";
  }
  out << "</tbody></table></div><details class=\"behind\" hidden><summary>The numbers behind it"
         "</summary></details></figure>\n";
}

Markup maps_section(const HeatMaps& maps) {
  Markup out;
  out << "<section id=\"maps\"><h2>Where promises break</h2>\n<p>Each cell is the runs that broke "
         "a "
         "promise, of those that were judged. The heavy line is the frontier: on one side of it "
         "every promise held in every run.</p>\n";
  if (!maps.together.empty()) {
    out << "<p class=\"sub\">Counted together over all values of ";
    for (std::size_t i = 0; i < maps.together.size(); ++i) {
      if (i > 0) out << ", ";
      out << "<code>" << maps.together[i] << "</code>";
    }
    out << ", of which there are too many for a page; campaign.csv has each.</p>\n";
  }
  out << "<p class=\"choose\" hidden><label>Shown: <select id=\"measure\"></select></label></p>\n"
         "<div class=\"maps\">\n";
  for (std::size_t i = 0; i < maps.maps.size(); ++i) put_map(out, maps, i);
  out << "</div></section>\n";
  return out;
}

// For each value of a parameter, all other parameters taken together.
Markup effects_section(const Summary& summary) {
  Markup out;
  const Plan& plan = summary.plan();
  const std::vector<Dimension> all = dimensions(plan);
  if (all.empty()) return out;
  out << "<section id=\"effects\"><h2>Each parameter by itself</h2>\n<p>All values of the others "
         "taken together.</p>\n<table class=\"effects\"><thead><tr><th scope=\"col\">Parameter</th>"
         "<th scope=\"col\">Value</th><th scope=\"col\" class=\"number\">Runs that broke a promise"
         "</th><th scope=\"col\" class=\"number\">Share</th></tr></thead>\n";
  for (const Dimension& one : all) {
    std::vector<Cell> cells(one.labels.size());
    for (std::uint32_t point = 0; point < plan.points(); ++point)
      for (std::uint32_t broker = 0; broker < plan.brokers(); ++broker) {
        const Cell& from = summary.cell(point, broker);
        Cell& into = cells[one.label(point, broker)];
        into.held += from.held;
        into.broken += from.broken;
        into.nothing += from.nothing;
      }
    out << "<tbody>";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out << "<tr><th scope=\"row\">" << (i == 0 ? one.name : std::string()) << "</th><td>"
          << one.labels[i] << "</td><td class=\"number\">" << report::count(cells[i].broken)
          << " of " << report::count(cells[i].judged()) << "</td><td class=\"number "
          << shade(cells[i]) << "\">"
          << (cells[i].judged() == 0 ? std::string()
                                     : report::percent(static_cast<double>(cells[i].broken) /
                                                       static_cast<double>(cells[i].judged())))
          << "</td></tr>\n";
    }
    out << "</tbody>";
  }
  out << "</table></section>\n";
  return out;
}

void put_file(Markup& out, const std::string& name, const std::string& text) {
  out << "<details><summary>" << name << "</summary><pre>";
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    out << std::string_view(text).substr(from, end - from) << "\n";
    from = end + 1;
  }
  out << "</pre></details>\n";
}

Markup files_section(const Plan& plan) {
  Markup out;
  out << "<section id=\"files\"><h2>What was run</h2>\n";
  put_file(out, plan.campaign().file, plan.campaign().text);
  put_file(out, plan.campaign().scenario_file, plan.campaign().scenario_text);
  out << "</section>\n";
  return out;
}

void put_head(Markup& page, const Summary& summary) {
  page << "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  put_policy(page);
  page << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<meta name=\"generator\" content=\"mqttlab\">\n<title>"
       << heading(summary) << ": " << summary.plan().campaign().name
       << " \xE2\x80\x93 mqttlab campaign</title>\n<style>";
  page.trusted(report::assets::style) << "</style>\n<style>";
  page.trusted(assets::campaign_style) << "</style>\n</head>\n";
}

}  // namespace

std::string campaign_page(const Summary& summary, const HeatMaps& maps, const PageFacts& facts) {
  Markup page;
  put_head(page, summary);
  page << "<body class=\"campaign\">\n<a class=\"skip\" href=\"#maps\">Skip to the heat maps</a>\n"
          "<header class=\"top\"><a class=\"brand\" href=\"#verdict\">mqttlab</a>"
          "<nav aria-label=\"Sections\"><a href=\"#maps\">Heat maps</a>";
  if (!summary.promises().empty()) page << "<a href=\"#promises\">Promises</a>";
  if (!summary.unjudged().empty()) page << "<a href=\"#unjudged\">Without a verdict</a>";
  page << "<a href=\"#effects\">Parameters</a><a href=\"#files\">Files</a></nav>"
          "<button type=\"button\" id=\"theme\" class=\"quiet\" hidden>Theme: system</button>"
          "</header>\n<main>\n"
       << verdict_section(summary) << maps_section(maps) << promises_section(summary, facts)
       << unjudged_section(summary, facts) << effects_section(summary)
       << files_section(summary.plan()) << "</main>\n<footer><p>Made by mqttlab "
       << facts.program_version << ". This file loads nothing and sends nothing.</p></footer>\n";
  page << "<script type=\"application/json\" id=\"data\">";
  page.trusted(report::json_island(measures_json(summary, maps))) << "</script>\n<script>";
  page.trusted(assets::campaign_script) << "</script>\n</body>\n</html>\n";
  return page.take();
}

}  // namespace mq::campaign
