# SPDX-License-Identifier: GPL-2.0
# Completion of cowinspect for fish: bash's, which knows it all, is asked.

set -g __cowinspect_share (path resolve (status dirname))/../..

function __cowinspect_complete
	set -l found (bash $__cowinspect_share/cowinspect/complete \
		(commandline -opc) (commandline -ct))
	if test -n "$found[1]"
		printf '%s\n' $found
	else
		__fish_complete_path (commandline -ct)
	end
end

complete -c cowinspect -f -a '(__cowinspect_complete)'
