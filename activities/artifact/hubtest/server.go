package hubtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is the Hub and its second host.
type Server struct {
	hub, cdn *httptest.Server
	serving  sync.WaitGroup // answers in progress

	mu       sync.Mutex
	files    map[string]*File // by owner/repository/file
	gated    map[string]bool
	moved    map[string]string
	approved map[string]bool
	faults   []Fault
	hubFails []int
	requests []Request
}

// File is a file in a repository.
type File struct {
	Repository, Name, Commit, SHA256 string
	Size                             int64

	data  []byte
	small bool
}

// Source returns the file's source for an entry of models.lock.
func (f *File) Source() string { return "hf://" + f.Repository + "/" + f.Name + "@main" }

// Request is a request to one of the hosts, and the bytes sent.
type Request struct {
	CDN                           bool
	Method, Path                  string
	Range, IfRange, Authorization string
	Sent                          int64 // bytes of a body
}

// New starts both hosts.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		files: map[string]*File{}, gated: map[string]bool{}, moved: map[string]string{},
		approved: map[string]bool{},
	}
	s.hub = httptest.NewServer(http.HandlerFunc(s.serveHub))
	s.cdn = httptest.NewServer(http.HandlerFunc(s.serveCDN))
	t.Cleanup(func() {
		s.hub.CloseClientConnections()
		s.cdn.CloseClientConnections()
		s.hub.Close()
		s.cdn.Close()
	})
	return s
}

// URL returns the Hub's address, for HF_ENDPOINT.
func (s *Server) URL() string { return s.hub.URL }

// Put adds a large file to a repository, or replaces it in a new commit.
func (s *Server) Put(repository, name string, data []byte) *File {
	return s.put(repository, name, data, false)
}

// PutSmall adds a file that is not in LFS: the Hub has no sha256 of it.
func (s *Server) PutSmall(repository, name string, data []byte) *File {
	return s.put(repository, name, data, true)
}

func (s *Server) put(repository, name string, data []byte, small bool) *File {
	sum := sha256.Sum256(data)
	commit := sha256.Sum256(append([]byte(repository+name), data...))
	f := &File{
		Repository: repository, Name: name, Commit: hex.EncodeToString(commit[:20]),
		SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data)), data: data, small: small,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[repository+"/"+name] = f
	return f
}

// Gate makes a repository answer 401 without a token and 403 with one that was not approved.
func (s *Server) Gate(repository string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gated[repository] = true
}

// Approve gives a token access to gated repositories.
func (s *Server) Approve(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.approved["Bearer "+token] = true
}

// Move renames a repository; the old name redirects on the same host.
func (s *Server) Move(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved[from] = to
}

// Fail gives the next downloads these faults, one each, in order.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// FailHub makes the Hub answer its next requests with these statuses.
func (s *Server) FailHub(statuses ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hubFails = append(s.hubFails, statuses...)
}

// Requests returns all requests so far, in order of arrival; Sent grows while one is answered.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Sent returns the bytes of files sent by both hosts, once all answers have ended: a client
// may have read the last byte before it is counted here.
func (s *Server) Sent() int64 {
	s.serving.Wait()
	var n int64
	for _, r := range s.Requests() {
		n += r.Sent
	}
	return n
}

func (s *Server) note(cdn bool, r *http.Request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{
		CDN: cdn, Method: r.Method, Path: r.URL.Path, Range: r.Header.Get("Range"),
		IfRange: r.Header.Get("If-Range"), Authorization: r.Header.Get("Authorization"),
	})
	return len(s.requests) - 1
}

func (s *Server) sent(i, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[i].Sent += int64(n)
}

func (s *Server) serveHub(w http.ResponseWriter, r *http.Request) {
	s.serving.Add(1)
	defer s.serving.Done()
	i := s.note(false, r)
	repository, revision, name, ok := split(r.URL.Path)
	s.mu.Lock()
	f, to, gated := s.files[repository+"/"+name], s.moved[repository], s.gated[repository]
	approved := s.approved[r.Header.Get("Authorization")]
	status := 0
	if len(s.hubFails) > 0 {
		status, s.hubFails = s.hubFails[0], s.hubFails[1:]
	}
	s.mu.Unlock()
	switch {
	case status != 0:
		http.Error(w, "configured to fail", status)
	case to != "":
		w.Header().Set("Location", strings.Replace(r.URL.Path, "/"+repository+"/", "/"+to+"/", 1))
		w.WriteHeader(http.StatusTemporaryRedirect)
	case gated && r.Header.Get("Authorization") == "":
		w.Header().Set("X-Error-Code", "GatedRepo")
		http.Error(w, "Access to this repository is restricted.", http.StatusUnauthorized)
	case gated && !approved:
		w.Header().Set("X-Error-Code", "GatedRepo")
		http.Error(w, "You are not in the authorized list.", http.StatusForbidden)
	case !ok || f == nil || revision != "main" && revision != f.Commit:
		w.Header().Set("X-Error-Code", "EntryNotFound")
		http.Error(w, "Entry not found", http.StatusNotFound)
	default:
		s.serveFile(w, r, f, i)
	}
}

func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, f *File, i int) {
	w.Header().Set("X-Repo-Commit", f.Commit)
	if f.small {
		w.Header().Set("ETag", `"`+f.SHA256[:40]+`"`)
		http.ServeContent(&spoiler{ResponseWriter: w, s: s, request: i, cutAt: -1, stallAt: -1}, r, "", time.Time{}, bytes.NewReader(f.data))
		return
	}
	w.Header().Set("X-Linked-Etag", `"`+f.SHA256+`"`)
	w.Header().Set("X-Linked-Size", fmt.Sprint(f.Size))
	w.Header().Set("Location", s.cdn.URL+"/blobs/"+f.Repository+"/resolve/main/"+f.Name+"?Signature=signature-of-the-cdn")
	w.WriteHeader(http.StatusFound)
}

// split parses /owner/repository/resolve/revision/file.
func split(path string) (repository, revision, name string, ok bool) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 5)
	if len(parts) != 5 || parts[2] != "resolve" {
		return "", "", "", false
	}
	return parts[0] + "/" + parts[1], parts[3], parts[4], true
}
