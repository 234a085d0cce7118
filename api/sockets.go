package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/coder/websocket"
	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// socketWithin is the time limit of each step before a socket is open.
const socketWithin = 5 * time.Second

// sockets registers the routes of progress over WebSocket.
func (s *Server) sockets() {
	s.Handle(s.socketOperation(), s.taskSocket)
	rest.Register(s.API, huma.Operation{
		OperationID: "create-ticket", Method: http.MethodPost, Path: "/v1/realtime/tickets", Tags: []string{tagTasks},
		Summary:       "Create a socket ticket",
		Description:   "It opens one socket, and expires after 30 seconds.",
		DefaultStatus: http.StatusCreated,
		Errors:        []int{http.StatusServiceUnavailable},
	}, s.createTicket)
}

type ticketOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         ticketView
}

type ticketView struct {
	Ticket    string `json:"ticket"`
	ExpiresIn int    `json:"expires_in" doc:"Seconds."`
}

func (s *Server) createTicket(ctx context.Context, _ *struct{}) (*ticketOutput, error) {
	p := rest.PrincipalOf(ctx)
	ticket, life, err := s.Tickets.Issue(ctx, realtime.Holder{UserID: p.UserID, SessionID: p.SessionID, Roles: p.Roles})
	if err != nil {
		return nil, err
	}
	return &ticketOutput{"no-store", ticketView{ticket, int(life.Seconds())}}, nil
}

// taskSocket streams a task's events over a WebSocket. The handshake always succeeds within the rate
// limits, because browsers hide the status of a failed one. A client without access gets one error
// message and a close code, and no data.
func (s *Server) taskSocket(c *gin.Context) {
	if err := s.handshake(c); err != nil {
		s.Fail(c, err)
		return
	}
	ctx := c.Request.Context()
	who, refused := s.socketPrincipal(ctx, c)
	if refused == nil {
		ctx = rest.WithPrincipal(ctx, who)
	}
	if err := s.countHandshake(ctx, refused); err != nil {
		s.Fail(c, err)
		return
	}
	conn, err := websocket.Accept(c.Writer, c.Request, &websocket.AcceptOptions{InsecureSkipVerify: true}) // handshake has verified
	if err != nil {
		return // Accept has answered
	}
	listener, err := s.listener(c, who, refused)
	if err != nil {
		kind, words := refusal(err)
		if kind == realtime.ServerError {
			s.LogFailure(ctx, "a socket could not be opened", err)
		}
		s.Hub.Refuse(ctx, conn, kind, words)
		return
	}
	// A goroutine of its own frees the request, its context and its deep stack while the socket is
	// open.
	go s.serveSocket(context.WithoutCancel(ctx), conn, listener)
}

// serveSocket serves a socket after the router has released it, and closes it at a panic.
func (s *Server) serveSocket(ctx context.Context, conn *websocket.Conn, listener realtime.Session) {
	defer func() {
		if fault := recover(); fault != nil {
			s.Log.ErrorContext(ctx, "panic", "request_id", rest.RequestInfoOf(ctx).ID, "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
			_ = conn.CloseNow()
		}
	}()
	s.Hub.Serve(ctx, conn, listener)
}

// handshake refuses, with a problem, what the library would refuse in plain text: a request that is no
// handshake, and a page of an origin that is not allowed.
func (s *Server) handshake(c *gin.Context) error {
	key, err := base64.StdEncoding.DecodeString(c.GetHeader("Sec-WebSocket-Key"))
	if !c.IsWebsocket() || c.GetHeader("Sec-WebSocket-Version") != "13" || err != nil || len(key) != 16 {
		return rest.Malformed("This address speaks WebSocket, version 13.")
	}
	origin := c.GetHeader("Origin")
	if origin == "" || s.MayOpenSockets(origin, c.Request.Host) {
		return nil
	}
	return store.Errorf(store.Forbidden, "Pages of this origin may not open sockets.")
}

// listener returns the session of a socket: the user, the task and the start, or the error that
// refuses it.
func (s *Server) listener(c *gin.Context, who rest.Principal, refused error) (realtime.Session, error) {
	if refused != nil {
		return realtime.Session{}, refused
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), socketWithin)
	defer cancel()
	if !rest.IsUUID(c.Param("task_id")) {
		return realtime.Session{}, store.Errorf(store.Invalid, "The task id in the path is not a UUID.")
	}
	id := uuid.MustParse(c.Param("task_id"))
	since, err := parseSince(c.Query("since"))
	if err != nil {
		return realtime.Session{}, err
	}
	task, err := tasks.FindTask(ctx, s.DB, who.UserID, id)
	if err != nil {
		return realtime.Session{}, err
	}
	renderer := taskRenderer{s, initialTask(task)}
	return realtime.Session{
		Task: id, User: who.UserID, SignIn: who.SessionID, Since: since,
		Render: func(e tasks.TaskEvent) (any, string) { return renderer.render(e) },
		Good:   func(ctx context.Context) bool { return s.stillGood(ctx, who) },
	}, nil
}

// stillGood reports whether the session that opened a socket is still valid. It is while the state is
// unknown.
func (s *Server) stillGood(ctx context.Context, who rest.Principal) bool {
	_, err := s.checkSession(ctx, who)
	code := store.CodeOf(err)
	return code != store.Unauthenticated && code != store.Forbidden
}

// socketPrincipal authenticates a ticket, a token in the query or the Authorization field.
func (s *Server) socketPrincipal(ctx context.Context, c *gin.Context) (rest.Principal, error) {
	ctx, cancel := context.WithTimeout(ctx, socketWithin)
	defer cancel()
	ticket := c.Query("ticket")
	if ticket == "" {
		return s.authenticate(ctx, cmp.Or(c.Query("token"), rest.BearerToken(c.GetHeader("Authorization"))))
	}
	holder, err := s.Tickets.Redeem(ctx, ticket)
	if err != nil {
		return rest.Principal{}, err
	}
	return s.checkSession(ctx, rest.Principal{UserID: holder.UserID, SessionID: holder.SessionID, Roles: holder.Roles})
}

func parseSince(value string) (int64, error) {
	if value == "" {
		return realtime.FromLatest, nil
	}
	since, err := strconv.ParseInt(value, 10, 64)
	if err != nil || since < 0 {
		return 0, store.Errorf(store.Invalid, "since must be a whole number from 0.")
	}
	return since, nil
}

// refusal maps the error vocabulary to that of sockets.
func refusal(err error) (kind realtime.Refusal, words string) {
	switch store.CodeOf(err) {
	case store.Invalid:
		return realtime.ValidationError, err.Error()
	case store.Unauthenticated:
		return realtime.AuthError, "The token is missing or not valid."
	case store.NotFound:
		return realtime.NotFoundError, "There is no such task."
	case store.Forbidden:
		return realtime.AccessDeniedError, "This account is not active."
	default:
		return realtime.ServerError, "Something went wrong on our side."
	}
}
