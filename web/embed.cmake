# cmake -D MANIFEST=... -D OUTPUT=... -P embed.cmake
# Writes the source of web_files(): every file by .incbin, with its type and an ETag of its bytes.
# The ETag also makes the source change when a file does, so that it is compiled again.

function(content_type path result)
  set(type "text/plain; charset=utf-8")
  if(path MATCHES "\\.html$")
    set(type "text/html; charset=utf-8")
  elseif(path MATCHES "\\.js$")
    set(type "text/javascript; charset=utf-8")
  elseif(path MATCHES "\\.css$")
    set(type "text/css; charset=utf-8")
  elseif(path MATCHES "\\.svg$")
    set(type "image/svg+xml")
  endif()
  set(${result} "${type}" PARENT_SCOPE)
endfunction()

file(STRINGS ${MANIFEST} lines)
set(bytes "")
set(names "")
set(rows "")
set(number 0)
foreach(line ${lines})
  string(REPLACE "|" ";" parts "${line}")
  list(GET parts 0 path)
  list(GET parts 1 file)
  file(SIZE ${file} size)
  file(SHA256 ${file} hash)
  string(SUBSTRING ${hash} 0 16 etag)
  content_type("${path}" type)
  set(symbol "howdah_web_${number}")
  string(APPEND bytes "  \".balign 16\\n${symbol}: .incbin \\\"${file}\\\"\\n.byte 0\\n\"\n")
  string(APPEND names "extern const char ${symbol}[];\n")
  string(APPEND rows "  {\"${path}\", \"${type}\", {${symbol}, ${size}}, \"\\\"${etag}\\\"\"},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUTPUT}.new "// Written by embed.cmake.
#include \"web_files.hpp\"

asm(\".pushsection .rodata\\n\"
${bytes}  \".popsection\\n\");

extern \"C\" {
${names}}

namespace {
const host::http::StaticFile kFiles[] = {
${rows}};
}  // namespace

std::span<const host::http::StaticFile> web_files() { return kFiles; }
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
