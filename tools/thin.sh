#!/usr/bin/env bash
# Thins the output of ninja where there is no terminal: every 20th step, the last one, and all that
# is not a step (warnings, errors).
set -euo pipefail
step='^\[([0-9]+)/([0-9]+)\]'
while IFS= read -r line; do
  if [[ $line =~ $step ]]; then
    done_=${BASH_REMATCH[1]}
    if ((done_ % 20 == 0 || done_ == BASH_REMATCH[2])); then echo "   $line"; fi
  else
    echo "$line"
  fi
done
