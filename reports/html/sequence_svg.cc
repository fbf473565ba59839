// Who sent what to whom: lanes from left to right, time from top to bottom, a row for each thing
// that happened. Distances in time are not to scale; the times stand at the left.
#include <algorithm>
#include <vector>

#include "reports/html/sections.h"
#include "reports/text/format.h"

namespace mq::report {
namespace {

constexpr int times_width = 96;
constexpr int width = 860;
constexpr int head_height = 52;
constexpr int row_height = 34;
constexpr int flight_height = 16;  // between sending and receiving, nothing else in between
constexpr std::size_t lane_text_max = 26;
constexpr std::size_t arrow_text_max = 64;

// At most so many characters, the last a dot dot dot when there were more.
std::string cut(const std::string& text, std::size_t characters_max) {
  const std::string shown = visible(text);
  std::size_t characters = 0;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(shown[i]) & 0xC0) != 0x80;
    if (begins && ++characters > characters_max) {
      std::size_t end = i;
      do --end;
      while ((static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80);
      return shown.substr(0, end) + "\xE2\x80\xA6";
    }
  }
  return shown;
}

struct Moment {
  Instant at;
  std::size_t step;
  bool receives;
};

struct Place {
  int sent = 0;
  int received = 0;
};

std::vector<Moment> moments_of(const SequenceDiagram& diagram) {
  std::vector<Moment> moments;
  for (std::size_t i = 0; i < diagram.steps.size(); ++i) {
    const SequenceStep& step = diagram.steps[i];
    moments.push_back({step.at, i, false});
    if (step.what == SequenceStep::What::packet && step.received)
      moments.push_back({*step.received, i, true});
  }
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) {
    return a.at != b.at ? a.at < b.at : a.step < b.step;
  });
  return moments;
}

class Drawing {
 public:
  explicit Drawing(const SequenceDiagram& diagram)
      : diagram_(diagram), places_(diagram.steps.size()) {
    const std::vector<Moment> moments = moments_of(diagram);
    int y = head_height;
    for (std::size_t i = 0; i < moments.size(); ++i) {
      const bool follows = moments[i].receives && i > 0 && moments[i - 1].step == moments[i].step;
      y += follows ? flight_height : row_height;
      (moments[i].receives ? places_[moments[i].step].received : places_[moments[i].step].sent) = y;
    }
    height_ = y + row_height;
  }

  Markup draw() {
    out_ << "<svg class=\"sequence\" viewBox=\"0 0 " << width << " " << height_ << "\" width=\""
         << width << "\" height=\"" << height_ << "\" role=\"img\" aria-label=\"" << diagram_.title
         << "\"><defs><marker id=\"tip-" << anchor(diagram_.finding)
         << "\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
            "markerWidth=\"7\" "
            "markerHeight=\"7\" orient=\"auto-start-reverse\"><path class=\"tip\" d=\"M0 0.5 8 4 0 "
            "7.5z\"/></marker></defs>\n";
    draw_lanes();
    // All lines first: words stand above them.
    for (std::size_t i = 0; i < diagram_.steps.size(); ++i)
      if (diagram_.steps[i].what == SequenceStep::What::packet)
        draw_arrow(diagram_.steps[i], places_[i]);
    for (std::size_t i = 0; i < diagram_.steps.size(); ++i)
      draw_words(diagram_.steps[i], places_[i]);
    out_ << "</svg>";
    return std::move(out_);
  }

 private:
  int x_of(std::size_t lane) const {
    const int lanes = std::max<int>(static_cast<int>(diagram_.lanes.size()), 1);
    const int room = (width - times_width) / lanes;
    return times_width + room / 2 + room * static_cast<int>(lane);
  }

  void draw_lanes() {
    for (std::size_t lane = 0; lane < diagram_.lanes.size(); ++lane) {
      const int x = x_of(lane);
      out_ << "<line class=\"lane\" x1=\"" << x << "\" y1=\"34\" x2=\"" << x << "\" y2=\""
           << height_ << "\"/><rect class=\"lane\" x=\"" << x - 110
           << "\" y=\"4\" width=\"220\" height=\"30\" "
              "rx=\"6\"/><text class=\"lane\" x=\""
           << x << "\" y=\"24\">" << cut(diagram_.lanes[lane], lane_text_max) << "</text>\n";
    }
  }

  void draw_time(Instant at, int y) {
    out_ << "<text class=\"time\" x=\"" << times_width - 8 << "\" y=\"" << y + 4 << "\">"
         << clock(at) << "</text>";
  }

  void draw_words(const SequenceStep& step, const Place& place) {
    if (step.what == SequenceStep::What::packet)
      draw_label(step, place);
    else if (step.what == SequenceStep::What::note)
      draw_note(step, place.sent);
    else
      out_ << "<text class=\"gap\" x=\"" << (times_width + width) / 2 << "\" y=\"" << place.sent + 4
           << "\">" << cut(step.text, arrow_text_max) << "</text>\n";
  }

  void draw_arrow(const SequenceStep& step, const Place& place) {
    const int from = x_of(step.from);
    int to = x_of(step.to);
    int down = place.received;
    const bool lost = !step.received;
    if (lost) {
      to = from + (to - from) * 3 / 5;
      down = place.sent + flight_height / 2;
    }
    const int inwards = to > from ? -3 : 3;
    out_ << "<g class=\"" << (lost ? Literal("packet lost") : Literal("packet")) << "\"><title>"
         << step.detail << "</title><line x1=\"" << from << "\" y1=\"" << place.sent << "\" x2=\""
         << to + inwards << "\" y2=\"" << down << "\"";
    if (!lost) out_ << " marker-end=\"url(#tip-" << anchor(diagram_.finding) << ")\"";
    out_ << "/>";
    if (lost)
      out_ << "<path class=\"cross\" d=\"M" << to - 5 << " " << down - 5
           << "l10 10m0 -10l-10 10\"/>";
    out_ << "</g>\n";
  }

  // In the middle of a flat arrow; beside the sender of a steep one, whose middle is elsewhere.
  void draw_label(const SequenceStep& step, const Place& place) {
    const int from = x_of(step.from);
    const int to = x_of(step.to);
    const bool lost = !step.received;
    const bool steep = !lost && place.received - place.sent > flight_height;
    const int beside = to > from ? from + 8 : from - 8;
    const Literal side = !steep ? Literal("") : to > from ? Literal(" starts") : Literal(" ends");
    draw_time(step.at, place.sent);
    out_ << "<text class=\"label" << side << (lost ? Literal(" missing") : Literal("")) << "\" x=\""
         << (steep ? beside : (from + to) / 2) << "\" y=\"" << place.sent - 6 << "\">"
         << cut(step.text, arrow_text_max) << (lost ? Literal(" \xE2\x80\x93 lost") : Literal(""))
         << "</text>\n";
  }

  void draw_note(const SequenceStep& step, int y) {
    const std::string text = cut(step.text, arrow_text_max);
    const int half = std::clamp(static_cast<int>(text.size()) * 7 / 2 + 14, 40, 230);
    const int x = std::clamp(x_of(step.from), times_width + half, width - half);
    out_ << "<g class=\"" << (step.trouble ? Literal("note trouble") : Literal("note"))
         << "\"><title>" << step.detail << "</title>";
    draw_time(step.at, y);
    out_ << "<rect x=\"" << x - half << "\" y=\"" << y - 12 << "\" width=\"" << 2 * half
         << "\" height=\"24\" rx=\"5\"/><text x=\"" << x << "\" y=\"" << y + 4 << "\">" << text
         << "</text></g>\n";
  }

  const SequenceDiagram& diagram_;
  std::vector<Place> places_;
  int height_ = 0;
  Markup out_;
};

}  // namespace

Markup sequence_svg(const SequenceDiagram& diagram) { return Drawing(diagram).draw(); }

}  // namespace mq::report
