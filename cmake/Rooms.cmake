# dm_add_room(folder)      : adds the folder when it has a CMakeLists.txt.
# dm_library(name DEPS …)  : library dm::name of every *.cc here that is neither a test nor a main; its tests
#                            (*_test.cc) become one executable name_test. DEPS are other rooms or packages.
# dm_program(name DEPS …)  : the program of this folder, from main.cc, written to bin/.
function(dm_add_room folder)
  if(EXISTS "${CMAKE_SOURCE_DIR}/${folder}/CMakeLists.txt")
    add_subdirectory(${folder})
  endif()
endfunction()

function(dm_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main|_fuzz|_bench)\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
  endif()
  add_library(dm::${name} ALIAS ${name})
  if(tests AND BUILD_TESTING)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${ARG_TEST_DEPS} GTest::gmock GTest::gtest_main)
    # Tests run in the source folder and find testdata relative to it: no absolute path in an object file, so that the
    # compiler cache serves every clone.
    target_compile_definitions(${name}_test PRIVATE DM_SOURCE_DIR=".")
    if(SANITIZE MATCHES "undefined")
      # Two of UBSan's checks are a fifth of what these files take to compile; the code that is tested keeps them.
      target_compile_options(${name}_test PRIVATE -fno-sanitize=null,alignment)
    endif()
    set(suppressed LSAN_OPTIONS=suppressions=cmake/lsan.supp)
    if(SANITIZE MATCHES "thread")
      set(suppressed TSAN_OPTIONS=suppressions=cmake/tsan.supp)
    endif()
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}:" WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                         PROPERTIES TIMEOUT 600 LABELS ${name} ENVIRONMENT ${suppressed}
                         DISCOVERY_TIMEOUT 60 DISCOVERY_MODE PRE_TEST)
  endif()
endfunction()

function(dm_program name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${name} main.cc)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()
