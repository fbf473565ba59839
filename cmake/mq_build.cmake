# Flags and small functions that every folder's CMakeLists.txt uses.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

# Sanitizers and the debug switch of libraries must be the same in every object: global.
if(MQTTLAB_SANITIZE)
  add_compile_options(-fsanitize=${MQTTLAB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MQTTLAB_SANITIZE})
endif()
if(MQTTLAB_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Linked PRIVATE by every target of ours: warnings, nothing that changes behaviour.
add_library(mq_build INTERFACE)
target_compile_options(mq_build INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor
  -Woverloaded-virtual -Wconversion -Wno-sign-conversion
  # False alarms of g++ 12 about std::variant and std::string.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict>
  -Wno-missing-field-initializers  # designated initialisers name what they mean to set
  $<$<BOOL:${MQTTLAB_WERROR}>:-Werror>)

if(MQTTLAB_TESTS)
  enable_testing()
  find_package(GTest CONFIG REQUIRED)
  include(GoogleTest)
endif()

# mq_test(NAME SOURCES a_test.cc ... LIBRARIES mq::x ... [LABELS long] [DATA_DIR dir])
# A GoogleTest program, run by ctest one process per program. Tests read their data below
# MQ_SOURCE_DIR, the root of the checkout.
function(mq_test name)
  if(NOT MQTTLAB_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE mq_build ${arg_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE MQ_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  # Compiled more often than run: a third of the time that a full build takes went into these.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS commit)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()

# mq_bench(NAME SOURCES a_bench.cc LIBRARIES mq::x ...): a Google Benchmark program.
function(mq_bench name)
  if(NOT MQTTLAB_BENCHMARKS)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  find_package(benchmark CONFIG REQUIRED)
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE mq_build ${arg_LIBRARIES} benchmark::benchmark_main)
endfunction()

# mq_fuzz(NAME SOURCES a_fuzz.cc LIBRARIES mq::x ...): a libFuzzer target.
function(mq_fuzz name)
  if(NOT MQTTLAB_FUZZ)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE mq_build ${arg_LIBRARIES})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
