#!/usr/bin/env bash
# scripts/release.sh 1.2.3   checks, sets the version, dates the changelog, commits and tags. Pushing the tag publishes
# (.github/workflows/release.yml, with provenance). Nothing is pushed from here.
set -euo pipefail
cd "$(dirname "$0")/.."
version="${1:?usage: scripts/release.sh 1.2.3}"
[[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || { echo "$version is no version" >&2; exit 2; }
[ "$(git branch --show-current)" = main ] || { echo "not on main" >&2; exit 2; }
[ -z "$(git status --porcelain)" ] || { echo "the tree has changes that are not committed" >&2; exit 2; }
git rev-parse -q --verify "refs/tags/v$version" >/dev/null && { echo "v$version is already tagged" >&2; exit 2; }
grep -q "^## $version – unreleased$" CHANGELOG.md || { echo "CHANGELOG.md has no section \"## $version – unreleased\"" >&2; exit 2; }
npm ci --no-audit --no-fund
npm run check
npm run check:package
npm version --no-git-tag-version --allow-same-version "$version"
sed -i "s/^## $version – unreleased$/## $version – $(date -u +%F)/" CHANGELOG.md
sed -i "s/^version: .*/version: $version/" CITATION.cff
npm pack --dry-run
git diff --stat
git commit -qam "Release $version"
git tag -a "v$version" -m "chemherm $version"
echo "tagged v$version; publish with: git push --follow-tags"
