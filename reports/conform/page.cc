#include "reports/conform/page.h"

#include <algorithm>

#include "reports/conform/sections.h"
#include "reports/html/assets.h"

namespace mq::report {
namespace {

// Only this page's own style and script, each by its digest.
void put_policy(Markup& page) {
  page << "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'sha256-";
  page.trusted(assets::style_sha256) << "' 'sha256-";
  page.trusted(assets::matrix_style_sha256) << "'; script-src 'sha256-";
  page.trusted(assets::matrix_script_sha256)
      << "'; base-uri 'none'; form-action 'none'\">\n"
         "<meta name=\"referrer\" content=\"no-referrer\">\n";
}

std::string heading(const std::vector<ConformResults>& targets) {
  if (targets.size() > 1) return std::to_string(targets.size()) + " targets side by side";
  return conform_word(targets[0]);
}

void put_head(Markup& page, const std::vector<ConformResults>& targets) {
  page << "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  put_policy(page);
  page << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<meta name=\"generator\" content=\"mqttlab\">\n<title>"
       << heading(targets) << ": " << name_of(targets[0])
       << " \xE2\x80\x93 mqttlab conform</title>\n<style>";
  page.trusted(assets::style) << "</style>\n<style>";
  page.trusted(assets::matrix_style) << "</style>\n</head>\n";
}

}  // namespace

std::string name_of(const ConformResults& results) {
  if (results.target == "ours") return "mqttlab broker";
  return results.target == "client ours" ? "mqttlab client" : results.target;
}

std::string conform_page(const std::vector<ConformResults>& targets) {
  const std::vector<MatrixGroup> groups = matrix_of(targets);
  Markup page;
  put_head(page, targets);
  page << "<body class=\"conform\">\n<a class=\"skip\" href=\"#matrix\">Skip to the matrix</a>\n"
          "<header class=\"top\"><a class=\"brand\" href=\"#verdict\">mqttlab</a>"
          "<nav aria-label=\"Sections\"><a href=\"#targets\">Targets</a>"
          "<a href=\"#matrix\">Statements</a><a href=\"#watched\">Watched</a>"
          "<a href=\"#coverage\">Coverage</a>"
          "<a href=\"#run\">How it was run</a></nav>"
          "<button type=\"button\" id=\"theme\" class=\"quiet\" hidden>Theme: system</button>"
          "</header>\n<main>\n"
       << conform_verdict_section(targets, heading(targets)) << targets_section(targets)
       << matrix_section(targets, groups) << conform_watched_section(targets)
       << conform_coverage_section(targets) << conform_run_section(targets)
       << "</main>\n<footer><p>Made by mqttlab " << targets[0].program_version
       << ". This file loads nothing and sends nothing. What the standard says is told in our own "
          "words; its text decides.</p></footer>\n<script>";
  page.trusted(assets::matrix_script) << "</script>\n</body>\n</html>\n";
  return page.take();
}

}  // namespace mq::report
