// Compiles Beast's non-template code once, instead of in every translation unit.
#include <boost/beast/src.hpp>
