# The few ns-3 libraries that the ns-3 world uses, as ns3::NAME. Not ns-3's own CMake package: it
# demands that everything ns-3 ever installed is there (tools, GSL, SQLite), most of it unused here.
set(ns3_names core network internet traffic-control
    lte mobility point-to-point propagation spectrum virtual-net-device wifi)
find_path(Ns3Libraries_INCLUDE_DIR ns3/tcp-socket-base.h)
set(ns3_variables Ns3Libraries_INCLUDE_DIR)
foreach(name IN LISTS ns3_names)
  find_library(Ns3Libraries_${name} NAMES ns3-${name} ns3.37-${name} libns3.37-${name})
  list(APPEND ns3_variables Ns3Libraries_${name})
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Ns3Libraries REQUIRED_VARS ${ns3_variables})
mark_as_advanced(${ns3_variables})

if(Ns3Libraries_FOUND)
  foreach(name IN LISTS ns3_names)
    if(NOT TARGET ns3::${name})
      add_library(ns3::${name} SHARED IMPORTED GLOBAL)
      set_target_properties(ns3::${name} PROPERTIES
        IMPORTED_LOCATION ${Ns3Libraries_${name}}
        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${Ns3Libraries_INCLUDE_DIR})
    endif()
  endforeach()
endif()

# For reports: the library's own name tells it, libns3.37-core.so or libns3-core.so.37.
get_filename_component(ns3_core_file "${Ns3Libraries_core}" REALPATH)
if(ns3_core_file MATCHES "\\.so\\.([0-9]+)" OR ns3_core_file MATCHES "ns3\\.([0-9]+)")
  set(Ns3Libraries_VERSION "3.${CMAKE_MATCH_1}" CACHE INTERNAL "The version of ns-3")
endif()
