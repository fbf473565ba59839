// All statements and all cases: those that were built into the program, or those of a folder.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/case.h"
#include "conformance/runner/parse.h"
#include "conformance/runner/statements.h"

namespace mq::conformance {

struct Embedded {
  std::string_view name;  // "publish.cases", "v5.yaml"
  std::string_view text;
};
std::span<const Embedded> embedded_files();  // of cases/ and statements/

struct Library {
  std::vector<Statement> statements;
  std::vector<Case> cases;            // in the order of the files and, within, of their text
  std::vector<std::string> problems;  // "FILE:LINE:COLUMN: ..."; with any, nothing is to be run
};

Library embedded_library();
// Cases from a file, or from every *.cases of a folder; the statements are the embedded ones.
Library library_from(const std::string& path);

// What is not wrong with one file, but with all together: a case names a statement that is none,
// or a setting that no broker knows.
std::vector<std::string> disagreements(const Library& library);

// Of a case: what its statements say, or what it says itself.
Level level_of(const Case& one, const std::vector<Statement>& statements);

}  // namespace mq::conformance
