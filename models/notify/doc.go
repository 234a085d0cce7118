// Package notify holds the inbox, devices, pushes and what came of them, and broadcasts.
package notify
