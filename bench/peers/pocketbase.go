package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"
)

const authors = 20

// servePocketBase serves a collection of posts, for whoever is signed in, as PocketBase is without further settings.
// GET /bench/tokens has a token of each author.
func servePocketBase(ctx context.Context, s settings) error {
	app := pocketbase.NewWithConfig(pocketbase.Config{HideStartBanner: true, DefaultDataDir: s.dir})
	if err := app.Bootstrap(); err != nil {
		return fmt.Errorf("prepare PocketBase: %w", err)
	}
	if err := app.RunAllMigrations(); err != nil {
		return fmt.Errorf("make PocketBase's tables: %w", err)
	}
	tokens, err := fill(app, s.posts)
	if err != nil {
		return fmt.Errorf("fill PocketBase: %w", err)
	}
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.Router.GET("/v1/health/live", func(e *core.RequestEvent) error { return e.NoContent(http.StatusOK) })
		e.Router.GET("/bench/tokens", func(e *core.RequestEvent) error { return e.JSON(http.StatusOK, tokens) })
		return e.Next()
	})
	context.AfterFunc(ctx, func() {
		_ = app.OnTerminate().Trigger(&core.TerminateEvent{App: app}, func(e *core.TerminateEvent) error { return e.App.ResetBootstrapState() })
	})
	if err := apis.Serve(app, apis.ServeConfig{HttpAddr: s.address}); ctx.Err() == nil {
		return err
	}
	return nil
}

// fill makes the collection, its authors and so many posts, each a minute older than the one before.
func fill(app core.App, posts int) (tokens map[string]string, err error) {
	users, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return nil, err
	}
	tokens = map[string]string{}
	var ids []string
	for i := range authors {
		user := core.NewRecord(users)
		user.SetEmail(fmt.Sprintf("learner%d@example.com", i))
		user.SetPassword("correct horse battery")
		user.SetVerified(true)
		user.Set("name", "Learner")
		if err := app.Save(user); err != nil {
			return nil, err
		}
		if tokens[user.Id], err = user.NewAuthToken(); err != nil {
			return nil, err
		}
		ids = append(ids, user.Id)
	}
	collection := postsCollection(users.Id)
	if err := app.Save(collection); err != nil {
		return nil, err
	}
	return tokens, app.RunInTransaction(func(tx core.App) error {
		now := time.Now()
		for n := range posts {
			post := core.NewRecord(collection)
			post.Load(map[string]any{
				"title": fmt.Sprintf("How does part %d work?", n), "content": words, "post_type": "question", "status": "visible", "author": ids[n%authors],
				"tags": []string{fmt.Sprintf("tag%d", n%500), "sea"}, "metadata": map[string]string{"course": "tides"}, "likes_count": n % 97,
			})
			at, err := types.ParseDateTime(now.Add(-time.Duration(n) * time.Minute))
			if err != nil {
				return err
			}
			post.SetRaw("created", at)
			if err := tx.SaveNoValidate(post); err != nil {
				return err
			}
		}
		return nil
	})
}

// postsCollection returns a collection with the fields of Lyo's posts.
func postsCollection(users string) *core.Collection {
	c := core.NewBaseCollection("posts")
	signedIn := "@request.auth.id != ''"
	c.ListRule, c.ViewRule = &signedIn, &signedIn
	c.CreateRule = new("@request.auth.id != '' && author = @request.auth.id")
	c.Fields.Add(
		&core.TextField{Name: "title", Required: true, Max: 200},
		&core.TextField{Name: "content", Required: true, Max: 5000},
		&core.SelectField{Name: "post_type", Values: []string{"discussion", "question", "achievement", "resource", "announcement"}, MaxSelect: 1, Required: true},
		&core.RelationField{Name: "author", CollectionId: users, MaxSelect: 1, Required: true},
		&core.JSONField{Name: "tags"}, &core.JSONField{Name: "metadata"}, &core.TextField{Name: "status"},
		&core.NumberField{Name: "likes_count"}, &core.NumberField{Name: "comments_count"}, &core.NumberField{Name: "views_count"},
		&core.AutodateField{Name: "created", OnCreate: true}, &core.AutodateField{Name: "updated", OnCreate: true, OnUpdate: true},
	)
	c.AddIndex("idx_posts_created", false, "created", "")
	return c
}

// words is as long as a post of bench.
const words = "Words about the tides and the moon. Words about the tides and the moon. Words about the tides and the moon. " +
	"Words about the tides and the moon. Words about the tides and the moon. Words about the tides and the moon. " +
	"Words about the tides and the moon. Words about the tides and the moon. Words about the tides and the moon. Words about the tides and the moon. "
