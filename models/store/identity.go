package store

import (
	"context"

	"gorm.io/gorm"
)

// IdentitySQL is an expression that names the running database: by the moment at which its server started, to a
// microsecond, and by its number there. A copy of it, a state of it that was restored, and whatever else another server
// or another database of the server holds, have other names, so that what Redis knows of one is not believed of
// another. A server that is started again has a new name too: nothing tells it from a copy of its files. It needs no
// privilege. Two servers that started in the same microsecond are not told apart, nor is what is restored inside one
// database.
const IdentitySQL = `(SELECT md5(concat_ws(' ', d.oid, extract(epoch FROM pg_postmaster_start_time())))
	FROM pg_database d WHERE d.datname = current_database())`

// Identity returns the name of the running database.
func Identity(ctx context.Context, db *gorm.DB) (name string, err error) {
	err = db.WithContext(ctx).Raw("SELECT " + IdentitySQL).Row().Scan(&name)
	return name, err
}
