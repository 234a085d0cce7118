// Package notify holds the inbox, devices, pushes and their receipts, and broadcasts.
package notify
