#!/usr/bin/env bash
# Brings the files of translations up to date with the sources: new strings come in as unfinished, to be translated with
# Qt Linguist or by hand. A test fails while there are any.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for file in resources/translations/*.ts; do
    /usr/lib/qt6/bin/lupdate -silent -no-obsolete -locations none -I . app -ts "$file" 2>/dev/null
done
grep -c 'type="unfinished"' resources/translations/*.ts || true
