package main

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lyoapp/lyo/models/ranking"
	"github.com/lyoapp/lyo/models/store"
	texts "github.com/lyoapp/lyo/models/text"
)

// bareAuthor and barePost are a post as in Lyo's API.
type bareAuthor struct {
	ID        *uuid.UUID `json:"id"`
	Name      string     `json:"name"`
	AvatarURL *string    `json:"avatar_url"`
}

type barePost struct {
	ID            uuid.UUID      `json:"id"`
	Title         string         `json:"title"`
	Content       string         `json:"content"`
	PostType      string         `json:"post_type"`
	Author        bareAuthor     `json:"author"`
	Tags          []string       `json:"tags"`
	CreatedAt     time.Time      `json:"created_at"`
	UpdatedAt     time.Time      `json:"updated_at"`
	LikesCount    int            `json:"likes_count"`
	CommentsCount int            `json:"comments_count"`
	ViewsCount    int            `json:"views_count"`
	IsPinned      bool           `json:"is_pinned"`
	UserLiked     bool           `json:"user_liked"`
	Metadata      map[string]any `json:"metadata"`
	Status        string         `json:"status"`
}

// barePosts responds with the newest posts for one viewer by the least SQL, and with nothing
// else: no token, no limits, no rule of who sees what.
func barePosts(ctx context.Context, f bareFlags) (http.Handler, error) {
	viewer, err := uuid.Parse(f.viewer)
	if err != nil {
		return nil, err
	}
	pool, err := poolUntil(ctx, f.database)
	if err != nil {
		return nil, err
	}
	router := bareRouter()
	router.GET(postsAddress, func(c *gin.Context) {
		posts, err := bareList(c.Request.Context(), pool, viewer)
		if err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		c.JSON(http.StatusOK, posts)
	})
	create, err := bareCreate(ctx, pool)
	if err != nil {
		return nil, err
	}
	router.POST(postsAddress, create)
	return router, nil
}

// bareCreate inserts a post of one of the authors in turn, and returns it.
func bareCreate(ctx context.Context, pool *pgxpool.Pool) (gin.HandlerFunc, error) {
	rows, err := pool.Query(ctx, "SELECT id, full_name FROM users ORDER BY length(email) DESC, email DESC LIMIT $1", learners-postAuthors-1) // others than Lyo's, for their limits
	if err != nil {
		return nil, err
	}
	authors, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a bareAuthor, err error) {
		return a, row.Scan(&a.ID, &a.Name)
	})
	if err != nil {
		return nil, err
	}
	author := inTurn(authors)
	return func(c *gin.Context) {
		var p barePost
		if err := c.ShouldBindJSON(&p); err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		now := time.Now().UTC().Truncate(time.Microsecond)
		p.ID, p.Author, p.Status, p.CreatedAt, p.UpdatedAt = store.NewID(), author(), "visible", now, now
		language, terms := texts.GuessedLanguage(p.Title+" "+p.Content), ranking.Terms(append([]string{p.Title}, p.Tags...)...)
		_, err := pool.Exec(c.Request.Context(), `INSERT INTO posts (id, author_id, title, content, post_type, tags, metadata, status, created_at, updated_at, language, terms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11)`, p.ID, p.Author.ID, p.Title, p.Content, p.PostType, p.Tags, p.Metadata, p.Status, now, language, terms)
		if err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		c.JSON(http.StatusOK, p)
	}, nil
}

// leastColumns are those of a post in a list.
const leastColumns = `p.id, p.title, p.content, p.post_type, p.tags, p.metadata, p.status, p.is_pinned, p.likes_count, p.comments_count, p.views_count,
	p.created_at, p.updated_at, u.id, u.full_name, u.avatar_url, EXISTS (SELECT FROM post_likes l WHERE l.post_id = p.id AND l.user_id = $1)`

// leastPosts is a page of the newest posts, whoever may see them.
const leastPosts = "SELECT " + leastColumns + " FROM posts p JOIN users u ON u.id = p.author_id WHERE p.status = 'visible' ORDER BY p.is_pinned DESC, p.created_at DESC, p.id DESC LIMIT 20"

// bareList reads the page.
func bareList(ctx context.Context, pool *pgxpool.Pool, viewer uuid.UUID) ([]barePost, error) {
	rows, err := pool.Query(ctx, leastPosts, viewer)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p barePost, err error) {
		err = row.Scan(&p.ID, &p.Title, &p.Content, &p.PostType, &p.Tags, &p.Metadata, &p.Status, &p.IsPinned, &p.LikesCount, &p.CommentsCount, &p.ViewsCount,
			&p.CreatedAt, &p.UpdatedAt, &p.Author.ID, &p.Author.Name, &p.Author.AvatarURL, &p.UserLiked)
		p.CreatedAt, p.UpdatedAt = p.CreatedAt.UTC(), p.UpdatedAt.UTC()
		return p, err
	})
}
