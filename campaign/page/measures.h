// What the cells of the heat maps can show beside broken promises, as JSON for the page's script.
#pragma once

#include <string>

#include "campaign/page/heat_map.h"

namespace mq::campaign {

// {"name", "x", "y", "columns", "measures": [{"name", "kind"}],
//  "maps": [{"where", "cells": [[value or null per measure]]}]}
// A measure of the kind "promise" is a number of runs, of the first value of the cell: runs judged.
std::string measures_json(const Summary& summary, const HeatMaps& maps);

}  // namespace mq::campaign
