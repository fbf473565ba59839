// The files of reports/assets, embedded when the program is built, and the digests by which the
// page's content security policy allows its own scripts and nothing else.
#pragma once

#include <string_view>

namespace mq::report::assets {

extern const std::string_view style;
extern const std::string_view style_sha256;  // base64
extern const std::string_view script;
extern const std::string_view script_sha256;
extern const std::string_view journey;
extern const std::string_view journey_sha256;
extern const std::string_view charts;
extern const std::string_view charts_sha256;
extern const std::string_view compare_style;
extern const std::string_view compare_style_sha256;
extern const std::string_view matrix_style;
extern const std::string_view matrix_style_sha256;
extern const std::string_view matrix_script;
extern const std::string_view matrix_script_sha256;

}  // namespace mq::report::assets
