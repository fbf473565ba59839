# Sets `version` to that of the tree in SOURCE: the last tag v1.2.3, the commits since then, and
# whether files were changed. A tree without git has the version of the project.
set(version ${PROJECT_VERSION})
execute_process(COMMAND git describe --tags --match "v[0-9]*" --dirty --abbrev=7
  WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE described ERROR_QUIET RESULT_VARIABLE failed
  OUTPUT_STRIP_TRAILING_WHITESPACE)
if(failed EQUAL 0 AND described)
  string(REGEX REPLACE "^v" "" version "${described}")
else()
  execute_process(COMMAND git describe --always --dirty --abbrev=7 --exclude "*"
    WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE described ERROR_QUIET RESULT_VARIABLE failed
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(failed EQUAL 0 AND described)
    set(version "${PROJECT_VERSION}-0-g${described}")
  endif()
endif()
