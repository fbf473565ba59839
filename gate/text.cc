// A comparison on the terminal: what is worse first, what is the same as a number.
#include <fmt/format.h>

#include "gate/render.h"
#include "gate/words.h"
#include "reports/text/escape.h"
#include "reports/text/format.h"

namespace mq::gate {
namespace {

using report::visible;

class Writer {
 public:
  explicit Writer(Colour colour) : coloured_(colour == Colour::on) {}

  void line(const std::string& text) { out_ += text + "\n"; }
  void row(Change change, const std::string& name, const std::string& text) {
    out_ += fmt::format("  {}{:<12}{}  {}: {}\n", code(change), word(change), reset(),
                        visible(name), visible(text));
  }
  void below(const std::string& text) { out_ += "                " + visible(text) + "\n"; }
  void title(const std::string& text, bool bad) {
    out_ +=
        fmt::format("{}{}{}\n", coloured_ ? bad ? "\x1b[1;31m" : "\x1b[1;32m" : "", text, reset());
  }
  std::string take() { return std::move(out_); }

 private:
  std::string_view code(Change change) const {
    if (!coloured_) return "";
    if (change == Change::worse) return "\x1b[31m";
    return change == Change::better ? "\x1b[32m" : "\x1b[33m";
  }
  std::string_view reset() const { return coloured_ ? "\x1b[0m" : ""; }

  bool coloured_;
  std::string out_;
};

void put(Writer& out, const ScenarioChange& scenario, Change change) {
  for (const PromiseChange& promise : scenario.promises) {
    if (promise.change != change) continue;
    out.row(change, promise.id, promise.promise);
    out.below(promise.why);
    if (!promise.evidence.empty()) out.below(promise.evidence);
    for (const std::string& folder : promise.folders) out.below(folder + "/report.html");
  }
  for (const MetricChange& metric : scenario.metrics)
    if (metric.change == change) out.row(change, metric.metric.id, change_text(metric));
}

// Broken on both sides: no news, but nobody should take the gate's word for all being well.
void put_still_broken(Writer& out, const ScenarioChange& scenario) {
  for (const PromiseChange& promise : scenario.promises)
    if (promise.change == Change::same && promise.now.broken > 0)
      out.row(Change::same, promise.id, promise.why);
}

void put(Writer& out, const ScenarioChange& scenario) {
  out.line("");
  out.line(fmt::format("{} ({}): {}", visible(scenario.scenario), visible(scenario.world),
                       runs_text(scenario)));
  for (const std::string& remark : scenario.remarks) out.line("  " + visible(remark));
  put(out, scenario, Change::worse);
  put_still_broken(out, scenario);
  put(out, scenario, Change::better);
  put(out, scenario, Change::not_compared);
  std::size_t promises = 0;
  std::size_t metrics = 0;
  for (const PromiseChange& promise : scenario.promises)
    promises += promise.change == Change::same && promise.now.broken == 0;
  for (const MetricChange& metric : scenario.metrics) metrics += metric.change == Change::same;
  if (promises + metrics > 0)
    out.line(fmt::format("  same          {}, {}", report::count(promises, "promise"),
                         report::count(metrics, "figure")));
}

}  // namespace

std::string terminal_text(const Comparison& comparison, Colour colour) {
  Writer out(colour);
  out.title(headline(comparison), comparison.worse() || !comparison.problems.empty());
  for (const std::string& problem : comparison.problems) out.line("  " + visible(problem));
  for (const ScenarioChange& scenario : comparison.scenarios) put(out, scenario);
  return out.take();
}

}  // namespace mq::gate
