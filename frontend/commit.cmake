# Writes a C file with commit_text: the commit that SOURCE is a checkout of, "-dirty" behind it where files differ from it, or
# "unknown" outside a checkout. Run at each build; the file is only touched when the text changes.
set(commit "unknown")
find_program(git git)
if(git)
	execute_process(COMMAND ${git} -C ${SOURCE} rev-parse --show-toplevel OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE
		ERROR_QUIET)
	# An unpacked release may lie inside the checkout of something else.
	if(top STREQUAL SOURCE)
		execute_process(COMMAND ${git} -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=* OUTPUT_VARIABLE described
			OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
		if(described)
			set(commit ${described})
		endif()
	endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "/* Made at build time by frontend/commit.cmake. */
#include \"commit.h\"\n\nconst char commit_text[] = \"${commit}\";\n")
