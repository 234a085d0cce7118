package pushtest

import (
	"net"
	"sync"
)

// listener counts connections and can freeze them.
type listener struct {
	net.Listener
	apns *APNs
}

// Accept wraps the next connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	conn := &freezable{Conn: c, apns: l.apns, closed: make(chan struct{})}
	l.apns.conns.Lock()
	defer l.apns.conns.Unlock()
	l.apns.conns.all[conn] = true
	l.apns.conns.sum++
	return conn, nil
}

// Connections returns the number of connections ever opened.
func (a *APNs) Connections() int {
	a.conns.Lock()
	defer a.conns.Unlock()
	return a.conns.sum
}

// CloseConnections closes all that are open, regardless of what they carry.
func (a *APNs) CloseConnections() {
	a.conns.Lock()
	defer a.conns.Unlock()
	for c := range a.conns.all {
		_ = c.Close()
	}
}

// freezer is what frozen connections wait for.
type freezer struct {
	sync.Mutex
	thawed chan struct{} // nil: nothing is frozen
}

// Freeze silences the present connections, so that they do not even answer a ping. New ones
// work.
func (a *APNs) Freeze() {
	a.froze.Lock()
	defer a.froze.Unlock()
	if a.froze.thawed == nil {
		a.froze.thawed = make(chan struct{})
	}
	a.conns.Lock()
	defer a.conns.Unlock()
	for c := range a.conns.all {
		if f, ok := c.(*freezable); ok {
			f.mu.Lock()
			f.until = a.froze.thawed
			f.mu.Unlock()
		}
	}
}

// Thaw resumes frozen connections.
func (a *APNs) Thaw() {
	a.froze.Lock()
	defer a.froze.Unlock()
	if a.froze.thawed != nil {
		close(a.froze.thawed)
		a.froze.thawed = nil
	}
}

// freezable is a connection that can fall silent.
type freezable struct {
	net.Conn
	apns   *APNs
	once   sync.Once
	closed chan struct{}

	mu    sync.Mutex
	until chan struct{}
}

// Write waits while the connection is frozen.
func (f *freezable) Write(data []byte) (int, error) {
	f.mu.Lock()
	until := f.until
	f.mu.Unlock()
	if until != nil {
		select {
		case <-until:
		case <-f.closed:
		}
	}
	return f.Conn.Write(data)
}

// Close closes it for good.
func (f *freezable) Close() error {
	f.once.Do(func() { close(f.closed) })
	go func() { // CloseConnections holds the lock
		f.apns.conns.Lock()
		defer f.apns.conns.Unlock()
		delete(f.apns.conns.all, f)
	}()
	return f.Conn.Close()
}
