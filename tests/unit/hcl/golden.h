// Golden cases in one file: "=====", an input, "-----", what is expected of it. The tests of hcl read them.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace terrace::hcl {

struct GoldenCase {
  int line = 0;  // of the input, for messages
  std::string input;
  std::string expected;
};

inline std::vector<GoldenCase> read_golden(const std::string& name) {
  std::ifstream file(std::string(TERRACE_SOURCE_DIR) + "/tests/golden/hcl/" + name, std::ios::binary);
  std::vector<GoldenCase> cases;
  bool expected = false;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line == "=====") {
      cases.push_back(GoldenCase{number + 1, {}, {}});
      expected = false;
    } else if (line == "-----") {
      expected = true;
    } else if (!cases.empty()) {
      (expected ? cases.back().expected : cases.back().input) += line + "\n";
    }
  }
  return cases;
}

}  // namespace terrace::hcl
