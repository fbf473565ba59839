# Writes OUT: the version of this tree. Called by every build; the file changes only if the version
# does.
cmake_policy(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/describe.cmake)
file(CONFIGURE OUTPUT ${OUT} CONTENT "#include \"installation/installation.h\"

const char* mq::version() { return \"@version@\"; }
" @ONLY)
