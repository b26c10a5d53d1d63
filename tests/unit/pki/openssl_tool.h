// A folder of its own and the openssl program, to judge what pki writes and to make what it reads. For the tests of
// pki.
#pragma once

#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/file_system.h"

namespace terrace::pki {

struct WithOpensslTool : testing::Test {
  std::string folder;
  SystemFileSystem files;

  WithOpensslTool() {
    std::string pattern = (std::filesystem::temp_directory_path() / "terrace-pki-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~WithOpensslTool() override { std::filesystem::remove_all(folder); }

  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(files.write_atomic(join_path(folder, name), text, 0600).ok());
  }
  std::string text_of(const std::string& name) {
    auto text = files.read(join_path(folder, name));
    EXPECT_TRUE(text.ok()) << name;
    return text ? *text : "";
  }
  // What `command` prints on both outputs, run in the folder; its exit code goes to `code`.
  std::string run(const std::string& command, int* code = nullptr) {
    std::string all = "cd '" + folder + "' && { " + command + " ; } 2>&1";
    std::FILE* pipe = popen(all.c_str(), "r");
    std::string text;
    char buffer[4096];
    for (size_t count = 0; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, count);
    int status = pclose(pipe);
    if (code != nullptr) *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return text;
  }
  // The same, and an expectation that it succeeded.
  std::string expect_run(const std::string& command) {
    int code = -1;
    std::string text = run(command, &code);
    EXPECT_EQ(code, 0) << command << "\n" << text;
    return text;
  }
};

}  // namespace terrace::pki
