# Writes a C file that holds each kernel file as an array of bytes: kernel_files[] = {name, text}, ended by a NULL name.
set(arrays "")
set(table "")
foreach(path ${FILES})
	get_filename_component(name ${path} NAME_WE)
	file(READ ${path} hex HEX)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(APPEND arrays "static const unsigned char ${name}_cl[] = {${bytes}0};\n")
	string(APPEND table "\t{\"${name}\", (const char *)${name}_cl},\n")
endforeach()
file(WRITE ${OUTPUT} "/* Made from cl/ by cl/embed.cmake. */\n#include \"program.h\"\n${arrays}
const struct kernel_file kernel_files[] = {\n${table}\t{0, 0}};\n")
