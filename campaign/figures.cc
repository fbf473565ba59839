#include "campaign/figures.h"

#include <algorithm>

namespace mq::campaign {

std::string column(const Figure& figure) {
  std::string text(figure.id);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

}  // namespace mq::campaign
