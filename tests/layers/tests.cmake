find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME layers COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/layers.py ${PROJECT_SOURCE_DIR})
add_test(NAME layers/operations COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/operations.py)
add_test(NAME layers/permissions COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/permissions.py)
