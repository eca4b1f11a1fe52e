# Compiler settings shared by every target. Warnings are errors; release builds are hardened.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize= (address,undefined or thread)")

find_program(CCACHE ccache)
if(CCACHE)
  # The base directory makes hits independent of where the clone lies.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
                    -Wold-style-cast -Woverloaded-virtual -Werror
                    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wduplicated-cond -Wlogical-op -Wno-error=maybe-uninitialized -Wno-error=null-dereference
                      -Wno-error=restrict -Wno-error=stringop-overflow)
endif()
if(CMAKE_UNITY_BUILD)
  # Ten sources of a room are compiled as one: what parsing and instantiating the same headers takes is paid once (a quarter of
  # the time). The other presets compile each file by itself, so that what it does not include is missed there. Here it warns of
  # every class with a member of an unnamed namespace, since that is no longer in the main file.
  add_compile_options(-Wno-subobject-linkage)
endif()
add_compile_definitions(JSON_USE_IMPLICIT_CONVERSIONS=0 _GLIBCXX_ASSERTIONS)

if(SANITIZE)
  add_compile_options(-fsanitize=${SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(SANITIZE MATCHES "undefined")
    # It takes cpprestsdk's classes (type information inside the shared object) for other ones, and needs a free file
    # descriptor for every check, which the test of exhausted descriptors has not.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  add_link_options(-fsanitize=${SANITIZE})
  if(SANITIZE MATCHES "thread")
    add_compile_options(-Wno-tsan)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  add_link_options(-pie -Wl,-z,relro,-z,now)
endif()
find_package(Threads REQUIRED)
link_libraries(Threads::Threads)
