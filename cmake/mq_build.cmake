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

# Eight sources per compilation: most of a compilation is the headers of Asio, ns-3 and GoogleTest.
if(MQTTLAB_UNITY)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
endif()

# Sanitizers and the debug switch of libraries must be the same in every object: global.
if(MQTTLAB_SANITIZE)
  add_compile_options(-fsanitize=${MQTTLAB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MQTTLAB_SANITIZE})
endif()
# The thread sanitizer does not know fences. Asio's own add nothing to the mutex of its queue, which
# it does know.
if(MQTTLAB_SANITIZE MATCHES thread)
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
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
  # Files that are compiled together see each other's names.
  $<$<BOOL:${CMAKE_UNITY_BUILD}>:-Wno-shadow>
  $<$<BOOL:${MQTTLAB_WERROR}>:-Werror>)

if(MQTTLAB_TESTS)
  enable_testing()
  find_package(GTest CONFIG REQUIRED)
  include(GoogleTest)
endif()

# mq_test(NAME SOURCES a_test.cc ... LIBRARIES mq::x ... [LABELS long] [TIMEOUT s] [APART])
# A GoogleTest program, run by ctest one process per program. Tests read their data below
# MQ_SOURCE_DIR, the root of the checkout. APART: its sources have helpers of the same names, and are
# not compiled together.
function(mq_test name)
  if(NOT MQTTLAB_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "APART" "TIMEOUT" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  if(arg_APART)
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  endif()
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

# mq_fuzz(NAME SOURCES a_fuzz.cc LIBRARIES mq::x ...): a libFuzzer target in the fuzz preset. In
# every build with tests the inputs that it has found, in NAME_corpus beside the first source, run
# through the same function (ctest NAME_corpus_test), and where clang is, the long tier fuzzes for
# ten minutes (NAME_long_test).
function(mq_fuzz name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  if(MQTTLAB_FUZZ)
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE mq_build ${arg_LIBRARIES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endif()
  if(NOT MQTTLAB_TESTS)
    return()
  endif()
  # All of them are one program: linking costs more than compiling.
  add_library(${name}_object OBJECT ${arg_SOURCES})
  target_link_libraries(${name}_object PRIVATE mq_build ${arg_LIBRARIES})
  target_compile_definitions(${name}_object PRIVATE LLVMFuzzerTestOneInput=${name})
  target_compile_options(${name}_object PRIVATE $<$<CONFIG:Release>:-O1>)
  set_property(GLOBAL APPEND PROPERTY mq_fuzz_names ${name})
  set_property(GLOBAL APPEND PROPERTY mq_fuzz_libraries ${arg_LIBRARIES})
  list(GET arg_SOURCES 0 source)
  cmake_path(GET source PARENT_PATH folder)
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${name}_corpus)
  add_test(NAME ${name}_corpus_test COMMAND fuzz_corpus_test ${name} ${corpus})
  set_tests_properties(${name}_corpus_test PROPERTIES LABELS commit TIMEOUT 120)
  add_test(NAME ${name}_long_test
           COMMAND ${PROJECT_SOURCE_DIR}/cmake/fuzz_for.sh ${name} 600 ${corpus})
  set_tests_properties(${name}_long_test PROPERTIES LABELS long TIMEOUT 3600 SKIP_RETURN_CODE 77)
endfunction()

# After the last mq_fuzz: the program that runs their corpora.
function(mq_fuzz_finish)
  if(NOT MQTTLAB_TESTS)
    return()
  endif()
  get_property(names GLOBAL PROPERTY mq_fuzz_names)
  get_property(libraries GLOBAL PROPERTY mq_fuzz_libraries)
  list(REMOVE_DUPLICATES libraries)
  set(declarations "")
  set(rows "")
  set(objects "")
  foreach(name ${names})
    string(APPEND declarations
           "extern \"C\" int ${name}(const std::uint8_t* data, std::size_t size);\n")
    string(APPEND rows "    {\"${name}\", ${name}},\n")
    list(APPEND objects $<TARGET_OBJECTS:${name}_object>)
  endforeach()
  set(table ${PROJECT_BINARY_DIR}/fuzz_targets.cc)
  file(CONFIGURE OUTPUT ${table} CONTENT "#include \"base/testing/fuzz_targets.h\"

@declarations@
namespace mq {
const std::vector<FuzzTarget> fuzz_targets = {
@rows@};
}  // namespace mq
" @ONLY)
  add_executable(fuzz_corpus_test ${PROJECT_SOURCE_DIR}/base/testing/fuzz_corpus.cc ${table}
                 ${objects})
  target_link_libraries(fuzz_corpus_test PRIVATE mq_build mq::base ${libraries})
endfunction()
