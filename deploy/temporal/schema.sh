#!/bin/sh
# Makes Temporal's two databases and brings their tables to the version of this image.
# Harmless when repeated: a database and a base version that are there stay as they are.
set -eu

bring() {
	temporal-sql-tool --db "$1" create
	if ! temporal-sql-tool --db "$1" update-schema -d "$2"; then
		temporal-sql-tool --db "$1" setup-schema -v 0.0
		temporal-sql-tool --db "$1" update-schema -d "$2"
	fi
}

bring temporal /etc/temporal/schema/postgresql/v12/temporal/versioned
bring temporal_visibility /etc/temporal/schema/postgresql/v12/visibility/versioned
