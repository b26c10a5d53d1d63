# The program that suites written by others drive (never installed).
add_executable(aws-conformance ${CMAKE_CURRENT_SOURCE_DIR}/conformance/aws_conformance.cpp)
target_link_libraries(aws-conformance PRIVATE aws)
set_target_properties(aws-conformance PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
