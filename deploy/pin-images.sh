#!/bin/sh
# Pins every image that the files below name to the digest its registry has for the tag now:
#
#   deploy/pin-images.sh            changes the files
#   deploy/pin-images.sh --check    changes nothing, and fails when a tag has moved on or has no digest
#
# It needs docker with buildx, and a way to the registries.
set -eu
cd "$(dirname "$0")/.."
files="deploy/Dockerfile docker-compose.yml deploy/temporal/docker-compose.yml"
image='[a-z0-9][a-z0-9./-]*:[A-Za-z0-9._-]+'
status=0
for pinned in $(grep -hoE "(FROM |image: |_IMAGE:-)$image(@sha256:[0-9a-f]{64})?" $files | sed -E 's/^(FROM |image: |_IMAGE:-)//' | grep -v '^lyo' | sort -u); do
	tag=${pinned%@*}
	digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$tag")
	case $digest in sha256:????????????????????????????????????????????????????????????????) ;; *)
		echo "$tag: its registry gave no digest" >&2
		exit 1
		;;
	esac
	if [ "$pinned" = "$tag@$digest" ]; then
		continue
	fi
	echo "$tag is $digest"
	if [ "${1:-}" = --check ]; then
		status=1
		continue
	fi
	for file in $files; do
		sed -E "s|$(echo "$tag" | sed 's/[.]/[.]/g')(@sha256:[0-9a-f]{64})?([^A-Za-z0-9._@-]\|\$)|$tag@$digest\2|" "$file" >"$file.new"
		cat "$file.new" >"$file" && rm "$file.new"
	done
done
exit $status
