# Compiler flags, sanitizers, and the optional speed-ups (ccache, mold) that a developer's machine may have.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

find_program(P2P_CCACHE ccache)
if(P2P_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${P2P_CCACHE})
endif()
find_program(P2P_MOLD mold)
if(P2P_MOLD AND NOT P2P_FUZZ)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
                    -Woverloaded-virtual -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside std::vector and std::string of correct code at -O2.
  add_compile_options(-Wno-stringop-overflow -Wno-array-bounds -Wno-restrict
                      -Wno-stringop-overread -Wno-maybe-uninitialized)
  # From -O2 on, g++ 12 loses stores into a temporary std::optional<std::vector> that a coroutine
  # returns (the vectoriser reads it across the clobber at its birth): read_message came back with
  # wild pointers. Keeping the stores costs nothing measurable.
  add_compile_options(-fno-lifetime-dse)
else()
  # libstdc++ 12's own std::stable_sort uses what C++23 deprecates, and clang blames its caller.
  add_compile_options(-Wno-deprecated-declarations)
endif()
if(P2P_WERROR)
  add_compile_options(-Werror)
endif()
if(P2P_SANITIZE)
  add_compile_options(-fsanitize=${P2P_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${P2P_SANITIZE})
endif()
if(P2P_FUZZ)
  # The layers too: a fuzzer that is blind to the code under test only throws dice.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
# A build's own folder must not be part of the binary.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
