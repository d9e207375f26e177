#!/usr/bin/env bash
# compat.sh COMMIT: builds the components of an earlier version and runs them beside this one's.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD commit=${1:?compat.sh COMMIT}
git cat-file -e "$commit^{commit}" || { echo "compat.sh: $commit is not in this clone: fetch its history" >&2; exit 1; }
work=$(mktemp -d)
trap 'git worktree remove --force "$work/sources"; rm -rf "$work"' EXIT
git worktree add --quiet --detach "$work/sources" "$commit"
cd "$work/sources"
for main in services/*/cmd api-gateway/cmd; do go build -o "$work/$(basename "$(dirname "$main")")" "./$main"; done
cd "$root"
# A service that the earlier version doesn't have is installed before the others are replaced.
for main in services/*/cmd; do
  name=$(basename "$(dirname "$main")")
  [ -e "$work/$name" ] || go build -o "$work/$name" "./$main"
done
FIVECHAT_PREVIOUS=$work go test ${RACE:-} -count=1 -timeout 15m -run TestPreviousVersionRunsBesideThisOne -v ./tests/processes
