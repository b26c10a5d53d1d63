# The etcd agent's decisions in simulated groups. Built with optimisation, for thousands of scenarios in seconds.
set(node_source ${PROJECT_SOURCE_DIR}/src)
add_executable(simulate simulation/simulate.cpp simulation/world.cpp simulation/etcd_model.cpp simulation/effects.cpp
  ${node_source}/node/agent.cpp ${node_source}/node/membership.cpp ${node_source}/node/documents.cpp
  ${node_source}/base/loop.cpp ${node_source}/base/clock.cpp ${node_source}/base/random.cpp)
target_include_directories(simulate PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${node_source})
target_compile_options(simulate PRIVATE -O2)
target_link_libraries(simulate PRIVATE fmt::fmt nlohmann_json::nlohmann_json OpenSSL::Crypto)
set_target_properties(simulate PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
add_test(NAME node/simulation COMMAND simulate 3000)
add_test(NAME node/simulation_mutations COMMAND simulate -mutations)
