# cmake -DOUT=assets.cc -DFOLDER=... -P embed.cmake: the page's style and scripts as C++, with the
# SHA-256 of each in base64, as a content security policy wants it. Other pages say which files of
# FOLDER are theirs (ASSETS, as name=file or name=file+file), and whose header declares them (HEADER, NAMESPACE).
if(NOT DEFINED ASSETS)
  set(ASSETS style=report.css script=page.js+report.js journey=journey.js charts=echarts.min.js
    compare_style=compare.css matrix_style=matrix.css matrix_script=page.js+matrix.js)
  set(HEADER reports/html/assets.h)
  set(NAMESPACE mq::report::assets)
endif()
set(letters "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

function(base64_of_hex hex out)
  string(APPEND hex "0000")  # 32 bytes are ten groups of three and two more
  set(text "")
  foreach(group RANGE 0 10)
    math(EXPR at "${group} * 6")
    string(SUBSTRING "${hex}" ${at} 6 bytes)
    foreach(shift 18 12 6 0)
      math(EXPR index "(0x${bytes} >> ${shift}) & 63")
      string(SUBSTRING "${letters}" ${index} 1 letter)
      string(APPEND text "${letter}")
    endforeach()
  endforeach()
  string(SUBSTRING "${text}" 0 43 text)
  set(${out} "${text}=" PARENT_SCOPE)
endfunction()

set(code "// Made by reports/assets/embed.cmake.\n#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n\n")
foreach(asset ${ASSETS})
  string(REPLACE "=" ";" asset ${asset})
  list(GET asset 0 name)
  list(GET asset 1 file)
  string(REPLACE "+" ";" files ${file})
  set(content "")
  foreach(part ${files})
    file(READ ${FOLDER}/${part} text)
    string(APPEND content "${text}")
  endforeach()
  string(SHA256 hex "${content}")
  base64_of_hex(${hex} digest)
  string(APPEND code "constexpr char ${name}_text[] = R\"|asset|(${content})|asset|\";\n"
    "const std::string_view ${name}{${name}_text, sizeof ${name}_text - 1};\n"
    "const std::string_view ${name}_sha256 = \"${digest}\";\n\n")
endforeach()
file(WRITE ${OUT} "${code}}  // namespace ${NAMESPACE}\n")
