#!/bin/sh
# Makes the namespace that Lyo works in, unless it is there. How long finished runs are
# kept is RETENTION; Lyo itself needs none of them.
set -eu
temporal operator namespace describe --namespace "$NAMESPACE" >/dev/null 2>&1 ||
	temporal operator namespace create --namespace "$NAMESPACE" --retention "$RETENTION"
