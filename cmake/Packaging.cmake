# Manuals, completions, and the Debian package.
find_program(P2P_SCDOC scdoc)
file(GLOB manuals CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/man/*.scd)
foreach(manual IN LISTS manuals)
  get_filename_component(page ${manual} NAME_WLE)
  if(NOT P2P_SCDOC)
    message(WARNING "scdoc is not installed: ${page} is left out")
    continue()
  endif()
  # gzip -n leaves out the time, so that two builds of one source are the same.
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/man/${page}.gz
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
    COMMAND ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=0 sh -c
            "${P2P_SCDOC} < '${manual}' > '${page}' && gzip -9nkf '${page}'"
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}/man
    DEPENDS ${manual} VERBATIM)
  list(APPEND pages ${CMAKE_BINARY_DIR}/man/${page}.gz)
endforeach()
if(pages)
  add_custom_target(manuals ALL DEPENDS ${pages})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

install(DIRECTORY completions/bash/ DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(DIRECTORY completions/zsh/ DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(DIRECTORY completions/fish/ DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# What Debian's policy asks of a package's documentation.
file(READ ${CMAKE_SOURCE_DIR}/LICENSE license)
string(REPLACE "\n\n" "\n.\n" license "${license}")
string(REGEX REPLACE "\n" "\n " license "${license}")
file(WRITE ${CMAKE_BINARY_DIR}/copyright
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: p2p-utils

Files: *
Copyright: 2026 The p2p-utils developers
License: Expat
 ${license}")
file(WRITE ${CMAKE_BINARY_DIR}/changelog
"p2p-utils (${PROJECT_VERSION}) unstable; urgency=medium

  * See CHANGELOG.md, which this package does not repeat.

 -- p2p-utils developers <p2p-utils@p2p-utils.invalid>  Sat, 21 Nov 2026 00:00:00 +0000
")
execute_process(COMMAND gzip -9nkf ${CMAKE_BINARY_DIR}/changelog)
install(FILES ${CMAKE_BINARY_DIR}/copyright ${CMAKE_BINARY_DIR}/changelog.gz
        DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME p2p-utils)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "p2p-utils developers <p2p-utils@p2p-utils.invalid>")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "programs for peer-to-peer networks, joined by pipes")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Five small programs: p2p-discover finds peers, p2p-probe tells what they are,
p2p-gossip says a line to everyone, p2p-hash names content, and p2p-chain
agrees on one history by proof of work. They speak libp2p with real peers and
tell the truth in their exit status.")
include(CPack)
