// Boost.JSON's implementation, once. Header-only: no further Debian package.
#include <boost/json/src.hpp>
