package accounts

import (
	"github.com/google/uuid"
)

// Author is the author of a post, comment or course.
type Author struct {
	ID        *uuid.UUID // nil: the account was deleted
	Name      string
	AvatarURL *string
}

// DeletedUser is the name shown for a deleted user.
const DeletedUser = "Deleted user"

// AuthorColumns are the columns of an Author, from the user u, who may be deleted or being deleted.
const AuthorColumns = `CASE WHEN u.deletion_id IS NULL THEN u.id END, CASE WHEN u.deletion_id IS NULL THEN u.full_name END, CASE WHEN u.deletion_id IS NULL THEN u.avatar_url END`

// SetName sets the name, or DeletedUser for nil.
func (b *Author) SetName(name *string) {
	b.Name = DeletedUser
	if name != nil {
		b.Name = *name
	}
}
