# terrace_embed(TARGET FUNCTION ROOT FILE...): puts files into the binary. TARGET gets a generated source that defines
# std::span<const terrace::EmbeddedFile> FUNCTION(): each FILE with its path relative to ROOT, in the order given.
function(terrace_embed target function root)
  string(REPLACE "::" ";" parts ${function})
  list(POP_BACK parts name)
  list(JOIN parts "::" namespace)
  set(assembly "")
  set(declarations "")
  set(table "")
  set(index 0)
  foreach(file ${ARGN})
    file(RELATIVE_PATH path ${root} ${file})
    set(symbol embedded_${name}_${index})
    string(APPEND assembly "\"${symbol}:\\n.incbin \\\"${file}\\\"\\n${symbol}_end:\\n\"\n")
    string(APPEND declarations "extern \"C\" const char ${symbol}[], ${symbol}_end[];\n")
    string(APPEND table "    {\"${path}\", {${symbol}, static_cast<std::size_t>(${symbol}_end - ${symbol})}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded_${name}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT "// Made by cmake/embed.cmake.
#include \"base/embedded.h\"
asm(\".section .rodata\\n\"
@assembly@\".text\\n\");
@declarations@
namespace @namespace@ {
std::span<const terrace::EmbeddedFile> @name@() {
  static const terrace::EmbeddedFile files[] = {
@table@  };
  return files;
}
}  // namespace @namespace@
")
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${ARGN}")
  target_sources(${target} PRIVATE ${source})
endfunction()
