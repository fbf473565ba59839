// campaign.css and campaign.js, embedded when the program is built, with the digests by which the
// page's content security policy allows them.
#pragma once

#include <string_view>

namespace mq::campaign::assets {

extern const std::string_view campaign_style;
extern const std::string_view campaign_style_sha256;  // base64
extern const std::string_view campaign_script;
extern const std::string_view campaign_script_sha256;

}  // namespace mq::campaign::assets
