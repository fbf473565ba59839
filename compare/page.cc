#include "compare/page.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "compare/sentences.h"
#include "reports/conform/matrix.h"
#include "reports/conform/sections.h"
#include "reports/html/assets.h"
#include "reports/text/format.h"

namespace mq::compare {
namespace {

using report::Literal;
using report::Markup;

void put_head(Markup& page, const Comparison& all) {
  namespace assets = report::assets;
  page << "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'sha256-";
  page.trusted(assets::style_sha256) << "' 'sha256-";
  page.trusted(assets::matrix_style_sha256) << "' 'sha256-";
  page.trusted(assets::compare_style_sha256) << "'; script-src 'sha256-";
  page.trusted(assets::matrix_script_sha256)
      << "'; base-uri 'none'; form-action 'none'\">\n"
         "<meta name=\"referrer\" content=\"no-referrer\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n"
         "<meta name=\"generator\" content=\"mqttlab\">\n<title>"
      << headline(all) << ": " << all.scenario << " \xE2\x80\x93 mqttlab compare</title>\n<style>";
  page.trusted(assets::style) << "</style>\n<style>";
  page.trusted(assets::matrix_style) << "</style>\n<style>";
  page.trusted(assets::compare_style) << "</style>\n</head>\n";
}

std::vector<report::ConformResults> targets_of(const Comparison& all) {
  std::vector<report::ConformResults> targets;
  for (const Side& side : all.sides)
    if (side.conform) targets.push_back(*side.conform);
  return targets;
}

void put_top(Markup& page, bool has_matrix) {
  page << "<body class=\"conform\">\n<a class=\"skip\" href=\"#differences\">Skip to the "
          "differences</a>\n<header class=\"top\"><a class=\"brand\" href=\"#verdict\">mqttlab</a>"
          "<nav aria-label=\"Sections\"><a href=\"#differences\">Differences</a>"
          "<a href=\"#promises\">Promises</a><a href=\"#latency\">Latency</a>"
          "<a href=\"#figures\">Figures</a><a href=\"#ledger\">Ledger</a>";
  if (has_matrix) page << "<a href=\"#matrix\">Standard</a>";
  page << "<a href=\"#sides\">Runs</a></nav>"
          "<button type=\"button\" id=\"theme\" class=\"quiet\" hidden>Theme: system</button>"
          "</header>\n<main>\n";
}

// The brokers as columns, each in its colour.
void put_columns(Markup& out, const Comparison& all, Literal first) {
  out << "<thead><tr><th scope=\"col\">" << first << "</th>";
  for (std::size_t i = 0; i < all.sides.size(); ++i)
    out << "<th scope=\"col\"><span class=\"name s" << i % 6 << "\">" << all.sides[i].name
        << "</span></th>";
  out << "</tr></thead><tbody>\n";
}

void put_verdict(Markup& out, const Comparison& all) {
  out << "<section class=\"verdict many\" id=\"verdict\"><p class=\"eyebrow\">" << all.scenario
      << ": ";
  for (std::size_t i = 0; i < all.sides.size(); ++i) {
    if (i > 0) out << ", ";
    out << all.sides[i].name;
  }
  out << "</p><h1>" << headline(all) << "</h1><p class=\"lead\">" << all.shape << "; "
      << runs_text(all) << "</p>";
  for (const std::string& problem : all.problems) out << "<p class=\"bad\">" << problem << "</p>";
  for (const std::string& note : all.notes) out << "<p class=\"about\">" << note << "</p>";
  out << "<div class=\"copyable\"><span>Repeat it</span><code>" << all.command
      << "</code><button type=\"button\" class=\"quiet copy\" hidden>Copy</button></div>"
         "</section>\n";
}

void put_list(Markup& out, const std::vector<Difference>& differences) {
  out << "<ol class=\"differences\">";
  for (const Difference& difference : differences) {
    out << "<li><span class=\"what\">" << difference.text << "</span>";
    for (const std::string& evidence : difference.evidence)
      out << "<span class=\"sub\">" << evidence << "</span>";
    if (!difference.shown_by.empty())
      out << "<span class=\"sub\">For example: " << difference.shown_by << "</span>";
    if (!difference.folders.empty()) {
      out << "<span class=\"sub\">Runs that show it:";
      for (const std::string& folder : difference.folders)
        out << " <a href=\"" << folder << "/report.html\">" << folder << "</a>";
      out << "</span>";
    }
    out << "</li>\n";
  }
  out << "</ol>";
}

void put_differences(Markup& out, const Comparison& all) {
  out << "<section id=\"differences\"><h2>The differences that matter</h2>\n";
  if (all.differences.empty())
    out << "<p>None. With these seeds nothing tells the " << std::string(sides_word(all))
        << " apart that is more than chance and large enough to matter.</p>";
  else
    put_list(out, all.differences);
  if (!all.seldom.empty()) {
    out << "<h3>Seen too seldom to tell the " << std::string(sides_word(all))
        << " apart</h3><p>A broken promise is broken; but in so few runs the other may only have "
           "been lucky, and so with figures.</p>";
    put_list(out, all.seldom);
  }
  out << "<p class=\"sub\">All are compared with " << all.sides.front().name
      << ". A figure differs if Mann and Whitney's rank test over the seeds gives p below "
      << fmt::format("{:g}", all.rules.p_max) << ", the effect (Cliff's delta) is at least "
      << fmt::format("{:g}", all.rules.effect_min)
      << " and the difference is not too small to care; a promise if Fisher's exact test gives p "
         "below that. Values are medians over seeds, in parentheses the interval that holds the "
         "true median with a confidence of 95 %.</p></section>\n";
}

void put_promises(Markup& out, const Comparison& all) {
  out << "<section id=\"promises\"><h2>Promises kept</h2><div class=\"scroll\" tabindex=\"0\" "
         "role=\"region\" aria-label=\"Promises kept\"><table "
         "class=\"comparing\"><caption>Runs in which it was kept, of those that tried it. Rules "
         "of the standard stand here if somebody breaks them.</caption>";
  put_columns(out, all, "Promise");
  for (const PromiseRow& row : all.promises) {
    out << "<tr><th scope=\"row\">" << row.promise << "<span class=\"sub\"><code>" << row.id
        << "</code></span></th>";
    for (const gate::Kept& kept : row.sides) {
      if (kept.tried == 0)
        out << "<td class=\"untried\">not tried</td>";
      else if (kept.broken > 0)
        out << "<td><span class=\"bad\">broken</span><span class=\"sub\">kept in "
            << kept.tried - kept.broken << " of " << kept.tried << "</span></td>";
      else
        out << "<td>kept<span class=\"sub\">in all " << kept.tried << "</span></td>";
    }
    out << "</tr>\n";
  }
  out << "</tbody></table></div></section>\n";
}

void put_percentiles(Markup& out, const Comparison& all, Qos qos) {
  out << "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Latency, QoS "
      << static_cast<unsigned>(qos) << "\"><table class=\"comparing\"><caption>QoS "
      << static_cast<unsigned>(qos) << ", from publisher to subscriber</caption>";
  put_columns(out, all, "Percentile");
  for (const double percentile : {50.0, 90.0, 99.0, 99.9, 100.0}) {
    out << "<tr><th scope=\"row\">"
        << (percentile == 100 ? std::string("longest") : fmt::format("p{:g}", percentile))
        << "</th>";
    for (const Side& side : all.sides) {
      Spread spread;
      for (const LatencyOverSeeds& latency : side.latencies) {
        const auto values = latency.percentiles.find(percentile);
        if (latency.qos != qos || values == latency.percentiles.end()) continue;
        spread = {true, gate::median(values->second), gate::median_interval(values->second)};
      }
      out << "<td>" << spread_text(spread, gate::Unit::seconds) << "</td>";
    }
    out << "</tr>\n";
  }
  out << "</tbody></table></div>";
}

void put_latency(Markup& out, const Comparison& all) {
  out << "<section id=\"latency\"><h2>Latency</h2>\n";
  bool any = false;
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
    const Markup drawing = percentiles_svg(all, qos);
    if (drawing.text().empty()) continue;
    any = true;
    out << "<figure><figcaption>QoS " << static_cast<unsigned>(qos)
        << "</figcaption><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
           "aria-label=\"Latency by percentile, QoS "
        << static_cast<unsigned>(qos) << "\">" << drawing
        << "</div><p class=\"sub\">How long the fastest so many of a hundred messages took at "
           "most. Lines are medians over seeds, bands their intervals of "
           "confidence.</p></figure>\n";
    put_percentiles(out, all, qos);
  }
  if (!any) out << "<p>No message was delivered.</p>";
  out << "</section>\n";
}

void put_figures(Markup& out, const Comparison& all) {
  out << "<section id=\"figures\"><h2>Figures</h2><div class=\"scroll\" tabindex=\"0\" "
         "role=\"region\" aria-label=\"Figures\"><table "
         "class=\"comparing\"><caption>Medians over seeds. Bold: it differs from "
      << all.sides.front().name << ", and it matters.</caption>";
  put_columns(out, all, "Figure");
  for (const FigureRow& row : all.figures) {
    out << "<tr><th scope=\"row\">" << row.metric.name << "</th>";
    for (std::size_t i = 0; i < all.sides.size(); ++i) {
      const bool differs = i > 0 && (row.changes[i].change == gate::Change::worse ||
                                     row.changes[i].change == gate::Change::better);
      out << "<td" << (differs ? Literal(" class=\"differs\"") : Literal("")) << ">"
          << spread_text(row.sides[i], row.metric.unit) << "</td>";
    }
    out << "</tr>\n";
  }
  out << "</tbody></table></div><p class=\"sub\">Bytes on the air are those of all devices, with "
         "the headers of IP and TCP. Processor time is of this machine and does not repeat to the "
         "digit; the broker of mqttlab itself is linked into the simulator and pays no system "
         "calls, so its time is not held against that of the others.</p></section>\n";
}

// ---- The ledger ---------------------------------------------------------------------------------

struct Part {
  Literal name;
  std::uint64_t report::DeliveryRow::*value;
};
constexpr std::array delivery_parts{
    Part{"owed", &report::DeliveryRow::owed},
    Part{"delivered", &report::DeliveryRow::delivered},
    Part{"lost", &report::DeliveryRow::lost},
    Part{"duplicated", &report::DeliveryRow::duplicated},
    Part{"unexpected", &report::DeliveryRow::unexpected},
    Part{"out of order", &report::DeliveryRow::reordered},
    Part{"late", &report::DeliveryRow::late},
    Part{"open at the end", &report::DeliveryRow::open},
    Part{"no longer owed", &report::DeliveryRow::cancelled},
};

std::uint64_t sum_of(const Side& side, Qos qos, std::uint64_t report::DeliveryRow::*value) {
  std::uint64_t sum = 0;
  for (const report::DeliveryRow& row : side.ledger.deliveries)
    if (row.qos == qos) sum += row.*value;
  return sum;
}

void put_ledger(Markup& out, const Comparison& all) {
  out << "<section id=\"ledger\"><h2>Delivery ledger</h2><div class=\"scroll\" tabindex=\"0\" "
         "role=\"region\" aria-label=\"Delivery ledger\"><table "
         "class=\"comparing\"><caption>Deliveries, summed over all seeds</caption>";
  put_columns(out, all, "Deliveries");
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once})
    for (const Part& part : delivery_parts) {
      const bool any = std::any_of(all.sides.begin(), all.sides.end(), [&](const Side& side) {
        return sum_of(side, qos, part.value) > 0;
      });
      if (!any) continue;
      out << "<tr><th scope=\"row\">QoS " << static_cast<unsigned>(qos) << ", " << part.name
          << "</th>";
      for (const Side& side : all.sides)
        out << "<td>" << report::count(sum_of(side, qos, part.value)) << "</td>";
      out << "</tr>\n";
    }
  out << "</tbody></table></div></section>\n";
}

void put_brokers(Markup& out, const Comparison& all) {
  out << "<section id=\"sides\"><h2>The " << std::string(sides_word(all))
      << ", and how it was run</h2>\n";
  for (std::size_t i = 0; i < all.sides.size(); ++i) {
    const Side& side = all.sides[i];
    out << "<h3 class=\"s" << i % 6 << "\">" << side.name
        << "</h3><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"About "
        << side.name << "\"><table class=\"pairs\"><tbody>";
    for (const report::Setting& row : side.about)
      out << "<tr><th scope=\"row\">" << row.name << "</th><td>" << row.value << "</td></tr>";
    out << "</tbody></table></div><details><summary>" << report::count(side.kept.size(), "run")
        << "</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Runs of "
        << side.name
        << "\"><table><thead><tr><th scope=\"col\">Seed</th><th "
           "scope=\"col\">Hash</th><th scope=\"col\">Command</th></tr></thead><tbody>";
    for (const RunKept& run : side.kept)
      out << "<tr><td class=\"number\">" << run.seed << "</td><td><code>" << run.hash
          << "</code></td><td><code>" << run.command << "</code></td></tr>\n";
    out << "</tbody></table></div></details>\n";
  }
  out << "</section>\n";
}

}  // namespace

std::string html_page(const Comparison& all) {
  const std::vector<report::ConformResults> targets = targets_of(all);
  Markup page;
  put_head(page, all);
  put_top(page, !targets.empty());
  put_verdict(page, all);
  put_differences(page, all);
  put_promises(page, all);
  put_latency(page, all);
  put_figures(page, all);
  put_ledger(page, all);
  if (!targets.empty())
    page << report::targets_section(targets)
         << report::matrix_section(targets, report::matrix_of(targets));
  put_brokers(page, all);
  page << "</main>\n<footer><p>Made by mqttlab " << all.program_version
       << ". This file loads nothing and sends nothing.</p></footer>\n<script>";
  page.trusted(report::assets::matrix_script) << "</script>\n</body>\n</html>\n";
  return page.take();
}

}  // namespace mq::compare
