// The tables of the campaign file, in the form of scenarios/language/shape.h. The parameters of
// `grid`, `list` and `ranges` are names of the scenario, which sweep.h looks up.
#pragma once

#include "scenarios/language/shape.h"

namespace mq::campaign {

extern const scenario::Shape campaign_shape;
extern const scenario::Shape latin_shape;
extern const scenario::Shape limits_shape;

}  // namespace mq::campaign
