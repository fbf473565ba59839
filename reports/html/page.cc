#include "reports/html/page.h"

#include <algorithm>

#include "reports/html/assets.h"
#include "reports/html/sections.h"
#include "reports/verdict_words.h"

namespace mq::report {
namespace {

// Only this page's own style and scripts, each by its digest; the charts set styles by script.
void put_policy(Markup& page) {
  page << "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src "
          "data:; "
          "style-src 'unsafe-inline'; script-src 'sha256-";
  page.trusted(assets::charts_sha256) << "' 'sha256-";
  page.trusted(assets::script_sha256) << "' 'sha256-";
  page.trusted(assets::journey_sha256) << "'; base-uri 'none'; form-action 'none'\">\n"
                                          "<meta name=\"referrer\" content=\"no-referrer\">\n";
}

void put_head(Markup& page, const Results& results) {
  page << "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  put_policy(page);
  page << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<meta name=\"generator\" content=\"mqttlab\">\n<title>"
       << verdict_word(results) << ": " << results.run.scenario
       << " \xE2\x80\x93 mqttlab</title>\n<style>";
  page.trusted(assets::style) << "</style>\n</head>\n";
}

void put_top(Markup& page, const Results& results) {
  page << "<body>\n<a class=\"skip\" href=\"#promises\">Skip to the promises</a>\n"
          "<header class=\"top\"><a class=\"brand\" href=\"#verdict\">mqttlab</a>"
          "<nav aria-label=\"Sections\"><a href=\"#promises\">Promises</a>";
  const auto has_evidence = [](const checks::Finding& finding) {
    return !finding.evidence.empty();
  };
  if (std::any_of(results.findings.begin(), results.findings.end(), has_evidence))
    page << "<a href=\"#evidence\">Evidence</a>";
  page << "<a href=\"#time\">Over time</a>";
  if (!results.journeys.empty()) page << "<a href=\"#journeys\">Clients</a>";
  page << "<a href=\"#latency\">Latency</a>"
          "<a href=\"#ledger\">Ledger</a><a href=\"#traffic\">Traffic</a><a "
          "href=\"#costs\">Costs</a>"
          "<a href=\"#standard\">Standard</a><a href=\"#coverage\">Coverage</a><a "
          "href=\"#configuration\">Configuration</a></nav>"
          "<button type=\"button\" id=\"theme\" class=\"quiet\" hidden>Theme: system</button>"
          "</header>\n";
}

}  // namespace

std::string html_page(const Results& results) {
  Markup page;
  put_head(page, results);
  put_top(page, results);
  page << "<main>\n"
       << verdict_section(results) << promises_section(results) << evidence_section(results)
       << time_section(results) << journeys_section(results) << latency_section(results)
       << ledger_section(results) << traffic_section(results) << costs_section(results)
       << standard_section(results) << coverage_section(results) << configuration_section(results)
       << "</main>\n<footer><p>Made by mqttlab " << results.program_version
       << ". This file loads nothing and sends nothing. Charts are drawn by Apache ECharts "
          "(Apache License 2.0).</p></footer>\n";
  page << "<script type=\"application/json\" id=\"data\">";
  page.trusted(json_island(view_json(results))) << "</script>\n<script>";
  page.trusted(assets::charts) << "</script>\n<script>";
  page.trusted(assets::script) << "</script>\n<script>";
  page.trusted(assets::journey) << "</script>\n</body>\n</html>\n";
  return page.take();
}

}  // namespace mq::report
